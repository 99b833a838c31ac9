package backtest

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/guiofsaints/procureflow-platform/release/rollout"
)

// Decision says how one simulated release ended (released, held or back), after how long, and how many visitors had met the fault by
// then.
type Decision struct {
	Outcome string
	Took    time.Duration
	Hit     float64
}

// Summary sums up many releases of one kind. Back, Held and Released are percents, Median is the time to the decision, and Hit is the
// average number of visitors who met the fault.
type Summary struct {
	Back, Held, Released int
	Median               time.Duration
	Hit                  float64
}

// Simulate runs a number of releases, each with its own seed.
func Simulate(way func(*World) Decision, f Fault, perSecond float64, times int) Summary {
	decisions := make([]Decision, times)
	var group sync.WaitGroup
	for part := range runtime.NumCPU() {
		group.Go(func() {
			for seed := part; seed < times; seed += runtime.NumCPU() {
				decisions[seed] = way(newWorld(uint64(seed), f, perSecond))
			}
		})
	}
	group.Wait()
	var s Summary
	var took []time.Duration
	for _, d := range decisions {
		switch d.Outcome {
		case "back":
			s.Back++
		case "held":
			s.Held++
		case "released":
			s.Released++
		}
		took = append(took, d.Took)
		s.Hit += d.Hit / float64(times)
	}
	slices.Sort(took)
	s.Median = took[len(took)/2]
	percent := func(n int) int { return (100*n + times/2) / times }
	s.Back, s.Held, s.Released = percent(s.Back), percent(s.Held), percent(s.Released)
	return s
}

// String words the summary as docs/performance.md shows it.
func (s Summary) String() string {
	hit := fmt.Sprintf("%.1f", s.Hit)
	if s.Hit >= 9.95 {
		hit = fmt.Sprintf("%.0f", s.Hit)
	}
	return fmt.Sprintf("%d/%d/%d · %s · %s", s.Back, s.Held, s.Released, s.Median.Round(time.Second), hit)
}

// By returns a function that runs a release with the real controller and a policy, whose hooks and windows do not count: the world has no
// jobs and one day.
func By(policy rollout.Policy) func(*World) Decision {
	policy.Hooks, policy.Windows = rollout.Policy{}.Hooks, rollout.Policy{}.Windows
	return func(w *World) Decision {
		controller := rollout.Controller{Service: w, Prober: w, Metrics: w, Clock: w, Journal: w, Policy: policy}
		result := controller.Rollout(context.Background(), rollout.Request{})
		outcome := map[rollout.Outcome]string{rollout.Released: "released", rollout.RolledBack: "back", rollout.Held: "held"}[result.Outcome]
		if outcome == "" { // Nothing fails in this world except by its fault.
			panic(fmt.Sprintf("a simulated release ended as %s: %v", result.Outcome, result.Why))
		}
		return Decision{outcome, result.Elapsed, w.hit}
	}
}

// Tried is the result of one fault under two policies.
type Tried struct {
	// Fault is the fault's name. Visible says that probes meet it. Was is the result of the present policy, and Is that of the new one.
	Fault   string  `json:"fault"`
	Visible bool    `json:"visibleToProbes"`
	Was     Summary `json:"before"`
	Is      Summary `json:"after"`
}

// Verdict says what the second policy does better or worse: what it catches, misses, holds or delays. It leaves out differences so small
// that a hundred releases show them by chance.
func (t Tried) Verdict() string {
	const luck = 5 // Percent.
	what := ""
	add := func(format string, arguments ...any) {
		if what != "" {
			what += ", "
		}
		what += fmt.Sprintf(format, arguments...)
	}
	healthy := t.Fault == Faults[0].Name
	switch more := t.Is.Back - t.Was.Back; {
	case more > luck && healthy:
		add("%d %% more false alarms", more)
	case more < -luck && healthy:
		add("%d %% fewer false alarms", -more)
	case more > luck:
		add("catches %d %% more", more)
	case more < -luck:
		add("misses %d %% more", -more)
	}
	switch more := t.Is.Held - t.Was.Held; {
	case more > luck:
		add("holds %d %% more", more)
	case more < -luck:
		add("holds %d %% fewer", -more)
	}
	switch later := (t.Is.Median - t.Was.Median).Round(time.Second); {
	case later > t.Was.Median/10:
		add("%s later", later)
	case later < -t.Was.Median/10:
		add("%s earlier", -later)
	}
	if what == "" {
		return "the same"
	}
	return what
}

// Try runs every fault under both policies.
func Try(was, is rollout.Policy, perSecond float64, times int) (list []Tried) {
	for _, f := range Faults {
		list = append(list, Tried{Fault: f.Name, Visible: !f.Hidden, Was: Simulate(By(was), f, perSecond, times), Is: Simulate(By(is), f,
			perSecond, times)})
	}
	return list
}
