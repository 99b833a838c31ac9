package run

import "slices"

// Fate is what became of a revision. The zero value can serve.
type Fate struct {
	// Starting: it is not decided yet.
	Starting bool
	// Failure is why it never will serve, in the API's words.
	Failure string
}

// Status is what the API says of a service beside what it was asked for.
type Status struct {
	// Serving is the split in effect.
	Serving []Target
	// LatestReady is the last revision asked for that is ready; "" while there is none. It goes back when the service asks
	// for an earlier revision.
	LatestReady string
	// Reconciling: the revision asked for is still starting, or the split not decided yet.
	Reconciling bool
	// Unready is why the revision asked for cannot serve, Misrouted why the desired split does not. "" when they do, or may yet.
	Unready, Misrouted string
}

// NotMoved is why a split that is held does not serve.
const NotMoved = "The traffic was not moved to the desired split."

// Wish is what a service was asked for, and how far time has come with it.
type Wish struct {
	// Desired is the split asked for; Created the revision that the template asks for, which need not be the newest one.
	Desired []Target
	Created string
	// Early: the time of the split has not come; what served serves on.
	Early bool
	// Hold leaves the split in effect for good, as the real API does now and then.
	Hold bool
}

// Reconcile brings a service as near to the wish as its revisions allow. The revision asked for and the split go their own
// ways: a revision that takes minutes to start does not keep a split of others from taking effect. A split is in effect
// as a whole or not at all: it waits for revisions that are starting, and is given up when one of them failed.
func Reconcile(wish Wish, before Status, fate func(revision string) Fate) Status {
	after := Status{Serving: before.Serving, LatestReady: before.LatestReady}
	switch asked := fate(wish.Created); {
	case asked.Starting:
		after.Reconciling = true
	case asked.Failure != "":
		after.Unready = asked.Failure
	default:
		after.LatestReady = wish.Created
	}
	if wish.Early {
		after.Reconciling = true
		return after
	}
	for _, target := range wish.Desired {
		switch {
		case target.Type == ToLatest && after.LatestReady == "" && after.Unready == "", target.Type == ToRevision &&
			fate(target.Revision).Starting:
			after.Reconciling = true
			return after
		case target.Type == ToLatest && after.LatestReady == "":
			after.Misrouted = "No revision of the service is ready to serve traffic."
			return after
		case target.Type == ToRevision && fate(target.Revision).Failure != "":
			after.Misrouted = "Revision '" + target.Revision + "' is not ready and cannot serve traffic."
			return after
		}
	}
	if wish.Hold && !slices.Equal(wish.Desired, before.Serving) {
		after.Misrouted = NotMoved
		return after
	}
	after.Serving = wish.Desired
	return after
}
