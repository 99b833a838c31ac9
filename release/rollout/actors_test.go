package rollout_test

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/guiofsaints/procureflow-platform/emulator/faults"
	"github.com/guiofsaints/procureflow-platform/release/health"
	"github.com/guiofsaints/procureflow-platform/release/plan"
	"github.com/guiofsaints/procureflow-platform/release/rollout"
)

// judge checks a write of an actor against what that actor has seen: no shift without its gate, and nothing against a person's
// decision.
func (a *actor) judge(before, after []plan.Target) {
	name := tag(after, "candidate")
	if name == "" && tag(before, "candidate") != "" && tag(after, "stable") == tag(before, "candidate") {
		name = tag(before, "candidate") // the rollout finishes
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
	next := slices.IndexFunc(a.policy.Steps, func(step rollout.Step) bool { return step.Percent > old })
	if next < 0 || a.policy.Steps[next].Percent != now { // A person may have left another percent than a step's.
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

// call simulates the call of a port: it takes time, and the actor may crash or be stopped in it.
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

// hang is how long the official client waits for an answer.
const hang = 10 * time.Second

// down reports whether the network or the API fails this call.
func (a *actor) down() bool {
	if !a.chance(a.faults) && !(a.now >= a.outage[0] && a.now < a.outage[1]) {
		return false
	}
	if a.chance(0.1) {
		a.wait(hang)
	}
	return true
}

// unheard returns a fault that keeps the call from being carried out.
func (a *actor) unheard() faults.Fault {
	return []faults.Fault{{Effect: faults.Drop}, {Effect: faults.Answer, Status: 429}, {Effect: faults.Answer, Status: 500},
		{Effect: faults.Answer, Status: 503}}[a.rng.IntN(4)]
}

// strikes returns the faults of a call that reaches the API.
func (a *actor) strikes(write bool) []faults.Fault {
	var strikes []faults.Fault
	if write && a.chance(a.faults/3) {
		strikes = append(strikes, faults.Fault{Effect: faults.Conflict})
	}
	if write && a.chance(a.sticks) {
		strikes = append(strikes, faults.Fault{Effect: faults.HoldTraffic})
	}
	if a.lossy && a.now >= a.loses && !a.lost["web-b"] {
		a.lost["web-b"] = true
		a.say("web-b is lost")
		strikes = append(strikes, faults.Fault{Effect: faults.LoseRevision, Revision: "web-b"})
	}
	return strikes
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
		return a.world.read(a.unheard())
	}
	service, err := a.world.read(a.strikes(false)...)
	a.observe()
	candidate := tag(service.Desired, "candidate")
	if percent := a.share(service.Effective, candidate); percent != a.percent || percent != a.share(service.Desired, candidate) {
		a.percent, a.since = percent, a.now
	}
	return service, err
}

func (a *actor) Shift(ctx context.Context, etag string, traffic []plan.Target) error {
	a.call()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if !a.down() {
		return a.apply(etag, traffic, a.strikes(true)...)
	}
	a.unheardOf = traffic
	switch a.rng.IntN(3) {
	case 0: // The write is done, and its answer is lost.
		a.unsure(traffic)
		return a.apply(etag, traffic, faults.Fault{Effect: faults.DropAnswer})
	case 1: // The write arrives after its sender has given up.
		a.late = append(a.late, lateWrite{a.now + a.between(0, 10*time.Second), a, etag, traffic})
		a.unsure(traffic)
		return rollout.ErrUnavailable
	}
	return a.world.shift(etag, traffic, a.unheard())
}

func (a *actor) unsure(traffic []plan.Target) {
	a.ambiguous = a.ambiguous || tag(traffic, "candidate") == ""
}

// apply carries a write out, and judges it afterwards.
func (a *actor) apply(etag string, traffic []plan.Target, strikes ...faults.Fault) error {
	before := a.world.live()
	err := a.world.shift(etag, traffic, strikes...)
	after := a.world.live()
	silent := len(strikes) > 0 && strikes[0].Effect == faults.DropAnswer
	if done := err == nil || silent && after.Etag != before.Etag; !done {
		return err
	}
	if a.rollout {
		if a.writer != nil && a.writer != a && a.wrote > 0 && a.sim.wrote > a.wrote && !before.Same(before.Desired, a.mine) &&
			!before.Same(before.Desired, a.unheardOf) {
			a.fail("%s fights %s", a.name, a.writer.name)
		}
		a.judge(before.Desired, after.Desired)
	}
	a.writer, a.sim.wrote, a.mine = a, a.now, after.Desired
	if a.wrote == 0 {
		a.wrote = a.now
	}
	if a.name == "on-call" {
		for revision := range after.Percents(after.Desired) {
			if slices.Contains(plan.Read(before).Rejected, revision) {
				a.fail("a rollback goes to %s, which was rolled back before", revision)
			}
		}
	}
	if a.person {
		a.bar(before.Desired, after.Desired)
	}
	a.observe()
	return err
}

// bar remembers the revisions that a person rolled back.
func (s *sim) bar(before, after []plan.Target) {
	for _, name := range []string{"web-b", "web-c"} {
		if tag(before, "candidate") == name && tag(before, "shifted") != name && s.share(before, name) > 0 {
			continue // A share that a person gave and took back leaves no trace: the gates are still to come.
		}
		if s.share(before, name) > 0 || tag(before, "candidate") == name {
			s.barred[name] = s.share(after, name) == 0
		}
	}
}

func (a *actor) Revision(_ context.Context, name string) (plan.Revision, error) {
	a.call()
	if a.down() {
		return a.world.revision(name, a.unheard())
	}
	return a.world.revision(name)
}
func (a *actor) Revisions(context.Context) ([]plan.Revision, error) { return nil, nil }

func (a *actor) Probe(_ context.Context, probes []rollout.Probe) []health.Sample {
	a.call()
	var samples []health.Sample
	if a.now >= a.dark[0] && a.now < a.dark[1] {
		for _, probe := range probes {
			samples = append(samples, health.Sample{Endpoint: probe.Endpoint, At: epoch.Add(a.now), Fault: noRoute, Unreachable: true})
		}
		return samples
	}
	for _, probe := range probes {
		sample := a.world.answer(probe, float64(a.rng.IntN(100)))
		samples = append(samples, sample)
		if probe.Endpoint != health.Candidate {
			continue
		}
		if sample.Good() {
			a.good, a.bad = a.good+1, 0
			continue
		}
		a.good, a.bad = 0, a.bad+1
		if share := a.share(a.seen.Desired, probe.Revision); a.bad == a.policy.Probes.Consecutive && share > 0 && a.deadline == 0 {
			// The deadline covers the write and its answer. If the API is failing, it covers the time for which that is tolerated.
			if a.deadline = a.now + time.Second; a.faults > 0 || a.outage[1] > 0 {
				a.deadline += 2 * a.policy.Blind
			}
		}
	}
	return samples
}

const noRoute = "/: connect: no route to host"

func (a *actor) Since(context.Context, string, time.Time) (health.Metrics, error) {
	a.call()
	if a.down() {
		return health.Metrics{}, errMetrics
	}
	if a.policy.Inconclusive == rollout.Hold && a.chance(0.8) {
		return health.Metrics{Requests: 500, Through: epoch.Add(a.now)}, nil
	}
	return health.Metrics{}, nil
}

func (a *actor) Record(event rollout.Event) error {
	if event.Kind == "decide" || event.Kind == "end" {
		a.note("%s: %s %s %v", a.name, event.Kind, event.Outcome, event.Why)
	}
	return nil
}

func (a *actor) controller() *rollout.Controller {
	return &rollout.Controller{Service: a, Prober: a, Metrics: a, Clock: a, Journal: a, Policy: a.policy}
}

// release acts as a rollout in a pipeline.
func (a *actor) release(ctx context.Context) {
	result := a.controller().Rollout(ctx, rollout.Request{})
	// An actor whose gate failed and which left the candidate's share alone must have been stopped, or unable to reach the API.
	if blind := strings.Contains(strings.Join(result.Why, " "), "out of reach"); a.deadline > 0 && !blind &&
		result.Outcome != rollout.Superseded && result.Outcome != rollout.Interrupted {
		a.fail("%s ends as %s, saw a violated gate, and the candidate keeps its share", a.name, result.Outcome)
	}
	if result.Outcome == rollout.RolledBack && strings.Contains(strings.Join(result.Why, " "), noRoute) {
		a.fail("%s holds its own network against the candidate", a.name)
	}
	a.deadline = 0
	a.ended(result)
	for name, times := range a.released {
		if times > 1 && !a.ambiguous {
			a.fail("%d rollouts finished %s", times, name)
		}
	}
	live := a.world.live()
	effective := result.Outcome == rollout.Released || result.Outcome == rollout.RolledBack
	// A rollback is done once requests are back. Tags of revisions that serve nothing may be missing.
	served := live.Serves(result.Traffic) || result.Outcome == rollout.RolledBack && live.SamePercents(live.Effective, result.Traffic)
	if effective && live.Same(live.Desired, result.Traffic) && !served {
		a.fail("%s says %s, and the traffic is %s", a.name, result.Outcome, plan.Describe(live.Effective))
	}
	if result.Outcome == rollout.RolledBack && len(a.released) == 0 && !a.gaps && result.Stable != "web-a" {
		a.fail("%s rolled back to %s", a.name, result.Stable)
	}
}

func (a *actor) ended(result rollout.Result) {
	a.outcomes = append(a.outcomes, result.Outcome)
	a.say("%s ends: %s", a.name, result.Outcome)
}

// rollBack acts as a person on call with this program.
func (a *actor) rollBack(ctx context.Context) { a.ended(a.controller().Rollback(ctx, rollout.Back{})) }

// gcloud acts as a person on call with another tool, which moves percents and leaves the tags behind as entries of their own.
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
	a.note("%s: %v", a.name, a.apply(service.Etag, moved))
}

// split acts as a person who gives two revisions a share each by hand, and forgets about it.
func (a *actor) split(ctx context.Context) {
	service, err := a.Read(ctx)
	if err != nil || !a.world.ready("web-b") {
		return
	}
	share := a.rng.IntN(99) + 1
	moved := []plan.Target{{Revision: "web-a", Percent: share}, {Revision: "web-b", Percent: 100 - share}}
	for _, target := range service.Desired {
		if target.Tag != "" {
			target.Percent = 0
			moved = append(moved, target)
		}
	}
	a.gaps = true
	a.note("%s: %v", a.name, a.apply(service.Etag, moved))
	if a.chance(0.7) {
		a.wait(a.between(0, time.Minute))
		a.name = "on-call"
		a.rollBack(ctx)
	}
}

// revert deploys the first template again, as after a git revert.
func (a *actor) revert(context.Context) {
	a.call()
	if len(a.lost) > 0 {
		return // The API refuses a service whose traffic names a revision that is gone.
	}
	a.world.ask("web-a")
	a.observe()
}

// up deploys another revision during the rollout, as a pipeline without the guard would.
func (a *actor) up(context.Context) {
	a.call()
	if len(a.lost) > 0 {
		return // As above.
	}
	a.world.deploy("web-c", revision{startup: a.between(0, 30*time.Second), failed: a.chance(0.3)})
	a.observe()
}
