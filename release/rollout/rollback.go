package rollout

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/guiofsaints/procureflow-platform/release/plan"
)

// Back is the request for a rollback.
type Back struct {
	// To names the revision to go back to; empty for the one that served before (see plan.Rollback).
	To string
	// IfActive lets the rollback act only while a rollout is active. A workflow's clean-up step uses it.
	IfActive bool
	// Why goes into the journal.
	Why string
}

// Rollback gives all requests to one revision: it reads once, writes once, and waits until the write is effective. It needs nothing but
// the service: no state, no lock, no list of revisions, and no writable journal.
func (c *Controller) Rollback(ctx context.Context, back Back) Result {
	r := c.begin()
	service, err := r.read(ctx)
	if errors.Is(err, ErrNotFound) {
		return r.end(Failed, err.Error())
	} else if err != nil {
		return r.end(Unconfirmed, fmt.Sprintf("nothing was written, try again or use another tool: %v", err))
	}
	r.last = service.Desired
	state := plan.Read(service)
	r.candidate = state.Candidate
	if back.IfActive && state.Candidate == "" {
		return r.end(Nothing, "no rollout is active")
	}
	want, target, err := plan.Rollback(service, back.To)
	if err != nil {
		return r.end(Refused, err.Error())
	}
	r.stable = target
	if service.Settled(want) {
		return r.end(Nothing, plan.Already(service, target, back.To))
	}
	why := back.Why
	if why == "" {
		why = "asked for"
	}
	// The target stays the one that the person saw when they asked, even if the service changes meanwhile.
	err = r.restoreFrom(ctx, service, transition{kind: "rollback", why: []string{why}, force: true, urgent: true,
		move: func(s plan.Service) ([]plan.Target, error) {
			list, _, err := plan.Rollback(s, target)
			return list, err
		}})
	r.identify(ctx, r.candidate, r.stable) // The images are read only now, so that nothing delays a rollback's write.
	switch {
	case err == nil:
		return r.end(RolledBack, fmt.Sprintf("%s serves everything: %s", target, why))
	case errors.Is(err, errSuperseded):
		return r.end(Superseded, err.Error())
	case errors.Is(err, ErrInvalid):
		why := fmt.Sprintf("nothing was written: %v", err)
		if names, err := r.revisions(ctx); err == nil {
			why += "; the service has " + names
		}
		return r.end(Refused, why)
	}
	return r.end(Unconfirmed, fmt.Sprintf("the traffic may not be back, look with %s, then %s: %v", r.command("status"),
		r.command("rollback", "--to", target), err))
}

// home returns the traffic that a rollout goes back to: the revision that served before it, as long as the rollout belongs to this run.
func (r *run) home(s plan.Service) ([]plan.Target, error) {
	list, _, err := plan.Rollback(s, r.stable)
	return list, err
}

// restore reads, writes and waits. It gives up if somebody else has changed the traffic.
func (r *run) restore(ctx context.Context, t transition) error {
	service, err := r.look(ctx)
	if err != nil {
		return err
	}
	return r.restoreFrom(ctx, service, t)
}

func (r *run) restoreFrom(ctx context.Context, service plan.Service, t transition) error {
	if err := r.write(ctx, service, t); err != nil {
		return err
	}
	return r.returned(ctx)
}

// These are the pauses while a rollback takes effect.
const (
	firstPoll = 100 * time.Millisecond
	lastPoll  = 500 * time.Millisecond
	// tellEvery is how often the person who waits for a rollback hears that it goes on.
	tellEvery = 2 * time.Second
	// steady is how many reads in a row have to show the wanted split while the service still reconciles. A single read may show the
	// state from before the write.
	steady = 4
)

// returned waits until the written traffic is effective. It does not wait until the service is at rest, because a candidate that never
// becomes ready may keep it reconciling for minutes. If the API is done and only the tags are missing, the rollback counts as done:
// nobody is served by tags, and status reports them.
func (r *run) returned(ctx context.Context) error {
	begun := r.Clock.Now()
	deadline, told := begun.Add(r.Policy.Settle), begun
	seen := 0
	var stuck time.Time
	for pause := firstPoll; ; pause = min(2*pause, lastPoll) {
		service, err := r.look(ctx)
		if err != nil {
			return err
		}
		done := !service.Reconciling && service.Observed >= service.Generation
		now := r.Clock.Now()
		switch {
		case service.Serves(r.last):
			stuck = time.Time{}
			if seen++; done || seen >= steady {
				return nil
			}
		case !done:
			seen, stuck = 0, time.Time{}
		case stuck.IsZero():
			seen, stuck = 0, now
		case now.Sub(stuck) >= stuckFor && service.SamePercents(service.Effective, r.last):
			return nil
		case now.Sub(stuck) >= stuckFor:
			return fmt.Errorf("the write had no effect, the traffic is %s: %s", plan.Describe(service.Effective), service.Failure)
		}
		if !service.Serves(r.last) && (now.Sub(told) >= tellEvery || pause == firstPoll) {
			told = now
			r.tell(fmt.Sprintf("taking effect for %s of up to %s: the traffic is %s", now.Sub(begun).Round(time.Second), r.Policy.Settle,
				plan.Describe(service.Effective)))
		}
		if now.After(deadline) {
			return fmt.Errorf("the traffic is still %s after %s: %s", plan.Describe(service.Effective), r.Policy.Settle, service.Failure)
		}
		if err := r.Clock.Sleep(ctx, pause); err != nil {
			return err
		}
	}
}
