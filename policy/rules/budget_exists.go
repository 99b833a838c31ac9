package rules

import (
	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var budgetExists = crossguard.Policy{
	Name:             "budget-exists",
	Description:      "A stack that runs something has a budget that somebody hears of.",
	Enforcement:      crossguard.Mandatory,
	Severity:         crossguard.Medium,
	Framework:        own("Budget alert: 10 with 50, 75 and 90 %"),
	Tags:             []string{"cost"},
	RemediationSteps: "Add a billing.Budget with a project filter, thresholds and notification channels.",
	Types:            runAny,
	CheckStack: func(s *crossguard.Stack) {
		if s.Count(budget) == 0 {
			s.Violation("has no budget: add a billing.Budget")
		}
		s.Each([]string{budget}, func(r *crossguard.Resource) {
			if r.Len("thresholdRules") == 0 {
				r.Violation("thresholdRules is empty, so nobody is told: add thresholds")
			}
			if r.BoolOr("allUpdatesRule.disableDefaultIamRecipients", false) && r.Len("allUpdatesRule.monitoringNotificationChannels") == 0 && r.StringOr("allUpdatesRule.pubsubTopic", "") == "" {
				r.Violation("allUpdatesRule.disableDefaultIamRecipients is true and nobody else is told: add monitoringNotificationChannels or a pubsubTopic")
			}
			if r.IsKnown("budgetFilter.projects") && r.Len("budgetFilter.projects") == 0 {
				r.Violation("budgetFilter.projects is empty, so the whole billing account counts: name the project")
			}
			if units, set := r.Number("amount.specifiedAmount.units"); set && units <= 0 {
				r.Violation("amount.specifiedAmount.units is %v: set what a month may cost", units)
			}
		})
	},
}
