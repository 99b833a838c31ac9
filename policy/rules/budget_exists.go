package rules

import (
	"regexp"
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var budgetExists = crossguard.Policy{
	Name:             "budget-exists",
	Description:      "A stack that runs something has a budget that notifies somebody.",
	Enforcement:      crossguard.Mandatory,
	Severity:         crossguard.Medium,
	Framework:        own("Budget alert: 10 with 50, 75 and 90 %"),
	Tags:             []string{"cost"},
	RemediationSteps: "Add a billing.Budget with a project filter, thresholds of 1.0 (100 %) or less, and notification channels.",
	Options: []crossguard.Option{{Name: "most",
		Description: "Largest budget allowed, in its currency. A budget far above the actual costs never notifies anybody.",
		Default:     1000.0, Min: 1, Max: 1e9}},
	Types: runAny,
	CheckStack: func(s *crossguard.Stack) {
		if s.Count(budget) == 0 {
			s.Violation("has no budget: add a billing.Budget")
		}
		s.Each([]string{budget}, func(r *crossguard.Resource) {
			checkThresholds(r)
			if r.BoolOr("allUpdatesRule.disableDefaultIamRecipients", false) &&
				filled(r.Object, "allUpdatesRule.monitoringNotificationChannels") == 0 && r.StringOr("allUpdatesRule.pubsubTopic", "") == "" {
				r.Violation("allUpdatesRule.disableDefaultIamRecipients is true and nobody else is told: add " +
					"monitoringNotificationChannels or a pubsubTopic")
			}
			if units, set := r.Number("amount.specifiedAmount.units"); set && (units <= 0 || units > s.Config.Number("most")) {
				r.Violation("amount.specifiedAmount.units is %v: set what a month may cost, %v at most", units, s.Config.Number("most"))
			}
			if r.IsKnown("amount") && !r.Has("amount.specifiedAmount.units") && !r.Has("amount.specifiedAmount.nanos") &&
				!r.BoolOr("amount.lastPeriodAmount", false) {
				r.Violation("amount is absent: set what a month may cost")
			}
			checkFilter(s, r)
		})
	},
}

// checkThresholds checks that the thresholds send their notice in time. A threshold is a share, so 50 means 5,000 %.
func checkThresholds(r *crossguard.Resource) {
	heard, odd := false, false
	r.Each("thresholdRules", func(t crossguard.Object) {
		heard = heard || !t.IsKnown("thresholdPercent")
		share, set := t.Number("thresholdPercent")
		heard = heard || set && share <= 1
		if set && (share <= 0 || share > 5) {
			odd = true
			r.Violation("%s is %v, which is %v %%: write 0.5 for 50 %%", t.Path("thresholdPercent"), share, share*100)
		}
	})
	switch {
	case r.Len("thresholdRules") == 0:
		r.Violation("thresholdRules is empty, so nobody is told: add thresholds")
	case !heard && !odd:
		r.Violation("thresholdRules has no threshold of 1.0 or less, so nobody is told before the budget is overspent: add one")
	}
}

// checkFilter checks that a budget counts the costs of the stack's project, and all of them.
func checkFilter(s *crossguard.Stack, r *crossguard.Resource) {
	if !r.IsKnown("budgetFilter.projects") || !r.IsKnown("budgetFilter.resourceAncestors") {
		return
	}
	if filled(r.Object, "budgetFilter.projects") == 0 && filled(r.Object, "budgetFilter.resourceAncestors") == 0 {
		r.Violation("budgetFilter.projects is empty, so the whole billing account counts: name the project, or its folder in resourceAncestors")
	}
	r.EachString("budgetFilter.resourceAncestors", func(ancestor string) {
		if strings.HasPrefix(ancestor, "organizations/") {
			r.Violation("budgetFilter.resourceAncestors has %s, so the whole organization counts: name the folder or the project", ancestor)
		}
	})
	projects, numbers := projectsOf(s)
	if named := r.Strings("budgetFilter.projects"); len(named) > 0 && r.Len("budgetFilter.resourceAncestors") == 0 {
		ours := func(name string) bool {
			name = strings.TrimPrefix(name, "projects/")
			if strings.Trim(name, "0123456789") == "" {
				return len(numbers) == 0 || slices.Contains(numbers, name)
			}
			return len(projects) == 0 || slices.Contains(projects, name)
		}
		if !slices.ContainsFunc(named, ours) {
			r.Violation("budgetFilter.projects is %s, and the services run in %s: name that project", list(named),
				list(append(projects, numbers...)))
		}
	}
	for label := range r.Keys("budgetFilter.labels") {
		want := r.StringOr(`budgetFilter.labels["`+label+`"]`, "")
		s.Each(runAny, func(run *crossguard.Resource) {
			if run.StringOr(labelsPath(run)+`["`+label+`"]`, "") != want {
				r.Violation("budgetFilter.labels counts only resources labelled %s=%s, and %s has no such label: remove it", label, want, run.Name)
			}
		})
	}
	if counted := r.Strings("budgetFilter.services"); len(counted) > 0 && !slices.Contains(counted, "services/"+cloudRun) {
		r.Violation("budgetFilter.services leaves out Cloud Run: remove it")
	}
}

// cloudRun is the id of Cloud Run in billing.
const cloudRun = "152E-C115-5142"

// numberInURL finds the project's number in the address of a service, https://NAME-NUMBER.REGION.run.app.
var numberInURL = regexp.MustCompile(`^https://[^.]*-([0-9]{9,})\.`)

// projectsOf returns the ids of the projects in which a stack runs services. It also returns their numbers, if addresses contain
// them.
func projectsOf(s *crossguard.Stack) (ids, numbers []string) {
	add := func(all *[]string, one string) {
		if one != "" && !slices.Contains(*all, one) {
			*all = append(*all, one)
		}
	}
	s.Each(runAny, func(r *crossguard.Resource) {
		if r.IsKnown("project") {
			add(&ids, r.StringOr("project", ""))
		}
		if r.IsKnown("urls") && r.Type == serviceV2 {
			r.EachString("urls", func(address string) {
				if number := numberInURL.FindStringSubmatch(address); number != nil {
					add(&numbers, number[1])
				}
			})
		}
	})
	return ids, numbers
}
