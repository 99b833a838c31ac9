package webpage

import (
	_ "embed"
	"fmt"
	"html/template"
	"math"
	"strings"
	"time"
)

// Chart is a picture over time, drawn as inline SVG. Values go from 0 to the top of each scale. Horizontal places are in percent of
// the page's width, so that text keeps its size on a phone.
type Chart struct {
	// Label says what the picture shows, for people who cannot see it. Required.
	Label string
	// Across is the time and Up the value. Required.
	Across, Up Scale
	// Areas are drawn first, then Limits, Lines and Dots.
	Areas  []Area
	Lines  []Line
	Dots   []Dot
	Limits []Limit
}

// Scale goes from 0 to Top.
type Scale struct {
	// Top is the largest value. Ticks are the values that are marked on the axis.
	Top   float64
	Ticks []Tick
}

// Tick is one marked value of a scale.
type Tick struct {
	// At is the value in the units of the scale, and Text what is written next to it.
	At   float64
	Text string
}

// Area is a rectangle between two times and two values.
type Area struct {
	// From and To are times, and Low and High are values, in the units of the scales.
	From, To, Low, High float64
	// Series chooses colour and pattern, 0 to 3.
	Series int
	// Text is written into the shape if there is room.
	Text string
}

// Line joins points.
type Line struct {
	// Series chooses colour and pattern, 0 to 3.
	Series int
	Points []Point
}

// Point is a value at a time.
type Point struct{ At, Value float64 }

// Dot is one observation: a circle if it is good, a square for the service's URL, a cross if it is bad.
type Dot struct {
	Point
	Bad, Square bool
}

// Limit is a value to compare the others with.
type Limit struct {
	// Value is in the units of Up, and Text is written next to the line.
	Value float64
	Text  string
}

//go:embed chart.html
var chartSource string

var chartPage = template.Must(template.New("chart").Parse(chartSource))

// plotHeight is the chart's height in pixels without the scale below it.
const plotHeight = 150

// These types are the template's form of a chart: places in percent and pixels, as text.
type (
	box  struct{ X, Y, W, H, Class, Text, TextX, TextY string }
	part struct{ X1, Y1, X2, Y2, Class, Text, TextY string }
	mark struct {
		X, Y        string
		Bad, Square bool
	}
	drawing struct {
		Label             string
		Bottom            int
		Boxes             []box
		Up, Across, Lines []part
		Limits            []part
		Marks             []mark
	}
)

// HTML draws the chart. It uses the classes of [Style], and has no script and no other style.
func (c Chart) HTML() (template.HTML, error) {
	var out strings.Builder
	if err := chartPage.Execute(&out, c.drawing()); err != nil {
		return "", fmt.Errorf("draw %q: %w", c.Label, err)
	}
	return template.HTML(out.String()), nil // The template has escaped the text.
}

func (c Chart) drawing() drawing {
	d := drawing{Label: c.Label, Bottom: plotHeight}
	for _, area := range c.Areas {
		d.Boxes = append(d.Boxes, c.box(area))
	}
	for _, tick := range c.Up.Ticks {
		y := c.y(tick.At)
		d.Up = append(d.Up, part{Y1: pixels(y), TextY: pixels(y + 4), Text: tick.Text})
	}
	for i, tick := range c.Across.Ticks {
		of := part{X1: c.x(tick.At), Text: tick.Text}
		if i%2 == 1 && len(c.Across.Ticks) > 4 {
			of.Class = "second" // Narrow pages leave these out.
		}
		d.Across = append(d.Across, of)
	}
	for _, limit := range c.Limits {
		y := c.y(limit.Value)
		text := y - 5
		if text < 10 {
			text = y + 14
		}
		d.Limits = append(d.Limits, part{Y1: pixels(y), TextY: pixels(text), Text: limit.Text})
	}
	for _, line := range c.Lines {
		for i, point := range line.Points {
			if i > 0 {
				before := line.Points[i-1]
				d.Lines = append(d.Lines, part{X1: c.x(before.At), Y1: pixels(c.y(before.Value)),
					X2: c.x(point.At), Y2: pixels(c.y(point.Value)), Class: series(line.Series)})
			}
			d.Lines = append(d.Lines, part{X1: c.x(point.At), Y1: pixels(c.y(point.Value)), Class: series(line.Series)})
		}
	}
	for _, dot := range c.Dots {
		d.Marks = append(d.Marks, mark{X: c.x(dot.At), Y: pixels(c.y(dot.Value)), Bad: dot.Bad, Square: dot.Square})
	}
	return d
}

func (c Chart) box(area Area) box {
	high, low := c.y(area.High), c.y(area.Low)
	b := box{X: c.x(area.From), Y: pixels(high), W: percent((area.To - area.From) / c.Across.Top), H: pixels(low - high),
		Class: series(area.Series), TextX: c.x((area.From + area.To) / 2), TextY: pixels((high+low)/2 + 4)}
	if (area.To-area.From)/c.Across.Top > 0.12 && low-high >= 14 {
		b.Text = area.Text
	}
	return b
}

// Height is the height of the whole picture. TickEnd is where the marks below it end, and TextBase is the base line of their text.
func (d drawing) Height() int   { return d.Bottom + 26 }
func (d drawing) TickEnd() int  { return d.Bottom + 5 }
func (d drawing) TextBase() int { return d.Bottom + 19 }

func (c Chart) x(at float64) string { return percent(at / c.Across.Top) }

func (c Chart) y(value float64) float64 {
	return plotHeight * (1 - math.Min(1, math.Max(0, value/c.Up.Top)))
}

func percent(share float64) string {
	return fmt.Sprintf("%.2f%%", 100*math.Min(1, math.Max(0, share)))
}
func pixels(y float64) string { return fmt.Sprintf("%.1f", y) }
func series(n int) string     { return fmt.Sprintf("s%d", n%4) }

// Up returns a scale for values up to most, with even ticks.
func Up(most float64, text func(float64) string) Scale {
	if most <= 0 {
		most = 1
	}
	step := math.Pow(10, math.Floor(math.Log10(most)))
	for _, part := range []float64{0.2, 0.25, 0.5, 1} {
		if most/(step*part) <= 4.0001 {
			step *= part
			break
		}
	}
	if most/step > 4.0001 {
		step *= 2.5
	}
	scale := Scale{Top: step * math.Ceil(most/step-1e-9)}
	for i := 0; float64(i)*step <= scale.Top*1.0001; i++ {
		scale.Ticks = append(scale.Ticks, Tick{At: float64(i) * step, Text: text(float64(i) * step)})
	}
	return scale
}

// Shares is the scale of shares, from 0 to 100 %.
func Shares() Scale {
	return Scale{Top: 100, Ticks: []Tick{{0, "0 %"}, {50, "50 %"}, {100, "100 %"}}}
}

// steps are the times between ticks that people read easily.
var steps = []time.Duration{time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour}

// Across returns a scale in seconds for a span of time. Its last tick lies after the span, so that the last event has a width.
func Across(span time.Duration) Scale {
	const most = 6
	room := span + span/25
	step := 24 * time.Hour * time.Duration(math.Ceil(room.Hours()/24/most))
	for _, one := range steps {
		if room <= most*one {
			step = one
			break
		}
	}
	count := int(math.Ceil(float64(room) / float64(step)))
	scale := Scale{Top: (step * time.Duration(max(1, count))).Seconds()}
	for i := 0; i <= max(1, count); i++ {
		scale.Ticks = append(scale.Ticks, Tick{At: (time.Duration(i) * step).Seconds(), Text: "+" + Span(time.Duration(i)*step)})
	}
	return scale
}

// Span writes a duration as people do: 90 s, 5 min, 1 h 30 min.
func Span(d time.Duration) string {
	d = d.Round(time.Second)
	if d < 2*time.Minute {
		return fmt.Sprintf("%d s", int(d.Seconds()))
	}
	hours, minutes, seconds := int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60
	switch {
	case hours > 0 && minutes == 0:
		return fmt.Sprintf("%d h", hours)
	case hours > 0:
		return fmt.Sprintf("%d h %d min", hours, minutes)
	case seconds == 0:
		return fmt.Sprintf("%d min", minutes)
	}
	return fmt.Sprintf("%d min %d s", minutes, seconds)
}
