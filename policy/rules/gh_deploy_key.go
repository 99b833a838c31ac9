package rules

import (
	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var ghDeployKey = crossguard.Policy{
	Name:             "gh-deploy-key-readonly",
	Description:      "Deploy keys can only read: a key that writes reaches main without a review.",
	Enforcement:      crossguard.Mandatory,
	Severity:         crossguard.High,
	Framework:        crossguard.Framework{Name: "OpenSSF Scorecard", Reference: "Token-Permissions"},
	Tags:             []string{"security", "github"},
	RemediationSteps: "Set readOnly to true, or use a GitHub App.",
	Types:            []string{ghDeployKeyType},
	Check: func(r *crossguard.Resource) {
		if !r.BoolOr("readOnly", true) { // the provider's default is true
			r.Violation("readOnly is false: remove it")
		}
	},
}
