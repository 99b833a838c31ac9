package rules

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

// schedulesOf returns the seconds between two starts of each Cloud Run job that the stack's schedulers start, by the job's name.
func schedulesOf(s *crossguard.Stack) map[string]float64 {
	every := map[string]float64{}
	s.Each([]string{schedulerJob}, func(r *crossguard.Resource) {
		if !r.IsKnown("httpTarget.uri") || !r.IsKnown("schedule") || r.BoolOr("paused", false) {
			return
		}
		_, name, found := strings.Cut(r.StringOr("httpTarget.uri", ""), "/jobs/")
		name, _, _ = strings.Cut(name, "?")
		name, isRun := strings.CutSuffix(name, ":run")
		if found && isRun {
			seconds := interval(r.StringOr("schedule", ""))
			every[name] = min(seconds, cmp.Or(every[name], seconds))
		}
	})
	return every
}

// interval returns the shortest time in seconds between two starts of a schedule, written as cron, as "every 5 minutes", or as
// days such as "every monday 09:00" and "1st of month 09:00". A schedule that cannot be read counts as every minute.
func interval(schedule string) float64 {
	words := strings.Fields(strings.ToLower(schedule))
	if len(words) >= 3 && words[0] == "every" {
		n, err := strconv.Atoi(words[1])
		unit, isUnit := map[string]float64{"minutes": 60, "mins": 60, "hours": 3600}[words[2]]
		if seconds := float64(n) * unit; err == nil && seconds > 0 {
			return seconds
		}
		if err == nil || isUnit {
			return 60
		}
	}
	if len(words) >= 2 && words[0] == "every" || slices.Contains(words, "of") {
		return day
	}
	if len(words) != 5 {
		return 60
	}
	minutes, ok := times(words[0], 60)
	hours, alsoOK := times(words[1], 24)
	if !ok || !alsoOK {
		return 60
	}
	return shortest(minutes, hours) * 60
}

// shortest returns the smallest number of minutes between two starts, including the time across midnight.
func shortest(minutes, hours []int) float64 {
	var starts []int
	for _, h := range hours {
		for _, m := range minutes {
			starts = append(starts, h*60+m)
		}
	}
	slices.Sort(starts)
	least := math.Inf(1)
	for i, start := range starts {
		next := starts[(i+1)%len(starts)]
		if i == len(starts)-1 {
			next += 24 * 60
		}
		least = min(least, float64(next-start))
	}
	return least
}

// times returns the values of a cron field below a limit: *, */n, a, a-b, a-b/n and lists of these.
func times(field string, limit int) ([]int, bool) {
	var all []int
	for _, part := range strings.Split(field, ",") {
		span, stepText, stepped := strings.Cut(part, "/")
		step, err := 1, error(nil)
		if stepped {
			step, err = strconv.Atoi(stepText)
		}
		from, to := 0, limit-1
		if span != "*" {
			first, last, ranged := strings.Cut(span, "-")
			var a, b error
			from, a = strconv.Atoi(first)
			to = from
			if ranged {
				to, b = strconv.Atoi(last)
			} else if stepped {
				to = limit - 1
			}
			if a != nil || b != nil {
				return nil, false
			}
		}
		if err != nil || step < 1 || from < 0 || to >= limit || from > to {
			return nil, false
		}
		for n := from; n <= to; n += step {
			all = append(all, n)
		}
	}
	return all, true
}
