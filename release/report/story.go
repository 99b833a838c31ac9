package report

import (
	"cmp"
	"fmt"
	"html/template"
	"strings"
	"time"

	"github.com/guiofsaints/procureflow-platform/release/health"
	"github.com/guiofsaints/procureflow-platform/release/plan"
	"github.com/guiofsaints/procureflow-platform/release/rollout"
)

// story holds a release's events as numbers for charts and tables.
type story struct {
	begin, end time.Time
	rules      rollout.Rules
	known      bool // The journal contains the policy's rules.
	candidate  string
	stable     string
	changes    []change
	parts      []part
}

// change is a traffic list and the time from which it holds.
type change struct {
	at   time.Time
	list []plan.Target
}

// part holds one step's numbers.
type part struct {
	percent int
	samples []health.Sample
	counted []counted
	verdict rollout.Event // The last decision; its Kind is empty if there was none.
}

// counted is what Cloud Monitoring had counted at a time.
type counted struct {
	at      time.Time
	metrics health.Metrics
	stable  *health.Metrics
}

func newStory(events []rollout.Event) story {
	s := story{begin: events[0].At, end: events[len(events)-1].At, candidate: candidate(events)}
	for _, event := range events {
		s.stable = cmp.Or(event.Stable, s.stable)
		if event.Rules != nil {
			s.rules, s.known = *event.Rules, true
		}
		if len(s.changes) == 0 && len(event.Before) > 0 {
			s.changes = append(s.changes, change{s.begin, event.Before})
		}
		if event.Answer == "accepted" && (len(s.changes) == 0 || !sameSplit(s.changes[len(s.changes)-1].list, event.After)) {
			s.changes = append(s.changes, change{event.At, event.After})
		}
		if event.Kind != "probes" && event.Kind != "decide" {
			continue
		}
		if len(s.parts) == 0 || s.parts[len(s.parts)-1].percent != event.Percent {
			s.parts = append(s.parts, part{percent: event.Percent})
		}
		now := &s.parts[len(s.parts)-1]
		now.samples = append(now.samples, event.Samples...)
		if event.Metrics != nil {
			now.counted = append(now.counted, counted{event.At, *event.Metrics, event.StableMetrics})
		}
		if event.Kind == "decide" {
			now.verdict = event
		}
	}
	return s
}

// sameSplit says that two lists have the same percents, whatever their tags.
func sameSplit(a, b []plan.Target) bool {
	return plan.Service{LatestReady: name(plan.Target{})}.SamePercents(a, b)
}

// Number is one number of a release with the limit that it is judged by.
type Number struct {
	// Name says what is measured. Value and Limit are in words with their units, such as 80 ms and "at most 1 s".
	Name  string `json:"name"`
	Value string `json:"value"`
	Limit string `json:"limit"`
	// Stable is the same number of the stable revision.
	Stable string `json:"stable,omitempty"`
	// State is within, over or not judged. Class is its class in the style sheet.
	State string `json:"state"`
	Class string `json:"-"`
}

// Numbers returns a release's newest numbers with their limits.
func Numbers(release Release) []Number {
	events := release.Events()
	if len(events) == 0 {
		return nil
	}
	return newStory(events).gates()
}

// gates returns the numbers of the last step, which decided.
func (s story) gates() (list []Number) {
	if len(s.parts) == 0 {
		return nil
	}
	last := s.parts[len(s.parts)-1]
	add := func(name, value, stable string, number, limit float64, text string) {
		n := Number{Name: name, Value: value, Stable: stable, Limit: "at most " + text, State: "not judged", Class: "plain"}
		switch {
		case !s.known:
			n.Limit = "not recorded"
		case limit <= 0:
			n.Limit = "none"
		case number > limit:
			n.State, n.Class = "over", "bad"
		default:
			n.State, n.Class = "within", "good"
		}
		list = append(list, n)
	}
	if own := only(last.samples, health.Candidate); len(own) > 0 {
		bad, p95 := faults(own), health.P95(own)
		add("Failed probes", ratio(bad, len(own)), "", float64(bad)/float64(len(own)), s.rules.BadRatio, percents(s.rules.BadRatio))
		add("p95 of the probes", round(p95), "", p95.Seconds(), s.rules.ProbeP95.Seconds(), round(s.rules.ProbeP95))
	}
	if n := len(last.counted); n > 0 {
		seen, failed, p95 := last.counted[n-1], "", ""
		if seen.stable != nil && seen.stable.Requests > 0 {
			failed, p95 = ratio(seen.stable.Errors, seen.stable.Requests), round(seen.stable.P95)
		}
		share := float64(seen.metrics.Errors) / float64(max(1, seen.metrics.Requests))
		add("Failed requests", ratio(seen.metrics.Errors, seen.metrics.Requests), failed, share, s.rules.ErrorRatio,
			percents(s.rules.ErrorRatio))
		add("p95 of the requests", round(seen.metrics.P95), p95, seen.metrics.P95.Seconds(), s.rules.P95.Seconds(), round(s.rules.P95))
	}
	return list
}

// steps returns the rows of the table of steps.
func (s story) steps() (list []step) {
	for _, p := range s.parts {
		own, main := only(p.samples, health.Candidate), only(p.samples, health.Main)
		one := step{Name: fmt.Sprintf("%d %%", p.percent), Probes: fmt.Sprintf("%d good, %d bad", len(own)-faults(own), faults(own)),
			ProbeP95: "–",
			Requests: "–", P95: "–", Stable: "–", Verdict: "no decision", Class: "plain"}
		if p.percent == 0 {
			one.Name = "before traffic"
		}
		if bad := faults(main); bad > 0 {
			one.Probes += fmt.Sprintf("; of the service's URL %d bad", bad)
		}
		if len(own) > 0 {
			one.ProbeP95 = round(health.P95(own))
		}
		if n := len(p.counted); n > 0 {
			seen := p.counted[n-1]
			one.Requests, one.P95 = ratio(seen.metrics.Errors, seen.metrics.Requests), round(seen.metrics.P95)
			if seen.stable != nil {
				one.Stable = ratio(seen.stable.Errors, seen.stable.Requests)
			}
		}
		if p.verdict.Kind != "" {
			words, class := what(p.verdict)
			_, one.Verdict, _ = strings.Cut(words, ": ")
			one.Class = class
		}
		list = append(list, one)
	}
	return list
}

// figure is a chart with its title, its legend and its content in words.
type figure struct {
	ID, Title, Caption string
	Chart              template.HTML
	Key                []key
}

// key explains one mark of the legend. Kind is area, line, circle, square or cross.
type key struct {
	Kind   string
	Series int
	Text   string
}

func name(target plan.Target) string { return cmp.Or(target.Revision, "the latest") }

func percent(list []plan.Target, revision string) (sum int) {
	for _, target := range list {
		if name(target) == revision {
			sum += target.Percent
		}
	}
	return sum
}

func only(samples []health.Sample, endpoint health.Endpoint) (list []health.Sample) {
	for _, sample := range samples {
		if sample.Endpoint == endpoint {
			list = append(list, sample)
		}
	}
	return list
}

func faults(samples []health.Sample) (bad int) {
	for _, sample := range samples {
		if !sample.Good() {
			bad++
		}
	}
	return bad
}

func ratio(part, whole int) string {
	if whole == 0 {
		return "none"
	}
	return fmt.Sprintf("%d of %d (%s)", part, whole, percents(float64(part)/float64(whole)))
}

func percents(share float64) string { return fmt.Sprintf("%.3g %%", 100*share) }

func milliseconds(value float64) string {
	if value >= 1000 {
		return fmt.Sprintf("%.3g s", value/1000)
	}
	return fmt.Sprintf("%.3g ms", value)
}

func round(d time.Duration) string { return milliseconds(float64(d.Microseconds()) / 1000) }
