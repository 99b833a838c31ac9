package rules

import (
	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var wifCondition = crossguard.Policy{
	Name:        "wif-condition",
	Description: "A workload identity provider has a condition: without one, it accepts every token of its issuer.",
	Enforcement: crossguard.Mandatory,
	Severity:    crossguard.Critical,
	Framework: crossguard.Framework{Name: "Checkov", Reference: "CKV_GCP_125",
		Specification: "Ensure GCP GitHub Actions OIDC trust policy is configured securely"},
	Tags:             []string{"security", "iam", "federation"},
	RemediationSteps: "Set attributeCondition to what identifies your workloads: assertion.CLAIM == 'VALUE', in every alternative.",
	Types:            []string{poolProvider, workforce},
	Check: func(r *crossguard.Resource) {
		condition, set := r.String("attributeCondition")
		if !set {
			r.Violation("attributeCondition is absent: name the repository or account that may use the provider")
			return
		}
		if _, err := parseCEL(condition); err != nil {
			r.Violation("attributeCondition %q is not an expression of CEL: %v", condition, err)
		} else if !asks(condition, func(attribute string) string {
			return r.StringOr(`attributeMapping["`+attribute+`"]`, "")
		}) {
			r.Violation("attributeCondition %q does not ask who presents the token: compare a claim of it with a value, in each "+
				"alternative", condition)
		}
	},
}
