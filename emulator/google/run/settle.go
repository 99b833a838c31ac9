package run

import (
	"errors"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
	"github.com/guiofsaints/procureflow-platform/emulator/store"
)

// pendingPrefix and a service's key together are the key of a document about a service that has not reached its desired state.
// The document holds
//
//	segments     the segments of the service's name
//	at           when the desired split takes effect; absent afterwards
//	holdTraffic  true if the current split stays in effect
//	starting     for each starting revision, when it is decided whether it can serve
//	operations   the names of the operations that end when nothing is left to do
const pendingPrefix = "pending:"

// deployment is a service on its way to its desired state.
type deployment struct {
	*rest.Request
	deps Dependencies
	log  *slog.Logger
	name rest.Name
	// service is the service's document. pending holds the steps that still wait for their time.
	service, pending map[string]any
}

func (a *API) deployment(q *rest.Request, n rest.Name, service, pending map[string]any) *deployment {
	return &deployment{Request: q, deps: a.deps, log: a.log, name: n, service: service, pending: pending}
}

// finishService brings the service to its desired state, at once or step by step as the time of each step comes.
func (a *API) finishService(c *rest.Change, method string) (any, error) {
	if method == "delete" {
		return c.Answer(method, c.Result())
	}
	pending := c.Tx.Get(pendingPrefix + c.Name.Key())
	if pending == nil {
		pending = store.Document{"segments": c.Name.Path()}
	}
	d := a.deployment(c.Request, c.Name, c.New, pending)
	moves := c.Now.Add(c.OperationDelay())
	pending["at"], pending["holdTraffic"] = rest.Timestamp(moves), c.Disturbance.HoldTraffic
	starting := doc.Ensure(pending, "starting")
	asked := doc.Last(doc.Text(c.New, "latestCreatedRevision"))
	ends := moves
	if revision := c.Get(revisionOf(c.Name, asked)); starting[asked] == nil && isUndecided(revision) {
		ends = moves.Add(d.startup(revision))
		starting[asked] = rest.Timestamp(ends)
	}
	rests, failure, err := d.progress()
	if err != nil {
		return nil, err
	}
	if rests && len(doc.List(pending, "operations")) == 0 {
		if err := d.keepPending(); err != nil {
			return nil, err
		}
		return c.Operation(method, c.Now, c.New, failure)
	}
	answer, err := c.Operation(method, ends, c.New, nil)
	if err != nil {
		return nil, err
	}
	// Earlier operations that still run for this service end together with the new one, because the service has one desired
	// state.
	pending["operations"] = append(doc.List(pending, "operations"), answer["name"])
	if rests {
		err = d.endOperations(failure)
	}
	return answer, errors.Join(err, d.keepPending())
}

// due reports whether a step of any service is due by now.
func due(q *rest.Request) bool {
	return slices.ContainsFunc(q.Tx.List(pendingPrefix), func(key string) bool { return isDue(q.Tx.Get(key), q.Now) })
}

func isDue(pending map[string]any, now time.Time) bool {
	due := passed(pending, "at", now)
	for revision := range doc.Object(pending, "starting") {
		due = due || passed(doc.Object(pending, "starting"), revision, now)
	}
	return due
}

// passed reports whether the time in a field has come. The field is absent once its step is done.
func passed(document map[string]any, field string, now time.Time) bool {
	at, err := time.Parse(time.RFC3339Nano, doc.Text(document, field))
	return err == nil && !now.Before(at)
}

// settle carries out every step whose time has come.
func (a *API) settle(q *rest.Request) error {
	for _, key := range q.Tx.List(pendingPrefix) {
		pending := q.Tx.Get(key)
		if !isDue(pending, q.Now) {
			continue
		}
		n, service := q.Find(Host, services, doc.Text(pending, "segments"))
		if service == nil {
			if err := q.Tx.Delete(key); err != nil {
				return err
			}
			continue
		}
		service["etag"] = q.IDs.Etag()
		d := a.deployment(q, n, service, pending)
		rests, failure, err := d.progress()
		if err == nil && rests {
			err = d.endOperations(failure)
		}
		if err := errors.Join(err, d.keepPending()); err != nil {
			return err
		}
	}
	return nil
}

// keepPending stores the steps that still wait. It removes the document if no step waits.
func (d *deployment) keepPending() error {
	key := pendingPrefix + d.name.Key()
	if doc.Text(d.pending, "at") == "" && len(doc.Object(d.pending, "starting")) == 0 && len(doc.List(d.pending, "operations")) == 0 {
		return d.Tx.Delete(key)
	}
	return d.Tx.Put(key, d.pending)
}

// endOperations ends the operations that wait for the service. failure is nil if the service reached its desired state.
func (d *deployment) endOperations(failure *rest.Error) error {
	for _, name := range doc.Texts(d.pending, "operations") {
		outcome := rest.Outcome{Failure: failure, TypeURL: serviceType, Response: d.service}
		if err := d.EndOperation(d.name.Kind, name, outcome); err != nil {
			return err
		}
	}
	delete(d.pending, "operations")
	return nil
}

// progress decides about the revisions whose time has come. It then brings the service as near to its desired state as they
// allow, and stores it. rests says that nothing is left to do; failure is the reason why the service is not ready, or nil.
func (d *deployment) progress() (rests bool, failure *rest.Error, err error) {
	asked := doc.Last(doc.Text(d.service, "latestCreatedRevision"))
	starting := doc.Object(d.pending, "starting")
	for _, id := range slices.Sorted(maps.Keys(starting)) {
		if !passed(starting, id, d.Now) {
			continue
		}
		delete(starting, id)
		refusal, err := d.decide(id)
		if err != nil {
			return false, nil, err
		}
		if id == asked {
			failure = refusal
		}
	}
	if passed(d.pending, "at", d.Now) {
		delete(d.pending, "at")
	}
	before := Status{Serving: Targets(doc.List(d.service, "trafficStatuses")),
		LatestReady: doc.Last(doc.Text(d.service, "latestReadyRevision"))}
	spec := Spec{Desired: Targets(doc.List(d.service, "traffic")), Created: asked,
		Early: doc.Text(d.pending, "at") != "", Hold: doc.Flag(d.pending, "holdTraffic")}
	status := Reconcile(spec, before, func(id string) RevisionState { return revisionState(id, d.Get(revisionOf(d.name, id))) })
	if moved := !slices.Equal(status.Serving, before.Serving); moved {
		if refusal := d.judgeTraffic(status.Serving, status.LatestReady); refusal != nil {
			status.Serving, status.Misrouted = before.Serving, refusal.Message
		}
	}
	switch {
	case failure == nil && status.Unready != "":
		failure = rest.Precondition("%s", status.Unready)
	case failure == nil && status.Misrouted == notMoved:
		failure = rest.Internal("%s", status.Misrouted)
	case failure == nil && status.Misrouted != "":
		failure = rest.Precondition("%s", status.Misrouted)
	}
	show(d.service, revisionOf(d.name, status.LatestReady).Shown(), status, failure, d.Now)
	return !status.Reconciling, failure, d.Put(d.name, d.service)
}

// decide starts a revision and returns the reason if it fails. The decision is final: a failed revision stays failed, even if its
// cause is repaired.
func (d *deployment) decide(id string) (*rest.Error, error) {
	n := revisionOf(d.name, id)
	revision := d.Get(n)
	if !isUndecided(revision) {
		return nil, nil // the revision was deleted
	}
	failure, reason := d.start(revision)
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
		conditions = append(conditions, condition(kind, state, reason, message, d.Now))
	}
	revision["conditions"] = conditions
	return failure, d.Put(n, revision)
}
