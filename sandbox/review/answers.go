package review

import (
	"fmt"
	"math"
	"strings"

	"github.com/guiofsaints/procureflow-platform/internal/plural"
	"github.com/guiofsaints/procureflow-platform/sandbox/cost"
)

func (s Stack) changes() line {
	switch {
	case s.Failed != "":
		return say(bold("it cannot be applied"))
	case s.Note != "" && s.Rehearsal == nil && len(s.Plan) == 0:
		return say(bold("the stack is new"))
	}
	var parts []string
	risky := false
	for _, group := range groups {
		if n := len(s.of(group.op)); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, group.short))
			risky = risky || group.op == Delete || group.op == Replace
		}
	}
	switch {
	case parts == nil:
		return say("nothing")
	case s.Rehearsal != nil && s.Rehearsal.Failed != "":
		return say(bold(strings.Join(parts, ", ") + ", and it fails"))
	case risky:
		return say(bold(strings.Join(parts, ", ")))
	}
	return say(strings.Join(parts, ", "))
}

func (s Stack) policies() line {
	stops, warns := 0, 0
	for _, finding := range s.Findings.New {
		if finding.Stops() {
			stops++
		} else {
			warns++
		}
	}
	switch {
	case stops > 0:
		return say(bold(fmt.Sprintf("refused, %d", stops)))
	case warns > 0:
		return say(bold(some(warns, "new warning", "new warnings")))
	case len(s.Findings.Gone) > 0:
		return say(fmt.Sprintf("pass, and %s gone", some(len(s.Findings.Gone), "finding is", "findings are")))
	}
	return say("pass")
}

func (s Stack) costs() line {
	switch {
	case s.Cost == nil:
		return say("not known")
	case s.Cost.Delta == cost.Amounts{}:
		return say(fmt.Sprintf("%.2f as before", s.Cost.After.Total.Expected))
	}
	was, is, more := s.Cost.Before.Total, s.Cost.After.Total, s.Cost.Delta
	text := change(was.Expected, is.Expected) + ", at worst " + change(was.Worst, is.Worst)
	if more.Idle > 0 || more.Expected > 0 || more.Worst > 0 {
		return say(bold(text))
	}
	return say(text)
}

// change words an amount before and after. The difference is that of the amounts as they are shown.
func change(before, after float64) string {
	cents := func(usd float64) float64 { return math.Round(usd * 100) }
	if cents(before) == cents(after) {
		return fmt.Sprintf("%.2f as before", after)
	}
	return fmt.Sprintf("%.2f → %.2f (%+.2f)", before, after, (cents(after)-cents(before))/100)
}

func (s Stack) gains() line {
	widening := 0
	for _, change := range s.Authority {
		if change.Widens {
			widening += change.More + 1
		}
	}
	switch {
	case widening > 0:
		return say(bold(some(widening, "thing becomes possible", "things become possible")))
	case len(s.Authority) > 0:
		return say("nobody; some lose")
	}
	return say("nobody")
}

func (r Rehearsal) failures() (failures int) {
	for _, visitors := range r.Visitors {
		failures += visitors.Failures
	}
	return failures
}

func (s Stack) noticed() line {
	switch {
	case s.Failed != "":
		return say("nothing is applied")
	case s.Rehearsal == nil:
		return say("not rehearsed")
	case len(s.Plan) == 0 && s.Rehearsal.failures() == 0:
		return say("no")
	}
	requests, seconds, still := 0, 0.0, false
	for _, visitors := range s.Rehearsal.Visitors {
		requests += visitors.Requests
		seconds, still = max(seconds, visitors.Seconds), still || visitors.StillFailing
	}
	switch failures := s.Rehearsal.failures(); {
	case still:
		return say(bold(share(failures, requests) + ", and still at the end"))
	case failures > 0:
		return say(bold(share(failures, requests) + fmt.Sprintf(", %.0f s", seconds)))
	case requests == 0:
		return say("nobody asks: nothing was public")
	}
	return say("no, in " + plural.Of(requests, "request", "requests"))
}

func share(failures, requests int) string {
	return fmt.Sprintf("%d of %s %s", failures, plural.Of(requests, "request", "requests"), plural.Word(failures, "fails", "fail"))
}

// lost returns the steps that destroy data.
func (s Stack) lost() (lost []Step) {
	for _, step := range s.Plan {
		if step.Data && (step.Op == Delete || step.Op == Replace) {
			lost = append(lost, step)
		}
	}
	return lost
}

func (s Stack) back() line {
	lost := s.lost()
	switch {
	case s.Failed != "":
		return say("nothing is applied")
	case len(lost) > 0:
		return say(bold(fmt.Sprintf("no: %s lost", some(len(lost), "resource's content is", "resources' contents are"))))
	case len(s.Plan) == 0:
		return say("nothing to take back")
	case len(s.of(Delete))+len(s.of(Replace)) > 0:
		return say(fmt.Sprintf("by another update, which makes %s again", some(len(s.of(Delete))+len(s.of(Replace)), "resource", "resources")))
	case s.Rehearsal != nil && len(s.Rehearsal.NotRestored) > 0:
		return say("yes, by another update: a rollback of the release alone leaves a part")
	case s.Rehearsal != nil && s.Rehearsal.Failed != "":
		return say(bold("not shown, because the update fails"))
	}
	return say("yes")
}
