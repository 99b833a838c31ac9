package rules

import (
	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var iamNoBasicRoles = crossguard.Policy{
	Name:             "iam-no-basic-roles",
	Description:      "Nobody has a basic role: owner, editor and viewer reach every service of a project.",
	Enforcement:      crossguard.Mandatory,
	Severity:         crossguard.Critical,
	Framework:        crossguard.Framework{Name: "Checkov", Reference: "CKV_GCP_117", Specification: "Ensure basic roles are not used at project level"},
	Tags:             []string{"security", "iam", "AVD-GCP-0007", "AVD-GCP-0068"},
	RemediationSteps: "Grant the predefined or custom role that covers what is needed.",
	Types:            anyIAM,
	Check: func(r *crossguard.Resource) {
		grant{role: roles("roles/owner", "roles/editor", "roles/viewer")}.each(r, func(role, member string) {
			r.Violation("grants the basic role %s to %s: grant what is needed", role, member)
		})
	},
}
