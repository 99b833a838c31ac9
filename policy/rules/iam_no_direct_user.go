package rules

import (
	"strings"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var iamNoDirectUser = crossguard.Policy{
	Name:             "iam-no-direct-user",
	Description:      "People have access through groups, so that someone who leaves loses it everywhere.",
	Enforcement:      crossguard.Mandatory,
	Severity:         crossguard.Medium,
	Framework:        crossguard.Framework{Name: "Trivy", Reference: "AVD-GCP-0003", Specification: "IAM granted directly to user"},
	Tags:             []string{"security", "iam"},
	RemediationSteps: "Grant the role to a group and put the person into it.",
	Types:            anyIAM,
	Check: func(r *crossguard.Resource) {
		people := grant{member: func(member string) bool {
			return strings.HasPrefix(member, "user:") || strings.HasPrefix(member, "domain:")
		}}
		people.each(r, func(role, member string) {
			r.Violation("grants %s to %s: grant it to a group", role, member)
		})
	},
}
