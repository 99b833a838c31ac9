package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/guiofsaints/procureflow-platform/internal/webpage"
	"github.com/guiofsaints/procureflow-platform/release/health"
)

func (s story) figures() (list []figure, err error) {
	for _, draw := range []func() (figure, webpage.Chart){s.traffic, s.errors, s.latency, s.probes} {
		f, chart := draw()
		if f.Title == "" {
			continue
		}
		chart.Across = webpage.Across(s.end.Sub(s.begin))
		chart.Label = f.Title + ". " + f.Caption
		if f.Chart, err = chart.HTML(); err != nil {
			return nil, err
		}
		list = append(list, f)
	}
	return list, nil
}

func (s story) at(t time.Time) float64 { return max(0, t.Sub(s.begin).Seconds()) }

// traffic draws each revision's share. The last list is drawn to the end of the scale, which lies after the last event.
func (s story) traffic() (figure, webpage.Chart) {
	if len(s.changes) == 0 {
		return figure{}, webpage.Chart{}
	}
	f := figure{ID: "traffic", Title: "Traffic by revision"}
	chart := webpage.Chart{Up: webpage.Shares()}
	var revisions []string
	for _, c := range s.changes {
		for _, target := range c.list {
			if target.Percent > 0 && !slices.Contains(revisions, name(target)) {
				revisions = append(revisions, name(target))
			}
		}
	}
	top := webpage.Across(s.end.Sub(s.begin)).Top
	for i, c := range s.changes {
		until := top
		if i+1 < len(s.changes) {
			until = s.at(s.changes[i+1].at)
		}
		low := 0
		for series, revision := range revisions {
			share := percent(c.list, revision)
			if share > 0 && until > s.at(c.at) {
				chart.Areas = append(chart.Areas, webpage.Area{From: s.at(c.at), To: until, Low: float64(low), High: float64(low + share),
					Series: s.series(series, revision), Text: fmt.Sprintf("%d %%", share)})
			}
			low += share
		}
	}
	var ends []string
	for series, revision := range revisions {
		share := percent(s.changes[len(s.changes)-1].list, revision)
		f.Key = append(f.Key, key{"area", s.series(series, revision), revision})
		ends = append(ends, fmt.Sprintf("%s %d %%", revision, share))
	}
	f.Caption = "At the end: " + strings.Join(ends, ", ") + "."
	return f, chart
}

// series returns 0 for stable and 1 for the candidate, so that a revision has the same look in every chart.
func (s story) series(position int, revision string) int {
	switch revision {
	case s.stable:
		return 0
	case s.candidate:
		return 1
	}
	return 2 + position%2
}

// errors draws the share of failed requests since each step began, and the share of the candidate's failed probes.
func (s story) errors() (figure, webpage.Chart) {
	f := figure{ID: "errors", Title: "Failed requests, since each step began"}
	chart, most := s.lines(&f, func(m health.Metrics) float64 { return float64(m.Errors) / float64(max(1, m.Requests)) },
		func(seen []health.Sample) float64 {
			return float64(faults(seen)) / float64(len(seen))
		})
	limits := []struct {
		value float64
		text  string
	}{{s.rules.ErrorRatio, "limit for requests: "}, {s.rules.BadRatio, "limit for probes: "}}
	for _, limit := range limits {
		if limit.value > 0 && limit.value < 1 {
			most = max(most, 1.2*limit.value)
			chart.Limits = append(chart.Limits, webpage.Limit{Value: 100 * limit.value, Text: limit.text + percents(limit.value)})
		}
	}
	chart.Up = webpage.Up(100*min(1, most), func(value float64) string { return fmt.Sprintf("%.3g %%", value) })
	for i := range chart.Lines {
		for j := range chart.Lines[i].Points {
			chart.Lines[i].Points[j].Value *= 100
		}
	}
	return f, chart
}

// latency draws the 95th percentile since each step began.
func (s story) latency() (figure, webpage.Chart) {
	f := figure{ID: "latency", Title: "95th percentile of the latency, since each step began"}
	chart, most := s.lines(&f, func(m health.Metrics) float64 { return float64(m.P95.Milliseconds()) }, func(seen []health.Sample) float64 {
		return float64(health.P95(seen).Milliseconds())
	})
	for _, limit := range []struct {
		value time.Duration
		text  string
	}{{s.rules.P95, "limit for requests: "}, {s.rules.ProbeP95, "limit for probes: "}} {
		if limit.value > 0 {
			most = max(most, 1.2*float64(limit.value.Milliseconds()))
			chart.Limits = append(chart.Limits, webpage.Limit{Value: float64(limit.value.Milliseconds()), Text: limit.text + round(limit.value)})
		}
	}
	chart.Up = webpage.Up(most, milliseconds)
	return f, chart
}

// lines draws one number of each revision over time, from Cloud Monitoring and from the probes. Each step begins a new line.
func (s story) lines(f *figure, ofMetrics func(health.Metrics) float64, ofProbes func([]health.Sample) float64) (chart webpage.Chart,
	most float64) {
	seen := [3]bool{}
	lasts := [3]float64{}
	add := func(series int, line []webpage.Point) {
		if len(line) == 0 {
			return
		}
		chart.Lines = append(chart.Lines, webpage.Line{Series: series, Points: line})
		seen[series], lasts[series] = true, line[len(line)-1].Value
		for _, point := range line {
			most = max(most, point.Value)
		}
	}
	for _, p := range s.parts {
		var lines [3][]webpage.Point
		for _, c := range p.counted {
			lines[1] = append(lines[1], webpage.Point{At: s.at(c.at), Value: ofMetrics(c.metrics)})
			if c.stable != nil && c.stable.Requests > 0 {
				lines[0] = append(lines[0], webpage.Point{At: s.at(c.at), Value: ofMetrics(*c.stable)})
			}
		}
		own := only(p.samples, health.Candidate)
		every := max(1, len(own)/12)
		for n := (len(own)-1)%every + 1; n <= len(own); n += every { // The last probe, which may have decided, ends the line.
			lines[2] = append(lines[2], webpage.Point{At: s.at(own[n-1].At), Value: ofProbes(own[:n])})
		}
		for series, line := range lines {
			add(series, line)
		}
	}
	names := [3]string{cmp.Or(s.stable, "stable") + ", requests", cmp.Or(s.candidate, "candidate") + ", requests", cmp.Or(s.candidate,
		"candidate") + ", probes"}
	for series, name := range names {
		if seen[series] {
			f.Key = append(f.Key, key{"line", series, name})
		}
	}
	if !seen[0] && !seen[1] {
		f.Caption = "Cloud Monitoring had counted no request by then: its numbers are about three minutes old."
	} else {
		f.Caption = "Requests are Cloud Monitoring's numbers, the program's own probes among them."
	}
	if !seen[0] && !seen[1] && !seen[2] {
		f.Title = ""
	}
	return chart, most
}

// probes draws every probe by its latency.
func (s story) probes() (figure, webpage.Chart) {
	chart := webpage.Chart{}
	slowest := 0.0
	counts := map[health.Endpoint][2]int{}
	for _, p := range s.parts {
		for _, sample := range p.samples {
			value := float64(sample.Latency) / float64(time.Millisecond)
			slowest = max(slowest, value)
			chart.Dots = append(chart.Dots, webpage.Dot{Point: webpage.Point{At: s.at(sample.At), Value: value}, Bad: !sample.Good(),
				Square: sample.Endpoint == health.Main})
			count := counts[sample.Endpoint]
			if sample.Good() {
				count[0]++
			} else {
				count[1]++
			}
			counts[sample.Endpoint] = count
		}
	}
	if len(chart.Dots) == 0 {
		return figure{}, chart
	}
	chart.Dots = thinned(chart.Dots)
	chart.Up = webpage.Up(slowest, milliseconds)
	own, main := counts[health.Candidate], counts[health.Main]
	f := figure{ID: "probes", Title: "Probes by their latency", Key: []key{{"circle", 1, "candidate's URL"}, {"square", 0, "service's URL"},
		{"cross", 0, "a bad answer of either"}},
		Caption: fmt.Sprintf("Candidate's URL: %d good, %d bad. Service's URL: %d good, %d bad.", own[0], own[1], main[0], main[1])}
	return f, chart
}

// thinned keeps every bad dot, and only as many good ones as keep the page small.
func thinned(dots []webpage.Dot) (kept []webpage.Dot) {
	const most = 600
	every := 1 + len(dots)/most
	for i, dot := range dots {
		if dot.Bad || i%every == 0 {
			kept = append(kept, dot)
		}
	}
	return kept
}
