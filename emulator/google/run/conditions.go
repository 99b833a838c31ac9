package run

import (
	"slices"
	"strings"
	"time"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
)

// show writes a status into the service's document. While the service is being reconciled, its conditions stay as they were
// before.
func show(service map[string]any, latestReady string, status Status, failure *rest.Error, now time.Time) {
	delete(service, "trafficStatuses")
	statuses := []any{}
	for _, target := range status.Serving {
		statuses = append(statuses, target.JSON(tagURI(doc.Text(service, "uri"), target.Tag)))
	}
	if len(statuses) > 0 {
		service["trafficStatuses"] = statuses
	}
	if status.LatestReady != "" {
		service["latestReadyRevision"] = latestReady
	}
	if status.Reconciling {
		service["reconciling"] = true
		service["terminalCondition"] = condition("Ready", "CONDITION_RECONCILING", "", "", now)
		return
	}
	delete(service, "reconciling")
	service["observedGeneration"] = service["generation"]
	service["conditions"] = []any{outcome("RoutesReady", status.Misrouted, now), outcome("ConfigurationsReady", status.Unready, now)}
	service["terminalCondition"] = outcome("Ready", "", now)
	if failure != nil {
		service["terminalCondition"] = outcome("Ready", failure.Message, now)
	}
}

func outcome(kind, failure string, now time.Time) map[string]any {
	if failure != "" {
		return condition(kind, "CONDITION_FAILED", "", failure, now)
	}
	return condition(kind, "CONDITION_SUCCEEDED", "", "", now)
}

func tagURI(uri, tag string) string {
	if tag == "" {
		return ""
	}
	return strings.Replace(uri, "https://", "https://"+tag+"---", 1)
}

// revisionReasons lists the reasons that the API answers in the field revisionReason instead of reason.
var revisionReasons = []string{"HEALTH_CHECK_CONTAINER_ERROR"}

func condition(kind, state, reason, message string, at time.Time) map[string]any {
	c := map[string]any{"type": kind, "state": state, "lastTransitionTime": rest.Timestamp(at)}
	switch {
	case slices.Contains(revisionReasons, reason):
		c["revisionReason"] = reason
	case reason != "":
		c["reason"] = reason
	}
	if message != "" {
		c["message"] = message
	}
	return c
}

// decision returns a revision's Ready condition, or nil while it is still open whether the revision can serve.
func decision(revision map[string]any) map[string]any {
	for _, c := range doc.Objects(revision, "conditions") {
		if doc.Text(c, "type") == "Ready" {
			return c
		}
	}
	return nil
}

func isReady(revision map[string]any) bool {
	return doc.Text(decision(revision), "state") == "CONDITION_SUCCEEDED"
}

func isUndecided(revision map[string]any) bool { return revision != nil && decision(revision) == nil }

func revisionState(id string, revision map[string]any) RevisionState {
	switch {
	case revision == nil:
		return RevisionState{Failure: "Revision '" + id + "' is gone and cannot serve traffic."}
	case isUndecided(revision):
		return RevisionState{Starting: true}
	case !isReady(revision):
		return RevisionState{Failure: doc.Text(decision(revision), "message")}
	}
	return RevisionState{}
}
