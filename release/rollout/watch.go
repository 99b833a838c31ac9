package rollout

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/guiofsaints/procureflow-platform/internal/plural"
	"github.com/guiofsaints/procureflow-platform/release/health"
	"github.com/guiofsaints/procureflow-platform/release/plan"
)

// watch observes the candidate, the service and the traffic list, round by round.
type watch struct {
	*run
	// proceedAt is the percent of the step at which a person chose to go on; 0 for no step.
	proceedAt int
	// mainBroken says that the service's URL failed before the candidate had any traffic.
	mainBroken bool
	// passed are the reasons of the gate that passed last. They justify the next shift.
	passed []string

	current                Step
	since                  time.Time // The time of the step's shift, from which metrics and probes count.
	settled                time.Time // Zero until the step's traffic is effective.
	stuck                  time.Time // The time since which the API is done without the wanted traffic.
	warm                   bool
	samples                []health.Sample
	history                []health.Sample // The probes of all steps, which Cloud Monitoring may have counted.
	unsaved                []health.Sample
	saved                  time.Time
	asked                  time.Time // The time at which the metrics were asked last.
	metrics, stableMetrics *health.Metrics
	fromC                  health.Verdict
	evidence               health.Evidence  // What gate C knows from all steps.
	judged                 int              // How many of the samples are in it,
	failing                bool             // and whether the last of them failed.
	counted                [2]health.Counts // The requests to candidate and stable in this step, up to the last look.
	lastSeen               plan.Service
	cold                   string    // What the candidate answered before its first good answer.
	dark                   time.Time // The time since which no probe reaches anything; zero while probes do.
	told                   bool      // A person was told about it.
}

// stuckFor is how long traffic may differ from what was wanted after the API is done, before it counts as failed. A read may be
// slightly outdated.
const stuckFor = 3 * time.Second

// step watches one step until its gates pass, fail or stay inconclusive. Step{} is gate A, before any traffic.
func (w *watch) step(ctx context.Context, step Step) (health.Verdict, error) {
	now := w.Clock.Now()
	*w = watch{run: w.run, proceedAt: w.proceedAt, mainBroken: w.mainBroken, passed: w.passed, history: w.history, evidence: w.evidence,
		current: step, since: now, saved: now, asked: now,
		warm: step.Percent > 0}
	for {
		round := w.Clock.Now()
		verdict, err := w.round(ctx)
		if err != nil {
			return verdict, err
		}
		if verdict.Outcome != health.Pending {
			return verdict, w.decide(verdict)
		}
		if err := w.save(false); err != nil {
			return verdict, err
		}
		pace := w.Policy.Interval
		if step.Percent == 0 {
			pace = w.Policy.Before
		}
		if pause := pace - w.Clock.Now().Sub(round); pause > 0 {
			if err := w.Clock.Sleep(ctx, pause); err != nil {
				return verdict, err
			}
		}
	}
}

// round reads the traffic, probes once and judges.
func (w *watch) round(ctx context.Context) (health.Verdict, error) {
	service, err := w.look(ctx)
	if err != nil {
		return health.Verdict{}, err
	}
	w.lastSeen = service
	effective := w.effective(service)
	if effective.Outcome == health.Fail {
		return effective, nil
	}
	if w.settled.IsZero() && effective.Outcome == health.Pass {
		w.settled = w.Clock.Now()
	}
	if service.TagURL(plan.TagCandidate, w.candidate) == "" && !w.settled.IsZero() && w.Clock.Now().Sub(w.settled) > w.Policy.Settle {
		return health.Verdict{Outcome: health.Fail,
			Reasons: []string{fmt.Sprintf("the tag %q has no URL after %s, so that %s cannot be probed: switch the service's default URL on",
				plan.TagCandidate, w.Policy.Settle, w.candidate)}}, nil
	}
	why, dark := w.probe(ctx, service)
	if dark {
		err := w.unreachable(why)
		return health.Verdict{Outcome: health.Pending}, cmp.Or(ctx.Err(), err)
	}
	w.dark = time.Time{}
	verdict := w.judge(ctx)
	w.report(effective, verdict)
	return verdict, ctx.Err()
}

// unreachable waits for the network between this program and the service. What the step has seen before no longer counts as
// uninterrupted, so its bake begins again.
func (w *watch) unreachable(why string) error {
	now := w.Clock.Now()
	w.settled = time.Time{}
	if w.dark.IsZero() { // The first time may be an old connection to a silent server, and the next round makes a new one.
		w.dark, w.told = now, false
		return nil
	}
	if now.Sub(w.dark) >= w.Policy.Blind {
		return fmt.Errorf("%w for %s: %s", errUnreachable, w.Policy.Blind, why)
	}
	if !w.told {
		w.told = true
		w.tell(fmt.Sprintf("neither the candidate nor the service can be reached from here, which is not held against the candidate: "+
			"trying for %s: %s",
			w.Policy.Blind, why))
	}
	return nil
}

// effective says whether the wanted traffic is in effect: Pass, Pending, or Fail if it will not come.
func (w *watch) effective(service plan.Service) health.Verdict {
	now := w.Clock.Now()
	if service.Settled(w.last) {
		w.stuck = time.Time{}
		return health.Verdict{Outcome: health.Pass}
	}
	done := !service.Reconciling && service.Observed >= service.Generation
	if !done {
		w.stuck = time.Time{}
	} else if w.stuck.IsZero() {
		w.stuck = now
	}
	reason := service.Failure
	if reason == "" {
		reason = "the API gives no reason"
	}
	_, serves := plan.Apart(w.last, service.Effective)
	switch {
	case done && now.Sub(w.stuck) >= stuckFor && !service.Serves(w.last):
		return health.Verdict{Outcome: health.Fail, Reasons: []string{fmt.Sprintf("the shift had no effect, the traffic is %s: %s",
			serves, reason)}}
	case w.settled.IsZero() && now.Sub(w.since) > w.Policy.Settle && !service.Serves(w.last):
		return health.Verdict{Outcome: health.Fail,
			Reasons: []string{fmt.Sprintf("the shift is not effective after %s, the traffic is %s: %s", w.Policy.Settle, serves, reason)}}
	case now.Sub(w.since) > w.Policy.Settle && service.Serves(w.last):
		// The traffic is as wanted. Something else keeps the service busy, such as a newer revision that does not become ready.
		return health.Verdict{Outcome: health.Pass}
	}
	return health.Verdict{Outcome: health.Pending, Reasons: []string{"the shift is taking effect"}}
}

// probe makes a round of probes of whatever there is to probe. A round that reached nothing at all is dark, and does not count.
func (w *watch) probe(ctx context.Context, service plan.Service) (why string, dark bool) {
	var probes []Probe
	if url := service.TagURL(plan.TagCandidate, w.candidate); url != "" {
		probes = append(probes, Probe{Endpoint: health.Candidate, URL: url, Revision: w.candidate})
	}
	probes = append(probes, Probe{Endpoint: health.Main, URL: service.URL})
	samples := w.Prober.Probe(ctx, probes)
	if ctx.Err() != nil {
		return "", false // The signal cut the probe off, so it says nothing about the candidate.
	}
	w.unsaved = append(w.unsaved, samples...)
	if why, dark = health.Unreachable(samples); dark {
		return why, true
	}
	w.history = append(w.history, samples...)
	if !w.warm {
		for _, sample := range samples {
			if sample.Endpoint == health.Candidate {
				w.warm, w.cold = w.warm || sample.Good(), sample.Fault
			}
		}
		if !w.warm && (w.settled.IsZero() || w.Clock.Now().Sub(w.settled) <= w.Policy.Warmup) {
			return "", false // The first instance is still starting. Every probe counts from its first good answer on.
		}
		w.warm = true
	}
	w.samples = append(w.samples, samples...)
	return "", false
}

// judge applies the gates to everything seen so far.
func (w *watch) judge(ctx context.Context) health.Verdict {
	if w.current.Percent == 0 {
		verdict := health.BeforeTraffic(w.samples, w.Policy.Probes)
		if verdict.Outcome == health.Pass {
			broken := health.Probes(w.samples, w.Policy.Probes, false)
			if w.mainBroken = broken.Outcome == health.Fail; w.mainBroken {
				verdict.Reasons = append(verdict.Reasons,
					"the service's URL fails already without the candidate, and is not held against it: "+broken.Reasons[0])
			}
		}
		return verdict
	}
	probes := health.Probes(w.samples, w.Policy.Probes, w.mainBroken)
	if probes.Outcome == health.Fail {
		return probes
	}
	w.weigh()
	if verdict := w.evidence.Verdict(); verdict.Outcome == health.Fail {
		return verdict
	}
	now := w.Clock.Now()
	baked := !w.settled.IsZero() && now.Sub(w.settled) >= w.current.Bake
	if now.Sub(w.asked) >= w.Policy.MetricsEvery || baked && w.fromC.Outcome == "" {
		w.askMetrics(ctx, now)
	}
	if w.fromC.Outcome == health.Fail {
		return w.fromC
	}
	if !baked {
		return health.Verdict{Outcome: health.Pending, Reasons: probes.Reasons}
	}
	verdict := health.All(probes, w.fromC)
	if verdict.Outcome != health.Inconclusive {
		return verdict
	}
	held := health.Verdict{Outcome: health.Pending, Reasons: append(verdict.Reasons, "holding")}
	holding := now.Sub(w.settled) < w.current.Bake+w.Policy.HoldFor
	switch {
	case probes.Outcome == health.Inconclusive || w.evidence.Doubtful() && w.proceedAt != w.current.Percent:
		// No policy goes on with too few probes, or with probes that speak against the candidate. More of them come with time.
		if holding {
			return held
		}
		return verdict
	case w.proceedAt == w.current.Percent:
		return health.Verdict{Outcome: health.Pass, Reasons: append(append(probes.Reasons, verdict.Reasons...), "a person decided to proceed")}
	case w.Policy.Inconclusive == Proceed:
		return health.Verdict{Outcome: health.Pass, Reasons: append(append(probes.Reasons, verdict.Reasons...),
			"the policy proceeds on the probes")}
	case w.Policy.Inconclusive == Retreat:
		return health.Verdict{Outcome: health.Fail, Reasons: append(verdict.Reasons, "the policy rolls back without data")}
	case holding:
		return held
	}
	return verdict
}

// weigh gives gate C the candidate's new probes.
func (w *watch) weigh() {
	var fresh health.Counts
	for _, sample := range w.samples[w.judged:] {
		if sample.Endpoint != health.Candidate {
			continue
		}
		// Failures in a row may have one cause, so they count once here. Gate B says how long a row may be.
		if again := w.failing && !sample.Good(); !again {
			fresh.Requests++
			if !sample.Good() {
				fresh.Errors++
			}
		}
		w.failing = !sample.Good()
	}
	w.judged = len(w.samples)
	w.evidence.Look(fresh, health.Counts{}, health.Counts{})
}

// askMetrics gives gate C what Cloud Monitoring has counted of both revisions since the last time.
func (w *watch) askMetrics(ctx context.Context, now time.Time) {
	w.asked = now
	inconclusive := func(format string, arguments ...any) {
		w.fromC = health.Verdict{Outcome: health.Inconclusive, Reasons: []string{fmt.Sprintf(format, arguments...)}}
	}
	if w.Metrics == nil {
		inconclusive("there is no Cloud Monitoring here")
		return
	}
	metrics, err := w.Metrics.Since(ctx, w.candidate, w.since)
	if err == nil && metrics.Through.IsZero() { // The probes are counted too, so no point means that Cloud Monitoring has not answered yet.
		inconclusive("Cloud Monitoring has counted no request of %s yet", w.candidate)
		return
	}
	stable := health.Metrics{}
	if err == nil {
		stable, err = w.Metrics.Since(ctx, w.stable, w.since)
	}
	if err != nil {
		inconclusive("Cloud Monitoring: %v", err)
		return
	}
	// The first point covers up to a minute before the shift, and the probes of that minute.
	var own []health.Sample
	for _, sample := range w.history {
		if sample.At.After(w.since.Add(-time.Minute)) {
			own = append(own, sample)
		}
	}
	counted := [2]health.Counts{health.Split(metrics, own), {Requests: stable.Requests, Errors: stable.Errors}}
	w.evidence.Look(health.Counts{}, counted[0].Less(w.counted[0]), counted[1].Less(w.counted[1]))
	w.metrics, w.stableMetrics, w.counted = &metrics, &stable, counted
	switch slow, tooSlow := health.Slow(metrics, counted[0], w.Policy.Metrics); {
	case tooSlow:
		w.fromC = slow
	case counted[0].Requests < w.Policy.Metrics.MinRequests:
		inconclusive("%s over the service's URL, fewer than the policy's %d",
			plural.Of(counted[0].Requests, "request", "requests"), w.Policy.Metrics.MinRequests)
	default:
		w.fromC = w.evidence.Verdict()
	}
}

// settle waits until the last write is effective.
func (w *watch) settle(ctx context.Context) error {
	w.since, w.settled, w.stuck = w.Clock.Now(), time.Time{}, time.Time{}
	for {
		service, err := w.look(ctx)
		if err != nil {
			return err
		}
		verdict := w.effective(service)
		if verdict.Outcome == health.Pass {
			return nil
		}
		if verdict.Outcome == health.Fail {
			return errors.New(verdict.Reasons[0])
		}
		if err := w.Clock.Sleep(ctx, w.Policy.Interval); err != nil {
			return err
		}
	}
}
