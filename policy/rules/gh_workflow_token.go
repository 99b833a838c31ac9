package rules

import (
	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var ghWorkflowToken = crossguard.Policy{
	Name:             "gh-workflow-token",
	Description:      "A workflow's token can read, and approves nothing, unless the workflow asks for more.",
	Enforcement:      crossguard.Mandatory,
	Severity:         crossguard.High,
	Framework:        crossguard.Framework{Name: "OpenSSF Scorecard", Reference: "Token-Permissions"},
	Tags:             []string{"security", "github"},
	RemediationSteps: "Set defaultWorkflowPermissions to read and canApprovePullRequestReviews to false.",
	Types:            []string{ghWorkflowTokenType, ghOrgWorkflowToken, ghEnterpriseToken},
	Check: func(r *crossguard.Resource) {
		if permissions := r.StringOr("defaultWorkflowPermissions", "absent"); permissions != "read" {
			r.Violation("defaultWorkflowPermissions is %s: set it to read", permissions)
		}
		if r.BoolOr("canApprovePullRequestReviews", false) {
			r.Violation("canApprovePullRequestReviews is true: set it to false")
		}
	},
	Remediate: func(r *crossguard.Remedy) {
		if r.StringOr("defaultWorkflowPermissions", "") != "read" {
			r.Set("defaultWorkflowPermissions", "read")
		}
		if r.BoolOr("canApprovePullRequestReviews", false) {
			r.Set("canApprovePullRequestReviews", false)
		}
	},
}
