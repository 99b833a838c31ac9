package cloud

import (
	"slices"
	"strings"
	"time"

	"github.com/guiofsaints/procureflow-platform/sandbox/run"
	"github.com/guiofsaints/procureflow-platform/sandbox/store"
)

// pendingPrefix stands before the key of a service whose operation still runs.
const pendingPrefix = "pending:"

// finishRunService brings the service into its desired state: at once, or when the configured delay has passed.
func finishRunService(c *change, method string) (any, error) {
	if c.operationDelay() == 0 {
		failure, err := c.reconcile(c.name, c.new, c.disturbance.HoldTraffic)
		if err != nil {
			return nil, err
		}
		return c.newOperation(method, c.new, failure)
	}
	c.new["reconciling"] = true
	c.new["terminalCondition"] = condition("Ready", "CONDITION_RECONCILING", "", "", c.now)
	if err := c.tx.Put(c.name.key(), c.new); err != nil {
		return nil, err
	}
	answer, err := c.newOperation(method, c.new, nil)
	if err != nil {
		return nil, err
	}
	// Operations that already run for this service end together with the new one: the service has one desired state.
	waiting := c.tx.Get(pendingPrefix + c.name.key())
	if waiting == nil {
		waiting = store.Document{}
	}
	waiting["segments"], waiting["at"] = c.name.path(), timestamp(c.now.Add(c.operationDelay()))
	waiting["holdTraffic"] = c.disturbance.HoldTraffic
	waiting["operations"] = append(list(waiting, "operations"), operationPrefix+"run/v2/"+text(answer.(map[string]any), "name"))
	return answer, c.tx.Put(pendingPrefix+c.name.key(), waiting)
}

// settle ends the operations whose time has come.
func (c *Cloud) settle(now time.Time) error {
	due := false
	err := c.store.View(func(tx *store.Tx) error {
		for _, key := range tx.List(pendingPrefix) {
			at, err := time.Parse(time.RFC3339Nano, text(tx.Get(key), "at"))
			due = due || err != nil || !now.Before(at)
		}
		return nil
	})
	if err != nil || !due {
		return err
	}
	return c.store.Update(func(tx *store.Tx) error {
		q := &request{cloud: c, tx: tx, now: now}
		for _, key := range tx.List(pendingPrefix) {
			waiting := tx.Get(key)
			if at, err := time.Parse(time.RFC3339Nano, text(waiting, "at")); err == nil && now.Before(at) {
				continue
			}
			if err := q.settleService(waiting); err != nil {
				return err
			}
			if _, err := tx.Delete(key); err != nil {
				return err
			}
		}
		return nil
	})
}

func (q *request) settleService(waiting map[string]any) error {
	n := name{kind: kindOf(runHost, runServices), segments: strings.Split(text(waiting, "segments"), "/")}
	n.project, _ = findProject(q.tx, n.segments[1])
	service := q.get(n)
	if service == nil {
		return nil
	}
	failure, err := q.reconcile(n, service, flag(waiting, "holdTraffic"))
	if err != nil {
		return err
	}
	for _, key := range stringsOf(list(waiting, "operations")) {
		document := q.tx.Get(key)
		if document == nil {
			continue
		}
		operation := map[string]any{"name": object(document, "operation")["name"], "done": true}
		if failure != nil {
			operation["error"] = map[string]any{"code": grpcCodes[failure.Status], "message": failure.Message}
		} else {
			response := map[string]any{"@type": "type.googleapis.com/" + serviceType}
			for field, value := range service {
				response[field] = value
			}
			operation["response"] = response
		}
		document["operation"], document["doneAt"] = operation, waiting["at"]
		if err := q.tx.Put(key, document); err != nil {
			return err
		}
	}
	return nil
}

// reconcile decides about the newest revision, moves the traffic when all its targets can serve, and stores the
// service; hold leaves the traffic where it is. The refusal is why the service is not ready, nil when it is.
func (q *request) reconcile(n name, service map[string]any, hold bool) (*Error, error) {
	c := &change{request: q, name: n, new: service}
	failure, err := c.decide(lastSegment(text(service, "latestCreatedRevision")))
	if err != nil {
		return nil, err
	}
	configurations := condition("ConfigurationsReady", "CONDITION_SUCCEEDED", "", "", q.now)
	if failure != nil {
		configurations = condition("ConfigurationsReady", "CONDITION_FAILED", "", failure.Message, q.now)
	} else {
		service["latestReadyRevision"] = service["latestCreatedRevision"]
	}
	latest := lastSegment(text(service, "latestReadyRevision"))
	desired, before := run.Targets(list(service, "traffic")), run.Targets(list(service, "trafficStatuses"))
	effective, blocker := run.Effective(desired, before, latest, func(revision string) bool {
		return isReady(q.tx.Get(c.revision(revision).key()))
	})
	var misrouted *Error
	switch {
	case blocker == "LATEST":
		misrouted = precondition("No revision of the service is ready to serve traffic.")
	case blocker != "":
		misrouted = precondition("Revision '%s' is not ready and cannot serve traffic.", blocker)
	case !slices.Equal(desired, before):
		misrouted = c.admitTraffic(desired, latest)
		if misrouted == nil && hold {
			misrouted = internal("The traffic was not moved to the desired split.")
		}
		if misrouted != nil {
			effective = before
		}
	}
	routes := condition("RoutesReady", "CONDITION_SUCCEEDED", "", "", q.now)
	if misrouted != nil {
		routes = condition("RoutesReady", "CONDITION_FAILED", "", misrouted.Message, q.now)
		if failure == nil {
			failure = misrouted
		}
	}
	statuses := []any{}
	for _, target := range effective {
		statuses = append(statuses, target.JSON(tagURI(text(service, "uri"), target.Tag)))
	}
	delete(service, "trafficStatuses")
	if len(statuses) > 0 {
		service["trafficStatuses"] = statuses
	}
	delete(service, "reconciling")
	service["observedGeneration"] = service["generation"]
	service["conditions"] = []any{routes, configurations}
	service["terminalCondition"] = condition("Ready", "CONDITION_SUCCEEDED", "", "", q.now)
	if failure != nil {
		service["terminalCondition"] = condition("Ready", "CONDITION_FAILED", "", failure.Message, q.now)
	}
	return failure, q.tx.Put(n.key(), service)
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

// isReady reads the decision about a revision.
func isReady(revision map[string]any) bool {
	for _, item := range list(revision, "conditions") {
		if c := item.(map[string]any); text(c, "type") == "Ready" {
			return text(c, "state") == "CONDITION_SUCCEEDED"
		}
	}
	return false
}

// decide starts a revision that was not decided about yet, and returns why it failed. The decision stands: a failed
// revision does not recover, whatever is repaired around it.
func (c *change) decide(id string) (*Error, error) {
	n := c.revision(id)
	revision := c.tx.Get(n.key())
	if revision == nil {
		return precondition("Revision '%s' is gone and cannot serve traffic.", id), nil
	}
	for _, item := range list(revision, "conditions") {
		if known := item.(map[string]any); text(known, "type") == "Ready" {
			if text(known, "state") == "CONDITION_SUCCEEDED" {
				return nil, nil
			}
			return precondition("%s", text(known, "message")), nil
		}
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
