// Package windows decides when a release may start. It is pure: its input is a time and an environment's windows.
//
// A window uses the local time of its time zone. When clocks go forward, the skipped hour is in no window. When they go back, the
// repeated hour counts twice.
package windows

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/guiofsaints/procureflow-platform/internal/problems"
)

// Windows are the times at which releases may start. The zero value means always.
type Windows struct {
	// Zone is the time zone of the windows.
	Zone *time.Location
	// Open are the hours of the week. On the days in Closed, they do not apply.
	Open   []Span
	Closed []Days
}

// Span is a part of some days of the week.
type Span struct {
	Days []time.Weekday
	// From and To are minutes after midnight. The span ends just before To; 1440 is the end of the day.
	From, To int
}

// Days are dates from the first to the last, both included: 20261224 is 2026-12-24.
type Days struct{ First, Last int }

func day(year int, month time.Month, day int) int { return year*10000 + int(month)*100 + day }

// Verdict says whether a release may start at a time.
type Verdict struct {
	// Open says that a release may start.
	Open bool
	// Why says so in words; empty for windows that are always open.
	Why string
	// Until is the time of the next change: an open window closes, or the next one opens. Zero if nothing changes within a year.
	Until time.Time
}

const (
	endOfDay = 24 * 60
	// ahead is how far At looks for the next change.
	ahead = 366 * 24 * time.Hour
	clock = "Mon 2006-01-02 15:04 MST"
)

// At says whether a release may start at a time.
func (w Windows) At(now time.Time) Verdict {
	if len(w.Open) == 0 {
		return Verdict{Open: true}
	}
	open := w.open(now)
	verdict := Verdict{Open: open, Why: fmt.Sprintf("it is %s, %s", now.In(w.Zone).Format(clock), w.why(now))}
	// The loop tries each minute: a year has only half a million of them, and the code needs no rule about changing clocks.
	for at := now.Truncate(time.Minute).Add(time.Minute); at.Before(now.Add(ahead)); at = at.Add(time.Minute) {
		if w.open(at) != open {
			verdict.Until = at.In(w.Zone)
			break
		}
	}
	until := verdict.Until.Format(clock)
	switch {
	case verdict.Until.IsZero() && !open:
		verdict.Why += "; no window opens within a year"
	case !verdict.Until.IsZero() && open:
		verdict.Why += ", until " + until
	case !verdict.Until.IsZero():
		verdict.Why += "; the next window opens " + until
	}
	return verdict
}

func (w Windows) open(at time.Time) bool {
	_, open := w.span(at)
	return open && w.closed(at) == nil
}

// closed returns the closed days that contain a time.
func (w Windows) closed(at time.Time) *Days {
	local := at.In(w.Zone)
	today := day(local.Date())
	for _, days := range w.Closed {
		if days.First <= today && today <= days.Last {
			return &days
		}
	}
	return nil
}

// span returns the part of the week that contains a time.
func (w Windows) span(at time.Time) (Span, bool) {
	local := at.In(w.Zone)
	minute := local.Hour()*60 + local.Minute()
	for _, span := range w.Open {
		if span.From <= minute && minute < span.To && slices.Contains(span.Days, local.Weekday()) {
			return span, true
		}
	}
	return Span{}, false
}

func (w Windows) why(at time.Time) string {
	if closed := w.closed(at); closed != nil {
		return fmt.Sprintf("and releases are closed on %s", closed)
	}
	if span, ok := w.span(at); ok {
		return fmt.Sprintf("in the window %s", span)
	}
	return fmt.Sprintf("outside of the windows %s", w)
}

// String lists the windows with their zone.
func (w Windows) String() string {
	var spans []string
	for _, span := range w.Open {
		spans = append(spans, span.String())
	}
	return fmt.Sprintf("%s (%s)", strings.Join(spans, ", "), w.Zone)
}

// String is "Mon, Tue 09:00-16:00".
func (s Span) String() string {
	var days []string
	for _, day := range s.Days {
		days = append(days, day.String()[:3])
	}
	return fmt.Sprintf("%s %02d:%02d-%02d:%02d", strings.Join(days, ", "), s.From/60, s.From%60, s.To/60, s.To%60)
}

// String is one date, or the first and the last.
func (d Days) String() string {
	text := func(day int) string { return fmt.Sprintf("%04d-%02d-%02d", day/10000, day/100%100, day%100) }
	if d.First == d.Last {
		return text(d.First)
	}
	return text(d.First) + ".." + text(d.Last)
}

// ParseSpan reads a span as people write it: days such as mon, and times such as 09:00.
func ParseSpan(days []string, from, to string) (Span, error) {
	var span Span
	var found problems.List
	if len(days) == 0 {
		found.Add("days: name at least one, such as mon")
	}
	for _, name := range days {
		at := slices.IndexFunc(weekdays, func(day time.Weekday) bool { return strings.EqualFold(day.String()[:3], name) })
		switch {
		case at < 0:
			found.Add("days: %q is not a day: use mon, tue, wed, thu, fri, sat or sun", name)
		case slices.Contains(span.Days, weekdays[at]):
			found.Add("days: %s is there twice: keep one", name)
		default:
			span.Days = append(span.Days, weekdays[at])
		}
	}
	var err error
	if span.From, err = parseClock(from); err != nil {
		found.Add("from: %w", err)
	}
	if span.To, err = parseClock(to); err != nil {
		found.Add("to: %w", err)
	}
	if found.Err() == nil {
		found.If(span.From >= span.To, "from %s is not before to %s: a window over midnight is two, one until 24:00", from, to)
	}
	return span, found.Err()
}

var weekdays = []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday, time.Saturday, time.Sunday}

func parseClock(text string) (int, error) {
	if text == "24:00" {
		return endOfDay, nil
	}
	at, err := time.Parse("15:04", text)
	if err != nil || len(text) != len("15:04") {
		return 0, fmt.Errorf("%q is not a time of day: use one from 00:00 to 24:00", text)
	}
	return at.Hour()*60 + at.Minute(), nil
}

// ParseDays reads 2026-12-24, or 2026-12-24..2027-01-01.
func ParseDays(text string) (Days, error) {
	first, last, ranged := strings.Cut(text, "..")
	if !ranged {
		last = first
	}
	var days [2]int
	for i, one := range []string{first, last} {
		at, err := time.Parse("2006-01-02", one)
		if err != nil {
			return Days{}, fmt.Errorf("%q is not a date: use one such as 2026-12-24, or 2026-12-24..2027-01-01", text)
		}
		days[i] = day(at.Date())
	}
	if days[1] < days[0] {
		return Days{}, fmt.Errorf("%q ends before it begins: write the earlier date first", text)
	}
	return Days{days[0], days[1]}, nil
}

// ParseZone reads the name of a time zone. It refuses the machine's own zone, which differs from one machine to the next.
func ParseZone(name string) (*time.Location, error) {
	zone, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		return nil, fmt.Errorf("%q is not a time zone: use a name such as Europe/Berlin or UTC", name)
	}
	return zone, nil
}
