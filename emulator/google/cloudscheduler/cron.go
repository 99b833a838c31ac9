package cloudscheduler

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// cron is a schedule in five fields. Each field is the set of its values. The platform's settings read schedules with other code, so
// that each of the two checks the other.
type cron struct {
	minutes, hours, days, months, weekdays map[int]bool
	// anyDay and anyWeekday say that the field is *. If neither is, a day has to match only one of the two fields.
	anyDay, anyWeekday bool
}

var (
	monthNames   = strings.Fields("JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC")
	weekdayNames = strings.Fields("SUN MON TUE WED THU FRI SAT")
)

// parse reads a schedule. It returns false for one that the API refuses.
func parse(schedule string) (c cron, ok bool) {
	fields := strings.Fields(schedule)
	if len(fields) != 5 {
		return c, false
	}
	c.anyDay, c.anyWeekday = fields[2] == "*", fields[4] == "*"
	for i, field := range []struct {
		set      *map[int]bool
		from, to int
		names    []string
	}{{&c.minutes, 0, 59, nil}, {&c.hours, 0, 23, nil}, {&c.days, 1, 31, nil}, {&c.months, 1, 12, monthNames},
		{&c.weekdays, 0, 6, weekdayNames}} {
		if *field.set, ok = values(fields[i], field.from, field.to, field.names); !ok {
			return c, false
		}
	}
	return c, true
}

func values(field string, from, to int, names []string) (map[int]bool, bool) {
	set := map[int]bool{}
	for part := range strings.SplitSeq(field, ",") {
		span, by, stepped := strings.Cut(part, "/")
		low, high, step := from, to, 1
		if span != "*" {
			first, last, ranged := strings.Cut(span, "-")
			if !ranged {
				last = first
			}
			var a, b bool
			low, a = value(first, from, to, names)
			high, b = value(last, from, to, names)
			if !a || !b || low > high || stepped && !ranged {
				return nil, false
			}
		}
		if stepped {
			var err error
			if step, err = strconv.Atoi(by); err != nil || step < 1 {
				return nil, false
			}
		}
		for n := low; n <= high; n += step {
			set[n] = true
		}
	}
	return set, true
}

func value(text string, from, to int, names []string) (int, bool) {
	if i := slices.Index(names, strings.ToUpper(text)); i >= 0 {
		return from + i, true
	}
	n, err := strconv.ParseUint(text, 10, 8)
	return int(n), err == nil && int(n) >= from && int(n) <= to
}

func (c cron) on(day time.Time) bool {
	if !c.months[int(day.Month())] {
		return false
	}
	of, week := c.days[day.Day()], c.weekdays[int(day.Weekday())]
	if !c.anyDay && !c.anyWeekday {
		return of || week
	}
	return of && week
}

// next returns the first time after a moment at which the schedule is due, in the moment's zone. It looks nine years ahead, because a
// schedule on the 29th of February can be so far away. After that it returns the zero time.
func (c cron) next(after time.Time) time.Time {
	at := after.Truncate(time.Minute).Add(time.Minute)
	for end := at.AddDate(9, 0, 0); at.Before(end); {
		switch {
		case !c.on(at):
			at = tomorrow(at)
		case !c.hours[at.Hour()]:
			at = at.Truncate(time.Minute).Add(time.Duration(60-at.Minute()) * time.Minute)
		case !c.minutes[at.Minute()]:
			at = at.Add(time.Minute)
		default:
			return at
		}
	}
	return time.Time{}
}

// tomorrow returns the beginning of the next day. If clocks go forward at midnight, it returns the time an hour later.
func tomorrow(at time.Time) time.Time {
	day := time.Date(at.Year(), at.Month(), at.Day()+1, 0, 0, 0, 0, at.Location())
	if !day.After(at) {
		return at.Add(time.Hour)
	}
	return day
}
