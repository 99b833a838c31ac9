// Package backtest tries a policy before it is used: on recorded releases, and on simulated ones.
//
// [Replay] says what the gates would have decided from the recorded probes and metrics, and when. It knows only what was recorded: where
// the recorded rollout ended, the replay ends. [Try] runs the real controller on a virtual clock, with random visitors and with a
// candidate that turns bad when its first visitor comes. The tables of docs/performance.md come from it.
package backtest

import (
	"fmt"
	"time"

	"github.com/guiofsaints/procureflow-platform/release/health"
	"github.com/guiofsaints/procureflow-platform/release/rollout"
)

// End is how a rollout ended, recorded or replayed.
type End struct {
	// Outcome is how it ended, and Why the first reason in words.
	Outcome rollout.Outcome
	// Percent is the candidate's share at the end, and After the time since its first probe.
	Percent int
	After   time.Duration
	Why     string
}

// Result is one rollout under both policies.
type Result struct {
	// Candidate is the revision that was released, and Begun the time of its first probe.
	Candidate string
	Begun     time.Time
	// Was is the end that was recorded, and Is the end under the new policy.
	Was, Is End
	// Bakes is how much longer all bakes take under the new policy than was recorded; negative when they are shorter.
	Bakes time.Duration
}

// String says what the new policy would have caught, missed, held or delayed.
func (r Result) String() string {
	was := fmt.Sprintf("%s %s: %s at %d %% after %s", r.Begun.UTC().Format(time.RFC3339), r.Candidate, r.Was.Outcome, r.Was.Percent,
		r.Was.After.Round(time.Second))
	bad := func(end End) bool { return end.Outcome == rollout.RolledBack }
	switch {
	case bad(r.Is) && bad(r.Was) && r.Is.After < r.Was.After:
		return fmt.Sprintf("%s; caught %s earlier, at %d %%: %s", was, (r.Was.After - r.Is.After).Round(time.Second), r.Is.Percent, r.Is.Why)
	case bad(r.Is) && bad(r.Was):
		return fmt.Sprintf("%s; caught as early: %s", was, r.Is.Why)
	case bad(r.Is):
		return fmt.Sprintf("%s; taken back at %d %% after %s: %s", was, r.Is.Percent, r.Is.After.Round(time.Second), r.Is.Why)
	case bad(r.Was):
		return fmt.Sprintf("%s (%s); missed until there: %s", was, r.Was.Why, r.Is.Why)
	case r.Is.Outcome == rollout.Held && r.Was.Outcome != rollout.Held:
		return fmt.Sprintf("%s; held at %d %% after %s: %s", was, r.Is.Percent, r.Is.After.Round(time.Second), r.Is.Why)
	case r.Bakes > 0:
		return fmt.Sprintf("%s; as well, %s later", was, r.Bakes.Round(time.Second))
	}
	return was + "; as well"
}

// replay is the state of the gates while one rollout's events are replayed.
type replay struct {
	policy   rollout.Policy
	percent  int
	samples  []health.Sample // Of this step.
	evidence health.Evidence
	counted  [2]health.Counts
	broken   bool // The service's URL failed before the candidate had traffic.
	failing  bool
	warm     bool // The first instance has answered, or its time to start is over.
	begun    time.Time
	metrics  bool // Cloud Monitoring answered in this step.
}

// Replay judges the events of one rollout by the gates of a policy. It returns false for a journal without probes.
func Replay(policy rollout.Policy, events []rollout.Event) (Result, bool) {
	p := replay{policy: policy, evidence: health.NewEvidence(policy.Metrics.ErrorRatio)}
	var result Result
	decided := false
	decide := func(at time.Time, outcome rollout.Outcome, why string) {
		if !decided {
			decided, result.Is = true, End{outcome, p.percent, at.Sub(result.Begun), why}
		}
	}
	recorded := map[int][2]time.Time{} // The first and last probe of each step.
	for _, event := range events {
		for _, sample := range event.Samples {
			if result.Begun.IsZero() {
				result.Begun = sample.At
			}
			if event.Percent != p.percent {
				p.next(event.Percent)
			}
			span := recorded[p.percent]
			if span[0].IsZero() {
				span[0] = sample.At
			}
			span[1] = sample.At
			recorded[p.percent] = span
			if verdict := p.probe(sample); verdict.Outcome == health.Fail {
				decide(sample.At, rollout.RolledBack, verdict.Reasons[0])
			}
		}
		if event.Metrics != nil && event.Percent > 0 && event.Percent == p.percent {
			if verdict := p.count(*event.Metrics, event.StableMetrics); verdict.Outcome == health.Fail {
				decide(event.At, rollout.RolledBack, verdict.Reasons[0])
			}
		}
		if event.Kind == "decide" && event.Percent > 0 && event.Percent == p.percent && policy.Inconclusive == rollout.Hold {
			if verdict := p.evidence.Verdict(); verdict.Outcome == health.Inconclusive || !p.metrics {
				decide(event.At, rollout.Held, verdict.Reasons[0])
			}
		}
		if event.Candidate != "" {
			result.Candidate = event.Candidate
		}
		if event.Kind == "end" {
			result.Was = End{Outcome: event.Outcome, Percent: p.percent, After: event.At.Sub(result.Begun)}
			if len(event.Why) > 0 {
				result.Was.Why = event.Why[0]
			}
		}
	}
	if !decided {
		result.Is = result.Was
		if result.Was.Outcome == rollout.RolledBack {
			result.Is.Outcome, result.Is.Why = rollout.Released, p.evidence.Verdict().Reasons[0]
		}
	}
	for _, step := range policy.Steps {
		result.Bakes += step.Bake
	}
	for percent, span := range recorded {
		if percent > 0 {
			result.Bakes -= span[1].Sub(span[0])
		}
	}
	return result, !result.Begun.IsZero()
}

func (p *replay) next(percent int) {
	if p.percent == 0 {
		p.broken = health.Probes(p.samples, p.policy.Probes, false).Outcome == health.Fail
	}
	p.percent, p.samples, p.counted, p.metrics = percent, nil, [2]health.Counts{}, false
}

// probe adds a probe and judges by gate A before traffic, and by gates B and C after it.
func (p *replay) probe(sample health.Sample) health.Verdict {
	if sample.Unreachable {
		return health.Verdict{}
	}
	if p.begun.IsZero() {
		p.begun = sample.At
	}
	if !p.warm && p.percent == 0 {
		p.warm = sample.Endpoint == health.Candidate && sample.Good() || sample.At.Sub(p.begun) > p.policy.Warmup
		if !p.warm {
			return health.Verdict{}
		}
	}
	p.samples = append(p.samples, sample)
	if p.percent == 0 {
		return health.BeforeTraffic(p.samples, p.policy.Probes)
	}
	if sample.Endpoint == health.Candidate {
		if fresh := (health.Counts{Requests: 1}); !p.failing || sample.Good() {
			if !sample.Good() {
				fresh.Errors = 1
			}
			p.evidence.Look(fresh, health.Counts{}, health.Counts{})
		}
		p.failing = !sample.Good()
	}
	return health.All(health.Probes(p.samples, p.policy.Probes, p.broken), p.evidence.Verdict())
}

// count adds what Cloud Monitoring had counted by then, and judges by gate C.
func (p *replay) count(metrics health.Metrics, stable *health.Metrics) health.Verdict {
	p.metrics = true
	now := [2]health.Counts{health.Split(metrics, p.samples)}
	if stable != nil {
		now[1] = health.Counts{Requests: stable.Requests, Errors: stable.Errors}
	}
	p.evidence.Look(health.Counts{}, now[0].Less(p.counted[0]), now[1].Less(p.counted[1]))
	p.counted = now
	if slow, tooSlow := health.Slow(metrics, now[0], p.policy.Metrics); tooSlow {
		return slow
	}
	return p.evidence.Verdict()
}
