package stacks

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// cron is a schedule in five fields, as Cloud Scheduler reads them.
// Source: https://cloud.google.com/scheduler/docs/configuring/cron-job-schedules
type cron struct {
	minutes, hours, days, months, weekdays map[int]bool
	// everyDay and everyWeekday say that the field is *. If neither is, a day has to match only one of the two fields.
	everyDay, everyWeekday bool
}

var (
	monthNames   = []string{"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"}
	weekdayNames = []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}
)

// parseCron reads a schedule. wrong says why Cloud Scheduler would refuse it, or why it would never start anything.
func parseCron(text string) (c cron, wrong string) {
	fields := strings.Fields(text)
	if len(fields) != 5 {
		return c, "does not have five fields"
	}
	c.everyDay, c.everyWeekday = fields[2] == "*", fields[4] == "*"
	for i, field := range []struct {
		name     string
		from, to int
		names    []string
		into     *map[int]bool
	}{{"minute", 0, 59, nil, &c.minutes}, {"hour", 0, 23, nil, &c.hours}, {"day of the month", 1, 31, nil, &c.days},
		{"month", 1, 12, monthNames, &c.months}, {"day of the week", 0, 6, weekdayNames, &c.weekdays}} {
		values, ok := cronValues(fields[i], field.from, field.to, field.names)
		if !ok {
			return c, "has an impossible " + field.name
		}
		*field.into = values
	}
	if _, starts := c.longestGap(); !starts {
		return c, "never starts anything, because there is no such day"
	}
	return c, ""
}

// cronValues returns the values of one field: *, a, a-b, */n, a-b/n, and lists of these.
func cronValues(field string, from, to int, names []string) (map[int]bool, bool) {
	number := func(text string) (int, bool) {
		if i := slices.Index(names, strings.ToUpper(text)); i >= 0 {
			return from + i, true
		}
		n, err := strconv.Atoi(text)
		return n, err == nil && n >= from && n <= to && !strings.ContainsAny(text, "+-")
	}
	values := map[int]bool{}
	for part := range strings.SplitSeq(field, ",") {
		span, stepText, stepped := strings.Cut(part, "/")
		first, last, ranged := strings.Cut(span, "-")
		low, high, step, ok := from, to, 1, true
		switch {
		case span == "*":
		case ranged:
			var a, b bool
			low, a = number(first)
			high, b = number(last)
			ok = a && b && low <= high
		default:
			low, ok = number(span)
			high, ok = low, ok && !stepped
		}
		if stepped {
			var err error
			step, err = strconv.Atoi(stepText)
			ok = ok && err == nil && step >= 1 && step <= to
		}
		if !ok {
			return nil, false
		}
		for n := low; n <= high; n += step {
			values[n] = true
		}
	}
	return values, true
}

// date is a day of the calendar.
type date struct{ month, day, weekday int }

// calendar is sixteen years from 2096, the last leap year before 2100. 2100 is not a leap year, so that this holds the longest time
// without a 29th of February.
var calendar = sync.OnceValue(func() (dates []date) {
	first := time.Date(2096, 1, 1, 0, 0, 0, 0, time.UTC)
	for day := first; day.Before(first.AddDate(16, 0, 0)); day = day.AddDate(0, 0, 1) {
		dates = append(dates, date{int(day.Month()), day.Day(), int(day.Weekday())})
	}
	return dates
})

func (c cron) on(day date) bool {
	if !c.months[day.month] {
		return false
	}
	of, week := c.days[day.day], c.weekdays[day.weekday]
	if !c.everyDay && !c.everyWeekday {
		return of || week
	}
	return of && week
}

// longestGap returns the longest time between two starts, ignoring changes of clocks. starts is false for a schedule that never
// starts.
func (c cron) longestGap() (longest time.Duration, starts bool) {
	var times []time.Duration // of a day
	for minute := range 24 * 60 {
		if c.hours[minute/60] && c.minutes[minute%60] {
			times = append(times, time.Duration(minute)*time.Minute)
		}
	}
	for i := 1; i < len(times); i++ {
		longest = max(longest, times[i]-times[i-1])
	}
	const day = 24 * time.Hour
	last := time.Duration(-1)
	for i, date := range calendar() {
		if !c.on(date) {
			continue
		}
		begins := time.Duration(i) * day
		if last >= 0 {
			longest = max(longest, begins+times[0]-last)
		}
		last = begins + times[len(times)-1]
	}
	return longest, last >= 0
}
