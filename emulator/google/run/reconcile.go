package run

import "slices"

// RevisionState says what has become of a revision. The zero value means that it can serve.
type RevisionState struct {
	// Starting says that this is not decided yet.
	Starting bool
	// Failure is the reason why the revision will never serve, in the API's words.
	Failure string
}

// Status is what the API reports about a service in addition to its desired state.
type Status struct {
	// Serving is the traffic split in effect.
	Serving []Target
	// LatestReady is the last requested revision that is ready, "" if there is none yet. It changes back if the service asks for
	// an earlier revision.
	LatestReady string
	// Reconciling says that the requested revision is still starting, or that the split is not decided yet.
	Reconciling bool
	// Unready is the reason why the requested revision cannot serve. Misrouted is the reason why the desired split is not in
	// effect. Each is "" if there is no failure so far.
	Unready, Misrouted string
}

// notMoved is the reason in Misrouted if the current split is held.
const notMoved = "The traffic was not moved to the desired split."

// Spec is the desired state of a service, and what delays it.
type Spec struct {
	// Desired is the requested split. Created is the revision of the requested template, which need not be the newest revision.
	Desired []Target
	Created string
	// Early says that the time of the split has not come. The current split stays in effect until then.
	Early bool
	// Hold keeps the current split in effect for good, as the real API does now and then.
	Hold bool
}

// Reconcile brings a service as near to the spec as its revisions allow. It treats the requested revision and the split
// separately: a revision that takes minutes to start does not delay a split between other revisions. A split takes effect as a
// whole or not at all. It waits for revisions that are starting, and is given up if one of them has failed.
func Reconcile(spec Spec, before Status, state func(revision string) RevisionState) Status {
	after := Status{Serving: before.Serving, LatestReady: before.LatestReady}
	switch asked := state(spec.Created); {
	case asked.Starting:
		after.Reconciling = true
	case asked.Failure != "":
		after.Unready = asked.Failure
	default:
		after.LatestReady = spec.Created
	}
	if spec.Early {
		after.Reconciling = true
		return after
	}
	for _, target := range spec.Desired {
		switch {
		case target.Type == ToLatest && after.LatestReady == "" && after.Unready == "",
			target.Type == ToRevision && state(target.Revision).Starting:
			after.Reconciling = true
			return after
		case target.Type == ToLatest && after.LatestReady == "":
			after.Misrouted = "No revision of the service is ready to serve traffic."
			return after
		case target.Type == ToRevision && state(target.Revision).Failure != "":
			after.Misrouted = "Revision '" + target.Revision + "' is not ready and cannot serve traffic."
			return after
		}
	}
	if spec.Hold && !slices.Equal(spec.Desired, before.Serving) {
		after.Misrouted = notMoved
		return after
	}
	after.Serving = spec.Desired
	return after
}
