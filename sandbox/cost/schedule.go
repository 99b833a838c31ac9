package cost

import (
	"strconv"
	"strings"
	"time"
)

// starts returns how often schedules start a job in their busiest month. It returns false for a job without a schedule, and for one whose
// schedule has a form that this function cannot read.
func (e *estimator) starts(job string) (number float64, known bool) {
	for _, r := range e.resources {
		uri := r.Text("httpTarget", "uri")
		if r.Type != "gcp:cloudscheduler/job:Job" || !strings.HasSuffix(uri, "/jobs/"+job+":run") {
			continue
		}
		starts, read := startsByCron(r.Text("schedule"))
		if !read {
			return 0, false
		}
		number, known = number+starts, true
	}
	return number, known
}

// startsByCron returns how often a schedule of five fields starts something in its busiest month.
func startsByCron(schedule string) (most float64, read bool) {
	fields := strings.Fields(schedule)
	if len(fields) != 5 {
		return 0, false
	}
	var sets [5][]bool
	for i, bounds := range [5][2]int{{0, 59}, {0, 23}, {1, 31}, {1, 12}, {0, 7}} {
		if sets[i], read = cronField(fields[i], bounds[0], bounds[1]); !read {
			return 0, false
		}
	}
	count := func(set []bool) (n float64) {
		for _, in := range set {
			if in {
				n++
			}
		}
		return n
	}
	months := map[time.Month]float64{}
	for day := time.Date(2028, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() == 2028; day = day.AddDate(0, 0, 1) { // a leap year
		onDay, onWeekday := sets[2][day.Day()], sets[4][int(day.Weekday())] || day.Weekday() == time.Sunday && sets[4][7]
		on := onDay && onWeekday
		if fields[2] != "*" && fields[4] != "*" { // Where both say something, either is enough.
			on = onDay || onWeekday
		}
		if on && sets[3][int(day.Month())] {
			months[day.Month()] += count(sets[0]) * count(sets[1])
		}
	}
	for _, starts := range months {
		most = max(most, starts)
	}
	return most, true
}

// cronField reads a field: numbers, ranges and steps, with commas between them.
func cronField(field string, least, most int) (set []bool, read bool) {
	set = make([]bool, most+1)
	for part := range strings.SplitSeq(field, ",") {
		span, by, stepped := strings.Cut(part, "/")
		step := 1
		if stepped {
			var err error
			if step, err = strconv.Atoi(by); err != nil || step < 1 {
				return nil, false
			}
		}
		first, last, ranged := strings.Cut(span, "-")
		from, err := strconv.Atoi(first)
		to := from
		if ranged {
			var wrong error
			if to, wrong = strconv.Atoi(last); wrong != nil {
				return nil, false
			}
		} else if stepped {
			to = most
		}
		if span == "*" {
			from, to, err = least, most, nil
		}
		if err != nil || from < least || to > most {
			return nil, false
		}
		for i := from; i <= to; i += step {
			set[i] = true
		}
	}
	return set, true
}
