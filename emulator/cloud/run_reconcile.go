package cloud

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/guiofsaints/procureflow-platform/emulator/google/run"
	"github.com/guiofsaints/procureflow-platform/emulator/store"
)

// pendingPrefix stands before the key of a service that is not what was asked for yet. Its document holds
//
//	segments     the service
//	at           when the split's time comes; absent once it has
//	holdTraffic  that the split is not to move
//	starting     by revision, when it is decided whether it can serve
//	operations   the keys of the operations that end when the service is at rest
const pendingPrefix = "pending:"

// finishRunService brings the service into its desired state: at once, or when the time of each part has come.
func finishRunService(c *change, method string) (any, error) {
	pending := c.tx.Get(pendingPrefix + c.name.key())
	if pending == nil {
		pending = store.Document{"segments": c.name.path()}
	}
	moves := c.now.Add(c.operationDelay())
	pending["at"], pending["holdTraffic"] = timestamp(moves), c.disturbance.HoldTraffic
	starting := object(pending, "starting")
	if starting == nil {
		starting = map[string]any{}
		pending["starting"] = starting
	}
	asked := lastSegment(text(c.new, "latestCreatedRevision"))
	ends := moves
	if revision := c.tx.Get(c.revision(asked).key()); starting[asked] == nil && isUndecided(revision) {
		ends = moves.Add(c.startup(revision))
		starting[asked] = timestamp(ends)
	}
	rests, failure, err := c.progress(c.name, c.new, pending)
	if err != nil {
		return nil, err
	}
	if rests && len(list(pending, "operations")) == 0 {
		if err := c.keepPending(c.name, pending); err != nil {
			return nil, err
		}
		return c.newOperation(method, c.now, c.new, failure)
	}
	answer, err := c.newOperation(method, ends, c.new, nil)
	if err != nil {
		return nil, err
	}
	// Operations that already run for this service end together with the new one: the service has one desired state.
	pending["operations"] = append(list(pending, "operations"), operationPrefix+"run/v2/"+text(answer.(map[string]any), "name"))
	if rests {
		err = c.endOperations(c.new, failure, pending)
	}
	return answer, errors.Join(err, c.keepPending(c.name, pending))
}

// settle lets happen whose time has come.
func (c *Cloud) settle(now time.Time) error {
	due := false
	err := c.store.View(func(tx *store.Tx) error {
		for _, key := range tx.List(pendingPrefix) {
			due = due || isDue(tx.Get(key), now)
		}
		return nil
	})
	if err != nil || !due {
		return err
	}
	return c.store.Update(func(tx *store.Tx) error {
		q := &request{cloud: c, tx: tx, now: now}
		for _, key := range tx.List(pendingPrefix) {
			if pending := tx.Get(key); isDue(pending, now) {
				if err := q.settleService(pending); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func isDue(pending map[string]any, now time.Time) bool {
	due := passed(pending, "at", now)
	for revision := range object(pending, "starting") {
		due = due || passed(object(pending, "starting"), revision, now)
	}
	return due
}

// passed says whether the time in a field has come; there is none once it was acted on.
func passed(document map[string]any, field string, now time.Time) bool {
	at, err := time.Parse(time.RFC3339Nano, text(document, field))
	return err == nil && !now.Before(at)
}

func (q *request) settleService(pending map[string]any) error {
	n := name{kind: kindOf(runHost, runServices), segments: strings.Split(text(pending, "segments"), "/")}
	n.project, _ = findProject(q.tx, n.segments[1])
	service := q.get(n)
	if service == nil {
		_, err := q.tx.Delete(pendingPrefix + n.key())
		return err
	}
	service["etag"] = newEtag(q.cloud)
	rests, failure, err := q.progress(n, service, pending)
	if err == nil && rests {
		err = q.endOperations(service, failure, pending)
	}
	return errors.Join(err, q.keepPending(n, pending))
}

// keepPending stores what still has a time of its own, and forgets the rest.
func (q *request) keepPending(n name, pending map[string]any) error {
	if text(pending, "at") == "" && len(object(pending, "starting")) == 0 && len(list(pending, "operations")) == 0 {
		_, err := q.tx.Delete(pendingPrefix + n.key())
		return err
	}
	return q.tx.Put(pendingPrefix+n.key(), pending)
}

// endOperations ends the operations that wait for the service with what became of it.
func (q *request) endOperations(service map[string]any, failure *Error, pending map[string]any) error {
	for _, key := range stringsOf(list(pending, "operations")) {
		document := q.tx.Get(key)
		if document == nil {
			continue
		}
		operation := map[string]any{"name": object(document, "operation")["name"], "done": true}
		if failure != nil {
			operation["error"] = map[string]any{"code": grpcCodes[failure.Status], "message": failure.Message}
		} else {
			response := map[string]any{"@type": "type.googleapis.com/" + serviceType}
			maps.Copy(response, service)
			operation["response"] = response
		}
		document["operation"], document["doneAt"] = operation, timestamp(q.now)
		if err := q.tx.Put(key, document); err != nil {
			return err
		}
	}
	delete(pending, "operations")
	return nil
}

// progress decides about the revisions whose time has come, brings the service as near to its desired state as that
// allows, and stores it. It says whether the service is at rest now, and why it is not ready, nil when it is.
func (q *request) progress(n name, service, pending map[string]any) (rests bool, failure *Error, err error) {
	c := &change{request: q, name: n, new: service}
	asked := lastSegment(text(service, "latestCreatedRevision"))
	starting := object(pending, "starting")
	for _, revision := range slices.Sorted(maps.Keys(starting)) {
		if !passed(starting, revision, q.now) {
			continue
		}
		delete(starting, revision)
		refusal, err := c.decide(revision)
		if err != nil {
			return false, nil, err
		}
		if revision == asked {
			failure = refusal
		}
	}
	if passed(pending, "at", q.now) {
		delete(pending, "at")
	}
	before := run.Status{Serving: run.Targets(list(service, "trafficStatuses")),
		LatestReady: lastSegment(text(service, "latestReadyRevision"))}
	wish := run.Wish{Desired: run.Targets(list(service, "traffic")), Created: asked, Early: text(pending, "at") != "",
		Hold: flag(pending, "holdTraffic")}
	status := run.Reconcile(wish, before, func(revision string) run.Fate {
		return fate(c.revision(revision), c.tx.Get(c.revision(revision).key()))
	})
	if moved := !slices.Equal(status.Serving, before.Serving); moved {
		if refusal := c.admitTraffic(status.Serving, status.LatestReady); refusal != nil {
			status.Serving, status.Misrouted = before.Serving, refusal.Message
		}
	}
	switch {
	case failure == nil && status.Unready != "":
		failure = precondition("%s", status.Unready)
	case failure == nil && status.Misrouted == run.NotMoved:
		failure = internal("%s", status.Misrouted)
	case failure == nil && status.Misrouted != "":
		failure = precondition("%s", status.Misrouted)
	}
	write(service, c.revision(status.LatestReady).shown(), status, failure, q.now)
	return !status.Reconciling, failure, q.tx.Put(n.key(), service)
}

// write puts a status into the service's document. Conditions are those of the last rest while it is on its way.
func write(service map[string]any, latestReady string, status run.Status, failure *Error, now time.Time) {
	delete(service, "trafficStatuses")
	statuses := []any{}
	for _, target := range status.Serving {
		statuses = append(statuses, target.JSON(tagURI(text(service, "uri"), target.Tag)))
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

func lastSegment(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

func tagURI(uri, tag string) string {
	if tag == "" {
		return ""
	}
	return strings.Replace(uri, "https://", "https://"+tag+"---", 1)
}

// revisionReasons are those reasons that the API has a field of its own for.
var revisionReasons = []string{"HEALTH_CHECK_CONTAINER_ERROR"}

func condition(kind, state, reason, message string, at time.Time) map[string]any {
	c := map[string]any{"type": kind, "state": state, "lastTransitionTime": timestamp(at)}
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

// decision is a revision's Ready condition; nil while it is not decided whether it can serve.
func decision(revision map[string]any) map[string]any {
	for _, item := range list(revision, "conditions") {
		if c := item.(map[string]any); text(c, "type") == "Ready" {
			return c
		}
	}
	return nil
}

func isReady(revision map[string]any) bool {
	return text(decision(revision), "state") == "CONDITION_SUCCEEDED"
}

func isUndecided(revision map[string]any) bool { return revision != nil && decision(revision) == nil }

func fate(n name, revision map[string]any) run.Fate {
	switch {
	case revision == nil:
		return run.Fate{Failure: "Revision '" + n.id() + "' is gone and cannot serve traffic."}
	case isUndecided(revision):
		return run.Fate{Starting: true}
	case !isReady(revision):
		return run.Fate{Failure: text(decision(revision), "message")}
	}
	return run.Fate{}
}

// decide starts a revision, and returns why it failed. The decision stands: a failed revision does not recover, whatever
// is repaired around it.
func (c *change) decide(id string) (*Error, error) {
	n := c.revision(id)
	revision := c.tx.Get(n.key())
	if !isUndecided(revision) {
		return nil, nil // It is gone.
	}
	failure, reason := c.start(revision)
	state, message := "CONDITION_SUCCEEDED", ""
	switch {
	case reason == unauthorizedImage:
		failure = unauthorized(id, failure)
	case failure != nil:
		failure.Message = "Revision '" + id + "' is not ready and cannot serve traffic. " + failure.Message
	}
	if failure != nil {
		state, message = "CONDITION_FAILED", failure.Message
	}
	delete(revision, "reconciling")
	revision["observedGeneration"] = "1"
	conditions := []any{}
	for _, kind := range []string{"Ready", "ContainerReady", "ResourcesAvailable"} {
		conditions = append(conditions, condition(kind, state, reason, message, c.now))
	}
	revision["conditions"] = conditions
	return failure, c.tx.Put(n.key(), revision)
}
