package console

import (
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/internal/webpage"
)

// seriesOf gives each revision that had a share, or answered, a colour and pattern of its own. The first revision has
// the plain one.
func seriesOf(service string, samples []sample) map[string]int {
	series := map[string]int{}
	for _, m := range samples {
		s := m.services[service]
		for _, names := range [][]string{slices.Sorted(maps.Keys(s.shares)), slices.Sorted(maps.Keys(s.answers))} {
			for _, name := range names {
				if _, known := series[name]; !known && (s.shares[name] > 0 || s.answers[name].all > 0) {
					series[name] = len(series)
				}
			}
		}
	}
	return series
}

func across(samples []sample) (scale webpage.Scale, at func(sample) float64) {
	first := samples[0].at
	scale = webpage.Across(samples[len(samples)-1].at.Sub(first))
	// Times in the past are counted from now.
	for i := range scale.Ticks {
		scale.Ticks[i].Text = strings.Replace(scale.Ticks[i].Text, "+", "", 1)
	}
	return scale, func(m sample) float64 { return m.at.Sub(first).Seconds() }
}

// traffic draws the share of each revision.
func traffic(service string, samples []sample, series map[string]int) (template.HTML, error) {
	scale, at := across(samples)
	chart := webpage.Chart{Across: scale, Up: webpage.Shares()}
	names := slices.SortedFunc(maps.Keys(series), func(a, b string) int { return series[a] - series[b] })
	for i := 0; i < len(samples); {
		same := i
		for same+1 < len(samples) && maps.Equal(samples[same+1].services[service].shares, samples[i].services[service].shares) {
			same++
		}
		end := scale.Top
		if same+1 < len(samples) {
			end = at(samples[same+1])
		} else if last := at(samples[len(samples)-1]); last > 0 {
			end = min(end, last+every.Seconds())
		}
		low := 0
		for _, name := range names {
			share := samples[i].services[service].shares[name]
			if share > 0 {
				chart.Areas = append(chart.Areas, webpage.Area{From: at(samples[i]), To: end, Low: float64(low), High: float64(low + share),
					Series: series[name], Text: fmt.Sprintf("%d %%", share)})
			}
			low += share
		}
		i = same + 1
	}
	now := samples[len(samples)-1].services[service]
	var shares []string
	for _, name := range names {
		shares = append(shares, fmt.Sprintf("%s %d %%", name, now.shares[name]))
	}
	chart.Label = "Traffic by revision over the last minutes. Now: " + strings.Join(shares, ", ") + "."
	return chart.HTML()
}

// answered draws how many answers a second each revision gave, and marks the seconds with failed ones.
func answered(service string, samples []sample, series map[string]int) (template.HTML, error) {
	scale, at := across(samples)
	chart := webpage.Chart{Across: scale}
	most, failed := 0.0, int64(0)
	for _, name := range slices.SortedFunc(maps.Keys(series), func(a, b string) int { return series[a] - series[b] }) {
		var line []webpage.Point
		const wide = 3 // A rate covers these seconds, because a single second has too few visitors.
		for i := wide; i < len(samples); i += wide {
			now, before := samples[i].services[service].answers[name], samples[i-wide].services[service].answers[name]
			seconds := samples[i].at.Sub(samples[i-wide].at).Seconds()
			if seconds <= 0 || now.all < before.all {
				continue
			}
			rate := float64(now.all-before.all) / seconds
			most = max(most, rate)
			line = append(line, webpage.Point{At: at(samples[i]), Value: rate})
			if now.failed > before.failed {
				failed += now.failed - before.failed
				chart.Dots = append(chart.Dots, webpage.Dot{Point: webpage.Point{At: at(samples[i]), Value: rate}, Bad: true})
			}
		}
		chart.Lines = append(chart.Lines, webpage.Line{Series: series[name], Points: line})
	}
	chart.Up = webpage.Up(max(most, 1), func(value float64) string { return fmt.Sprintf("%.3g/s", value) })
	chart.Label = fmt.Sprintf("Answers a second by revision over the last minutes; %d of them failed.", failed)
	return chart.HTML()
}
