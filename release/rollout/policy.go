package rollout

import (
	"errors"
	"fmt"
	"time"

	"github.com/guiofsaints/procureflow-platform/release/health"
	"github.com/guiofsaints/procureflow-platform/release/hooks"
	"github.com/guiofsaints/procureflow-platform/release/windows"
)

// Inconclusive says what to do when a step has baked and Cloud Monitoring has too little to judge by.
type Inconclusive string

const (
	// Hold keeps the split and the probes going for Policy.HoldFor, then ends as Held.
	Hold Inconclusive = "hold"
	// Proceed goes on by the probes alone.
	Proceed Inconclusive = "proceed"
	// Retreat rolls back.
	Retreat Inconclusive = "rollback"
)

// Step is a share of the requests and how long it has to stay healthy.
type Step struct {
	Percent int           `json:"percent"`
	Bake    time.Duration `json:"bake"`
}

// Rules are what a reader of the journal has to know of the policy: the steps, and the limits that numbers are held against.
type Rules struct {
	Steps []Step `json:"steps"`
	// ErrorRatio and P95 are gate C's limits, BadRatio and ProbeP95 gate B's; 0 for no limit.
	ErrorRatio float64       `json:"errorRatio,omitempty"`
	P95        time.Duration `json:"p95,omitempty"`
	BadRatio   float64       `json:"badRatio,omitempty"`
	ProbeP95   time.Duration `json:"probeP95,omitempty"`
	// HoldFor is how long a step waits for more data after its bake, where it says too little.
	HoldFor time.Duration `json:"holdFor,omitempty"`
}

// Rules are those of the policy.
func (p Policy) Rules() Rules {
	return Rules{Steps: p.Steps, ErrorRatio: p.Metrics.ErrorRatio, P95: p.Metrics.P95, BadRatio: p.Probes.BadRatio, ProbeP95: p.Probes.P95,
		HoldFor: p.HoldFor}
}

// Policy is how careful a rollout is.
type Policy struct {
	// Steps ascend and end with 100.
	Steps []Step
	// Before is gate A's pace and Interval gate B's, from one round of probes to the next.
	Before, Interval time.Duration
	// Warmup is how long the candidate's first good answer may take: an instance has to start.
	Warmup time.Duration
	Probes health.Limits
	// Metrics are gate C's limits; MetricsEvery is how often it is asked during a step.
	Metrics      health.MetricLimits
	MetricsEvery time.Duration
	Inconclusive Inconclusive
	HoldFor      time.Duration
	// CandidateWait is how long a new revision may take to become ready.
	CandidateWait time.Duration
	// Settle is how long a shift may take to become effective.
	Settle time.Duration
	// Blind is how long the API may be out of reach before a rollout stops, and a write is tried before it is given up.
	Blind time.Duration
	// Hooks are the jobs that run before any traffic and after the last step.
	Hooks hooks.Hooks
	// Windows are when a rollout may start. One that is active may always go on, and a rollback is never held.
	Windows windows.Windows
}

// Validate collects everything that is wrong, by the names that people write in release.yaml.
func (p Policy) Validate() error {
	var problems []error
	problem := func(wrong bool, format string, arguments ...any) {
		if wrong {
			problems = append(problems, fmt.Errorf(format, arguments...))
		}
	}
	problem(len(p.Steps) == 0 || p.Steps[len(p.Steps)-1].Percent != 100, "the last step has to be 100 %%")
	last := 0
	for _, step := range p.Steps {
		problem(step.Percent <= last || step.Percent > 100, "step %d %%: steps ascend from 1 to 100", step.Percent)
		problem(step.Bake < 0, "step %d %%: the bake is negative", step.Percent)
		if needed := p.Probes.Needed(); step.Bake >= 0 && p.Interval > 0 {
			rounds := int(step.Bake/p.Interval) + 1
			problem(rounds < needed, "step %d %%: a bake of %s has time for %d probes, and %d are needed to judge by: bake for %s, or shorten "+
				"probe.interval from %s", step.Percent, step.Bake, rounds, needed, time.Duration(needed-1)*p.Interval, p.Interval)
		}
		last = step.Percent
	}
	for _, one := range []struct {
		name string
		d    time.Duration
	}{{"probe.pace", p.Before}, {"probe.interval", p.Interval}, {"settle", p.Settle}, {"blind", p.Blind},
		{"candidateWait", p.CandidateWait}, {"metrics.every", p.MetricsEvery}} {
		problem(one.d <= 0, "%s has to be longer than 0", one.name)
	}
	problem(p.Probes.Probes < 1, "probe.count is %d: at least one probe has to be good before traffic", p.Probes.Probes)
	problem(p.Probes.Consecutive < 1, "probe.consecutive is %d: use at least 1", p.Probes.Consecutive)
	problem(p.Inconclusive != Hold && p.Inconclusive != Proceed && p.Inconclusive != Retreat,
		"inconclusive is %q: use hold, proceed or rollback", p.Inconclusive)
	return errors.Join(append(problems, p.Hooks.Validate())...)
}
