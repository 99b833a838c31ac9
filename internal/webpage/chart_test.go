package webpage

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func texts(scale Scale) string {
	var list []string
	for _, tick := range scale.Ticks {
		list = append(list, tick.Text)
	}
	return strings.Join(list, " ")
}

// TestAcross checks that the ticks are evenly spaced, at times that people read, and that the last tick lies after the last value.
func TestAcross(t *testing.T) {
	t.Parallel()
	for span, want := range map[time.Duration]string{
		0:                        "+0 s +1 s",
		time.Second:              "+0 s +1 s +2 s",
		4 * time.Second:          "+0 s +1 s +2 s +3 s +4 s +5 s",
		29 * time.Second:         "+0 s +10 s +20 s +30 s +40 s",
		40 * time.Second:         "+0 s +10 s +20 s +30 s +40 s +50 s",
		97 * time.Second:         "+0 s +30 s +60 s +90 s +2 min",
		15*time.Minute + 40e9:    "+0 s +5 min +10 min +15 min +20 min",
		3 * time.Hour:            "+0 s +1 h +2 h +3 h +4 h",
		50 * time.Hour:           "+0 s +12 h +24 h +36 h +48 h +60 h",
		400 * 24 * time.Hour:     "+0 s +1680 h +3360 h +5040 h +6720 h +8400 h +10080 h",
		27 * time.Minute:         "+0 s +5 min +10 min +15 min +20 min +25 min +30 min",
		time.Hour + 12*time.Hour: "+0 s +6 h +12 h +18 h",
	} {
		scale := Across(span)
		assert.Equal(t, want, texts(scale), span)
		assert.Equal(t, scale.Top, scale.Ticks[len(scale.Ticks)-1].At)
		assert.Greater(t, scale.Top, span.Seconds(), span)
	}
}

func TestUp(t *testing.T) {
	t.Parallel()
	plain := func(value float64) string { return fmt.Sprintf("%g", value) }
	for most, want := range map[float64]string{
		0: "0 0.25 0.5 0.75 1", 1: "0 0.25 0.5 0.75 1", 2.4: "0 1 2 3",
		5: "0 2.5 5", 7: "0 2.5 5 7.5", 9.9: "0 2.5 5 7.5 10", 0.02: "0 0.005 0.01 0.015 0.02",
		123: "0 50 100 150", 2000: "0 500 1000 1500 2000",
	} {
		scale := Up(most, plain)
		assert.Equal(t, want, texts(scale), most)
		assert.GreaterOrEqual(t, scale.Top, most)
	}
}

func TestSpan(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{0: "0 s", 90 * time.Second: "90 s",
		2 * time.Minute: "2 min", 150 * time.Second: "2 min 30 s",
		time.Hour: "1 h", 90*time.Minute + 5e9: "1 h 30 min"} {
		assert.Equal(t, want, Span(d))
	}
}

// TestChartIsEscapedAndKeepsItsEdges checks that text from a journal is escaped, and that nothing is drawn outside the chart.
func TestChartIsEscapedAndKeepsItsEdges(t *testing.T) {
	t.Parallel()
	const evil = `"><script>alert(1)</script>`
	chart := Chart{Label: evil, Across: Across(10 * time.Second), Up: Shares(),
		Areas:  []Area{{From: 0, To: 99, Low: -5, High: 500, Series: 7, Text: evil}},
		Lines:  []Line{{Series: 1, Points: []Point{{1, 10}, {2, 1e9}}}},
		Dots:   []Dot{{Point: Point{1, 1}, Bad: true}, {Point: Point{1, 1}, Square: true}, {Point: Point{-3, 1}}},
		Limits: []Limit{{Value: 20, Text: evil}}}
	drawn, err := chart.HTML()
	require.NoError(t, err)
	assert.NotContains(t, string(drawn), "<script")
	assert.NotContains(t, string(drawn), `""`)
	assert.Contains(t, string(drawn), `<rect class="area s3" x="0.00%" y="0.0" width="100.00%" height="150.0"/>`)
	assert.Contains(t, string(drawn), `<line class="line s1" x1="8.33%" y1="135.0" x2="16.67%" y2="0.0"/>`)
	assert.Contains(t, string(drawn), `<circle class="good s1" cx="0.00%"`)
}
