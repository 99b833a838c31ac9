package rules

import (
	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var wifCondition = crossguard.Policy{
	Name:             "wif-condition",
	Description:      "A workload identity provider has a condition: without one, everybody the issuer knows gets a token.",
	Enforcement:      crossguard.Mandatory,
	Severity:         crossguard.Critical,
	Framework:        crossguard.Framework{Name: "Checkov", Reference: "CKV_GCP_125", Specification: "Ensure GCP GitHub Actions OIDC trust policy is configured securely"},
	Tags:             []string{"security", "iam", "federation"},
	RemediationSteps: "Set attributeCondition to what identifies your workloads.",
	Types:            []string{poolProvider},
	Check: func(r *crossguard.Resource) {
		switch condition, set := r.String("attributeCondition"); {
		case !set:
			r.Violation("attributeCondition is absent: name the repository or account that may use the provider")
		case !asks(condition):
			r.Violation("attributeCondition %q does not ask who presents the token: compare a claim of it with a value, in each alternative", condition)
		}
	},
}
