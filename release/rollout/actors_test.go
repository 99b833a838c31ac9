package rollout

import (
	"context"
	"errors"
	"time"

	"github.com/guiofsaints/procureflow-platform/release/health"
	"github.com/guiofsaints/procureflow-platform/release/plan"
)

// judge checks a write of an actor against what that actor has seen: no shift without its gate, nothing against a person's decision.
func (a *actor) judge(before, after []plan.Target) {
	name := tag(after, "candidate")
	if name == "" && tag(before, "candidate") != "" && tag(after, "stable") == tag(before, "candidate") {
		name = tag(before, "candidate") // It finishes.
		a.gate(100, 100)
		if stable := tag(before, "stable"); tag(after, "previous") != stable {
			a.fail("%s finishes without a way back to %s", a.name, stable)
		}
		a.released[name]++
		return
	}
	old, now := a.share(before, name), a.share(after, name)
	if name == "" || now <= old {
		return
	}
	if a.barred[name] {
		a.fail("%s gives %s a share that someone rolled back", a.name, name)
	}
	if next := map[int]int{0: 10, 10: 50, 50: 100}[old]; next != now {
		a.fail("%s shifts from %d to %d", a.name, old, now)
	}
	a.gate(old, now)
}

func (a *actor) gate(old, now int) {
	switch {
	case old == 0 && a.good < a.policy.Probes.Probes:
		a.fail("%s shifts to %d after %d good probes", a.name, now, a.good)
	case old > 0 && (a.percent != old || a.now-a.since < 20*time.Second):
		a.fail("%s shifts from %d without its bake (saw %d since %s)", a.name, old, a.percent, a.since)
	case a.bad > 0:
		a.fail("%s shifts after a bad probe", a.name)
	}
}

func tag(targets []plan.Target, tag string) string {
	for _, target := range targets {
		if target.Tag == tag {
			return target.Revision
		}
	}
	return ""
}

// call is a port's call: it takes time, and the actor may not survive it.
func (a *actor) call() {
	if a.calls++; a.calls == a.crashAt {
		panic(crash{})
	}
	if a.calls == a.cutAt {
		a.say("%s gets a signal", a.name)
		a.cancel()
	}
	a.wait(a.between(time.Millisecond, 200*time.Millisecond))
}

func (a *actor) wait(d time.Duration) {
	a.at = a.now + d
	if !a.yield(struct{}{}) {
		panic(crash{})
	}
}

func (a *actor) down() bool {
	return a.chance(a.faults) || a.now >= a.outage[0] && a.now < a.outage[1]
}

func (a *actor) Now() time.Time { return epoch.Add(a.now) }
func (a *actor) Sleep(ctx context.Context, d time.Duration) error {
	if ctx.Err() == nil {
		a.wait(d)
	}
	return ctx.Err()
}

func (a *actor) Read(ctx context.Context) (plan.Service, error) {
	a.call()
	if ctx.Err() != nil {
		return plan.Service{}, ctx.Err()
	}
	if a.down() {
		return plan.Service{}, ErrUnavailable
	}
	if percent := a.share(a.service.Effective, tag(a.service.Desired, "candidate")); percent != a.percent || percent != a.share(a.service.Desired, tag(a.service.Desired, "candidate")) {
		a.percent, a.since = percent, a.now
	}
	return a.service, nil
}

func (a *actor) Shift(ctx context.Context, etag string, traffic []plan.Target) error {
	a.call()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if !a.down() {
		if a.chance(a.faults / 3) {
			a.touch() // Someone else's harmless write came first.
		}
		return a.apply(etag, traffic)
	}
	switch a.rng.IntN(3) {
	case 0: // Done, and the answer is lost.
		_ = a.apply(etag, traffic)
		a.lost(traffic)
	case 1: // On its way for longer than its sender waits.
		a.late = append(a.late, lateWrite{a.now + a.between(0, 10*time.Second), a, etag, traffic})
		a.lost(traffic)
	}
	return ErrUnavailable
}

func (a *actor) lost(traffic []plan.Target) {
	a.ambiguous = a.ambiguous || tag(traffic, "candidate") == ""
}

func (a *actor) apply(etag string, traffic []plan.Target) error {
	before := a.service.Desired
	if etag == a.service.Etag {
		if a.rollout {
			if a.writer != nil && a.writer != a && a.wrote > 0 && a.sim.wrote > a.wrote && !a.service.Same(before, a.mine) {
				a.fail("%s fights %s", a.name, a.writer.name)
			}
			a.judge(before, traffic)
		}
		a.stick = a.chance(a.sticks)
	}
	err := a.shift(etag, traffic)
	if err == nil {
		a.wroteNow()
	}
	if err == nil && a.name == "on-call" {
		a.bar(before)
	}
	return err
}

func (a *actor) wroteNow() {
	a.writer, a.sim.wrote, a.mine = a, a.now, a.service.Desired
	if a.wrote == 0 {
		a.wrote = a.now
	}
}

// bar remembers what a person rolled back.
func (s *sim) bar(before []plan.Target) {
	for _, name := range []string{"web-b", "web-c"} {
		if s.share(before, name) > 0 || tag(before, "candidate") == name {
			s.barred[name] = s.share(s.service.Desired, name) == 0
		}
	}
}

func (a *actor) Revision(_ context.Context, name string) (plan.Revision, error) {
	a.call()
	if a.down() {
		return plan.Revision{}, ErrUnavailable
	}
	return a.revision(name)
}
func (a *actor) Revisions(context.Context) ([]plan.Revision, error) { return nil, nil }

func (a *actor) Probe(_ context.Context, probes []Probe) []health.Sample {
	a.call()
	var samples []health.Sample
	for _, probe := range probes {
		sample := a.answer(probe, a.rng.IntN(100))
		samples = append(samples, sample)
		if probe.Endpoint != health.Candidate {
			continue
		}
		if sample.Good() {
			a.good, a.bad = a.good+1, 0
			continue
		}
		a.good, a.bad = 0, a.bad+1
		if share := a.share(a.service.Desired, probe.Revision); a.bad == a.policy.Probes.Consecutive && share > 0 && a.deadline == 0 {
			// A write and its answer; where the API is at fault, as long as it may be out of reach.
			if a.deadline = a.now + time.Second; a.faults > 0 || a.outage[1] > 0 {
				a.deadline += 2 * a.policy.Blind
			}
		}
	}
	return samples
}

func (a *actor) Since(context.Context, string, time.Time) (health.Metrics, error) {
	a.call()
	if a.down() {
		return health.Metrics{}, errors.New("unavailable")
	}
	if a.policy.Inconclusive == Hold && a.chance(0.8) {
		return health.Metrics{Requests: 500, Through: epoch.Add(a.now)}, nil
	}
	return health.Metrics{}, nil
}

func (a *actor) Record(event Event) error {
	if event.Kind == "decide" || event.Kind == "end" {
		a.say("%s: %s %s %v", a.name, event.Kind, event.Outcome, event.Why)
	}
	return nil
}

func (a *actor) controller() *Controller {
	return &Controller{Service: a, Prober: a, Metrics: a, Clock: a, Journal: a, Policy: a.policy}
}

// release is a rollout in a pipeline.
func (a *actor) release(ctx context.Context) {
	result := a.controller().Rollout(ctx, Request{})
	a.deadline = 0
	a.outcomes = append(a.outcomes, result.Outcome)
	for name, times := range a.released {
		if times > 1 && !a.ambiguous {
			a.fail("%d rollouts finished %s", times, name)
		}
	}
	if a.service.Same(a.service.Desired, result.Traffic) && (result.Outcome == Released || result.Outcome == RolledBack) && !a.service.Serves(result.Traffic) {
		a.fail("%s says %s, and the traffic is %s", a.name, result.Outcome, plan.Describe(a.service.Effective))
	}
	if result.Outcome == RolledBack && len(a.released) == 0 && !a.gaps && result.Stable != "web-a" {
		a.fail("%s rolled back to %s", a.name, result.Stable)
	}
}

// rollBack is the on-call person with this program.
func (a *actor) rollBack(ctx context.Context) {
	result := a.controller().Rollback(ctx, Back{})
	a.outcomes = append(a.outcomes, result.Outcome)
}

// gcloud is the on-call person with another tool: percents move, tags stay behind as entries of their own.
func (a *actor) gcloud(ctx context.Context) {
	service, err := a.Read(ctx)
	if err != nil || a.share(service.Desired, "web-a") == 100 {
		return
	}
	moved := []plan.Target{{Revision: "web-a", Percent: 100}}
	for _, target := range service.Desired {
		if target.Tag != "" {
			target.Percent = 0
			moved = append(moved, target)
		}
	}
	a.wait(a.between(0, time.Second))
	if a.shift(service.Etag, moved) == nil {
		a.wroteNow()
		a.bar(service.Desired)
	}
}

// up is a deployment of another revision during the rollout, as a pipeline without the guard would do it.
func (a *actor) up(context.Context) {
	a.call()
	a.deploy("web-c", modelRevision{readyAt: a.now + a.between(0, 30*time.Second), failed: a.chance(0.3)})
}
