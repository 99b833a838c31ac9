package rollout

import (
	"time"

	"github.com/guiofsaints/procureflow-platform/internal/plural"
	"github.com/guiofsaints/procureflow-platform/internal/problems"
	"github.com/guiofsaints/procureflow-platform/release/health"
	"github.com/guiofsaints/procureflow-platform/release/hooks"
	"github.com/guiofsaints/procureflow-platform/release/windows"
)

// Inconclusive says what to do when a step has baked and Cloud Monitoring has too little data to judge by.
type Inconclusive string

const (
	// Hold keeps the split and the probes for Policy.HoldFor, and then ends as Held.
	Hold Inconclusive = "hold"
	// Proceed goes on with the probes' verdict alone.
	Proceed Inconclusive = "proceed"
	// Retreat rolls back.
	Retreat Inconclusive = "rollback"
)

// Step is a share of the requests and how long it has to stay healthy.
type Step struct {
	// Percent is the candidate's share of the requests, 1 to 100. Bake is how long it has to stay healthy there.
	Percent int           `json:"percent"`
	Bake    time.Duration `json:"bake"`
}

// Rules are the parts of the policy that a reader of the journal needs: the steps, and the limits of the numbers.
type Rules struct {
	// Steps are the traffic splits, in order.
	Steps []Step `json:"steps"`
	// ErrorRatio and P95 are limits of gate C, BadRatio and ProbeP95 of gate B; 0 for no limit. In JSON, durations are nanoseconds.
	ErrorRatio float64       `json:"errorRatio,omitempty"`
	P95        time.Duration `json:"p95,omitempty"`
	BadRatio   float64       `json:"badRatio,omitempty"`
	ProbeP95   time.Duration `json:"probeP95,omitempty"`
	// HoldFor is how long a step waits after its bake for more data, if there is too little.
	HoldFor time.Duration `json:"holdFor,omitempty"`
}

// Rules returns the policy's rules.
func (p Policy) Rules() Rules {
	return Rules{Steps: p.Steps, ErrorRatio: p.Metrics.ErrorRatio, P95: p.Metrics.P95, BadRatio: p.Probes.BadRatio, ProbeP95: p.Probes.P95,
		HoldFor: p.HoldFor}
}

// Policy says how careful a rollout is.
type Policy struct {
	// Steps have ascending percents and end with 100.
	Steps []Step
	// Before is the pause between two rounds of probes in gate A, and Interval in gate B.
	Before, Interval time.Duration
	// Warmup is how long the candidate's first good answer may take, because an instance has to start.
	Warmup time.Duration
	// Probes are the limits of gates A and B.
	Probes health.Limits
	// Metrics are the limits of gate C. MetricsEvery is how often Cloud Monitoring is asked during a step.
	Metrics      health.MetricLimits
	MetricsEvery time.Duration
	// Inconclusive says what happens if gate C has too little to judge by: Hold, Proceed or Retreat. HoldFor is how long a step waits
	// after its bake for more data.
	Inconclusive Inconclusive
	HoldFor      time.Duration
	// CandidateWait is how long a new revision may take to become ready.
	CandidateWait time.Duration
	// Settle is how long a shift may take to become effective.
	Settle time.Duration
	// Blind is how long the API may be out of reach before a rollout stops. It is also how long a write is repeated.
	Blind time.Duration
	// Hooks are the jobs that run before any traffic and after the last step.
	Hooks hooks.Hooks
	// Windows are the times at which a rollout may start. An active rollout may always go on, and a rollback is always allowed.
	Windows windows.Windows
}

// Validate collects all mistakes, with the names that people write in release.yaml.
func (p Policy) Validate() error {
	var found problems.List
	found.If(len(p.Steps) == 0 || p.Steps[len(p.Steps)-1].Percent != 100, "the last step has to be 100 %%")
	last := 0
	for _, step := range p.Steps {
		found.If(step.Percent <= last || step.Percent > 100, "step %d %%: steps ascend from 1 to 100", step.Percent)
		found.If(step.Bake < 0, "step %d %%: the bake is negative", step.Percent)
		if needed := p.Probes.Needed(); step.Bake >= 0 && p.Interval > 0 {
			rounds := int(step.Bake/p.Interval) + 1
			found.If(rounds < needed, "step %d %%: a bake of %s has time for %s, and %d are needed to judge by: bake for %s, or shorten "+
				"probe.interval from %s", step.Percent, step.Bake, plural.Of(rounds, "probe", "probes"), needed,
				time.Duration(needed-1)*p.Interval, p.Interval)
		}
		last = step.Percent
	}
	for _, one := range []struct {
		name string
		d    time.Duration
	}{{"probe.pace", p.Before}, {"probe.interval", p.Interval}, {"settle", p.Settle}, {"blind", p.Blind},
		{"candidateWait", p.CandidateWait}, {"metrics.every", p.MetricsEvery}} {
		found.If(one.d <= 0, "%s has to be longer than 0", one.name)
	}
	found.If(p.Probes.Probes < 1, "probe.count is %d: at least one probe has to be good before traffic", p.Probes.Probes)
	found.If(p.Probes.Consecutive < 1, "probe.consecutive is %d: use at least 1", p.Probes.Consecutive)
	found.If(p.Inconclusive != Hold && p.Inconclusive != Proceed && p.Inconclusive != Retreat,
		"inconclusive is %q: use hold, proceed or rollback", p.Inconclusive)
	found.Take(p.Hooks.Validate())
	return found.Err()
}
