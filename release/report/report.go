// Package report draws the journal of releases as one self-contained page: traffic over time by revision, probes and their latency,
// decisions with their reasons. It needs no network and no script, fits a phone, and says nothing by colour alone.
package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"

	"github.com/guiofsaints/procureflow-platform/release/health"
	"github.com/guiofsaints/procureflow-platform/release/plan"
	"github.com/guiofsaints/procureflow-platform/release/rollout"
)

// Run is one command's events.
type Run struct {
	Command, Service, Environment, Who string
	Events                             []rollout.Event
}

//go:embed page.html
var source string

var page = template.Must(template.New("page").Parse(source))

// Render makes the page, the newest command first.
func Render(runs []Run) ([]byte, error) {
	var views []view
	for i := len(runs) - 1; i >= 0; i-- {
		if len(runs[i].Events) > 0 {
			views = append(views, newView(runs[i]))
		}
	}
	var out bytes.Buffer
	if err := page.Execute(&out, views); err != nil {
		return nil, fmt.Errorf("render the report: %w", err)
	}
	return out.Bytes(), nil
}

// view is a run as the page shows it.
type view struct {
	Run
	Begin, Outcome, Duration string
	Why                      []string
	Bands                    []band
	Ticks                    []tick
	Points                   []point
	Limit                    string // The latency at the chart's upper edge.
	Good, Bad                int
	Decisions                []decision
	Width, Height            int
}

// band is one revision's share over time: a stepped area with a pattern of its own.
type band struct {
	Revision, Path string
	Pattern        int
	Last           int
}

type tick struct {
	X     float64
	Label string
}

// point is one probe: a circle for a good one, a cross for a bad one.
type point struct {
	X, Y  float64
	Bad   bool
	Main  bool
	Title string
}

type decision struct {
	At, Kind, Traffic string
	Why               string
}

// The charts' size in their own units; the page scales them.
const width, height = 600, 160

func newView(run Run) view {
	first, last := run.Events[0].At, run.Events[len(run.Events)-1].At
	span := max(last.Sub(first), time.Second)
	x := func(at time.Time) float64 { return clamp(float64(at.Sub(first)) / float64(span) * width) }
	v := view{Run: run, Begin: first.UTC().Format("2006-01-02 15:04:05 UTC"), Duration: span.Round(100 * time.Millisecond).String(),
		Width: width, Height: height}
	for i := range 5 {
		v.Ticks = append(v.Ticks, tick{float64(i) * width / 4, "+" + (span * time.Duration(i) / 4).Round(time.Second).String()})
	}
	slowest := 100 * time.Millisecond
	var samples []health.Sample
	type change struct {
		at   time.Time
		list []plan.Target
	}
	var changes []change
	for _, event := range run.Events {
		if event.Kind == "end" {
			v.Outcome, v.Why = string(event.Outcome), event.Why
		}
		if len(changes) == 0 && len(event.Before) > 0 {
			changes = append(changes, change{first, event.Before})
		}
		if event.Answer == "accepted" {
			changes = append(changes, change{event.At, event.After})
		}
		if shown(event) {
			v.Decisions = append(v.Decisions, decision{event.At.UTC().Format("15:04:05.0"), label(event), plan.Describe(event.After),
				strings.Join(event.Why, "; ")})
		}
		samples = append(samples, event.Samples...)
	}
	for _, sample := range samples {
		slowest = max(slowest, sample.Latency)
	}
	v.Limit = slowest.Round(time.Millisecond).String()
	for _, sample := range samples {
		p := point{X: x(sample.At), Y: height - float64(sample.Latency)/float64(slowest)*height, Bad: !sample.Good(),
			Main: sample.Endpoint == health.Main,
			Title: fmt.Sprintf("%s %s %s %s", sample.At.UTC().Format("15:04:05"), sample.Endpoint, sample.Latency.Round(time.Millisecond),
				sample.Fault)}
		if v.Points = append(v.Points, p); p.Bad {
			v.Bad++
		} else {
			v.Good++
		}
	}
	if v.Outcome == "" {
		v.Outcome = "cut off"
	}
	var revisions []string
	for _, c := range changes {
		for _, target := range c.list {
			if target.Percent > 0 && !slices.Contains(revisions, name(target)) {
				revisions = append(revisions, name(target))
			}
		}
	}
	for i, revision := range revisions {
		upper, lower := []string{}, []string{}
		share := 0
		for j, c := range changes {
			low := 0
			for _, other := range revisions[:i] {
				low += percent(c.list, other)
			}
			share = percent(c.list, revision)
			end := float64(width)
			if j+1 < len(changes) {
				end = x(changes[j+1].at)
			}
			begin := x(c.at)
			upper = append(upper, corner(begin, low+share), corner(end, low+share))
			lower = append(lower, corner(begin, low), corner(end, low))
		}
		slices.Reverse(lower)
		v.Bands = append(v.Bands, band{Revision: revision, Path: "M" + strings.Join(append(upper, lower...), "L") + "Z", Pattern: i % 4,
			Last: share})
	}
	return v
}

func corner(x float64, percent int) string {
	return fmt.Sprintf("%.1f %.1f", x, height-float64(percent)/100*height)
}

func clamp(x float64) float64 { return min(max(x, 0), width) }

func name(target plan.Target) string {
	if target.Revision == "" {
		return "the latest"
	}
	return target.Revision
}

func percent(list []plan.Target, revision string) (sum int) {
	for _, target := range list {
		if name(target) == revision {
			sum += target.Percent
		}
	}
	return sum
}

// shown leaves out what a reader does not need: probes are in the chart, and a sent write is followed by its answer.
func shown(event rollout.Event) bool { return event.Kind != "probes" && event.Answer != "sent" }

func label(event rollout.Event) string {
	switch {
	case event.Answer != "" && event.Answer != "accepted":
		return event.Kind + " (" + event.Answer + ")"
	case event.Kind == "decide":
		return fmt.Sprintf("gate at %d %%", event.Percent)
	case event.Kind == "end":
		return string(event.Outcome)
	}
	return event.Kind
}
