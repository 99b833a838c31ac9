// Package cron reads schedules in five fields as Cloud Scheduler reads them, for the settings and for what they cost.
//
// Source: https://cloud.google.com/scheduler/docs/configuring/cron-job-schedules
package cron

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Schedule is a schedule that starts something.
type Schedule struct {
	minutes, hours, days, months, weekdays map[int]bool
	// everyDay and everyWeekday say that the field is *. If neither is, a day has to match only one of the two fields.
	everyDay, everyWeekday bool
}

var (
	monthNames   = []string{"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"}
	weekdayNames = []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}
)

// Parse reads a schedule. wrong says why Cloud Scheduler would refuse it, or why it would never start anything.
func Parse(text string) (s Schedule, wrong string) {
	fields := strings.Fields(text)
	if len(fields) != 5 {
		return s, "does not have five fields"
	}
	s.everyDay, s.everyWeekday = fields[2] == "*", fields[4] == "*"
	for i, field := range []struct {
		name     string
		from, to int
		names    []string
		into     *map[int]bool
	}{{"minute", 0, 59, nil, &s.minutes}, {"hour", 0, 23, nil, &s.hours}, {"day of the month", 1, 31, nil, &s.days},
		{"month", 1, 12, monthNames, &s.months}, {"day of the week", 0, 6, weekdayNames, &s.weekdays}} {
		values, ok := valuesOf(fields[i], field.from, field.to, field.names)
		if !ok {
			return s, "has an impossible " + field.name
		}
		*field.into = values
	}
	if !slices.ContainsFunc(calendar(), s.on) {
		return s, "never starts anything, because there is no such day"
	}
	return s, ""
}

// valuesOf returns the values of one field: *, a, a-b, */n, a-b/n, and lists of these.
func valuesOf(field string, from, to int, names []string) (map[int]bool, bool) {
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

func (s Schedule) on(day date) bool {
	if !s.months[day.month] {
		return false
	}
	of, week := s.days[day.day], s.weekdays[day.weekday]
	if !s.everyDay && !s.everyWeekday {
		return of || week
	}
	return of && week
}

// MostInAMonth returns how often the schedule starts something in its busiest month.
func (s Schedule) MostInAMonth() (most int) {
	count, before := 0, 0
	for _, day := range calendar() {
		if day.month != before {
			count, before = 0, day.month
		}
		if s.on(day) {
			count += len(s.minutes) * len(s.hours)
		}
		most = max(most, count)
	}
	return most
}

// LongestGap returns the longest time between two starts, ignoring changes of clocks.
func (s Schedule) LongestGap() (longest time.Duration) {
	var times []time.Duration // of a day
	for minute := range 24 * 60 {
		if s.hours[minute/60] && s.minutes[minute%60] {
			times = append(times, time.Duration(minute)*time.Minute)
		}
	}
	for i := 1; i < len(times); i++ {
		longest = max(longest, times[i]-times[i-1])
	}
	const day = 24 * time.Hour
	last := time.Duration(-1)
	for i, date := range calendar() {
		if !s.on(date) {
			continue
		}
		begins := time.Duration(i) * day
		if last >= 0 {
			longest = max(longest, begins+times[0]-last)
		}
		last = begins + times[len(times)-1]
	}
	return longest
}
