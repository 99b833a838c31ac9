package rollout

import (
	"context"
	"errors"
	"fmt"

	"github.com/guiofsaints/procureflow-platform/release/plan"
)

// Guard runs a command that must not change traffic, such as `pulumi up`, and puts the traffic back if it did. Then it returns the
// command's own error. A service that does not exist yet has no traffic to guard.
func (c *Controller) Guard(ctx context.Context, command func(context.Context) error) (Result, error) {
	r := c.begin()
	before, err := r.calm(ctx)
	if errors.Is(err, ErrNotFound) {
		return Result{Outcome: Nothing, Why: []string{"the service does not exist yet"}}, command(ctx)
	}
	if err != nil {
		return r.end(Failed, fmt.Sprintf("read the service: %v", err)), nil
	}
	r.last = before.Desired
	state := plan.Read(before)
	r.stable, r.candidate = state.Stable, state.Candidate
	if state.Candidate != "" {
		return r.end(Refused, fmt.Sprintf("a rollout of %s is active: finish it with %s, or end it with %s, and try again", state.Candidate,
			r.command("rollout"), r.command("rollback"))), nil
	}
	if before.Diverged() && !before.Reconciling && len(before.Effective) > 0 {
		return r.end(Refused, misdirection(before)), nil
	}
	commandErr := command(ctx)
	// A signal ends the command, but the traffic still has to be checked.
	ctx = context.WithoutCancel(ctx)
	after, err := r.calm(ctx)
	if err != nil {
		return r.end(Unconfirmed, fmt.Sprintf("read the service after the command: %v", err)), commandErr
	}
	if !changed(before, after) {
		return r.end(Nothing, "the command changed no traffic"), commandErr
	}
	why := fmt.Sprintf("the command changed the traffic from %s to %s", plan.Describe(before.Effective), plan.Describe(after.Effective))
	if plan.Describe(before.Effective) == plan.Describe(after.Effective) {
		was, is := plan.Apart(before.Desired, after.Desired)
		why = fmt.Sprintf("the command changed the wanted traffic or its tags: %s became %s", was, is)
	}
	r.last = after.Desired
	if now := plan.Read(after); now.Candidate != "" {
		return r.end(Superseded, "a rollout began while the command ran, the traffic is its own now: "+why), commandErr
	}
	if plan.TakenBack(before, after) {
		return r.end(Superseded, fmt.Sprintf("someone took the traffic back from %s to %s while the command ran, and it stays there",
			plan.Describe(before.Desired), plan.Describe(after.Desired))), commandErr
	}
	err = r.restoreFrom(ctx, after, transition{kind: "restore", why: []string{why}, urgent: true,
		move: func(plan.Service) ([]plan.Target, error) { return named(before), nil }})
	if errors.Is(err, errSuperseded) {
		return r.end(Superseded, why, err.Error()), commandErr
	} else if err != nil {
		return r.end(Unconfirmed, why, fmt.Sprintf("it is not put back: %v", err)), commandErr
	}
	return r.end(RolledBack, why), commandErr
}

// changed says whether the desired or the effective traffic has changed. Each read is resolved with its own latest revision, because an
// entry that follows the latest changes with it.
func changed(before, after plan.Service) bool {
	return !after.Same(named(before), resolved(after, after.Desired)) || len(before.Effective) > 0 &&
		!after.Same(resolved(before, before.Effective), resolved(after, after.Effective))
}

// named returns the traffic from before the command, with names for the entries that followed the latest revision.
func named(before plan.Service) []plan.Target { return resolved(before, before.Desired) }

func resolved(service plan.Service, list []plan.Target) []plan.Target {
	if len(list) == 0 && service.LatestReady != "" {
		return []plan.Target{{Revision: service.LatestReady, Percent: 100}}
	}
	var names []plan.Target
	for _, target := range list {
		switch {
		case target.Latest && target.Percent > 0:
			target.Revision, target.Latest = service.LatestReady, false
		case target.Latest:
			target.Revision = "" // A tag may follow the latest revision if it was made to.
		}
		target.URI = ""
		names = append(names, target)
	}
	return names
}
