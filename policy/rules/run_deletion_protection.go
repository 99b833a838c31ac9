package rules

import (
	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var runDeletionProtection = crossguard.Policy{
	Name:        "run-deletion-protection",
	Description: "A service for users cannot be deleted or replaced by accident.",
	Enforcement: crossguard.Mandatory,
	Severity:    crossguard.Medium,
	Framework:   own("Reliability: production"),
	Tags:        []string{"reliability", "cloud-run"},
	RemediationSteps: "Remove deletionProtection: the provider's default is true. Environments for trying things disable this policy. " +
		"A resource that is to be deleted gets an exemption first.",
	Types: runAny,
	Check: func(r *crossguard.Resource) {
		if r.Type == serviceV1 { // it has no such property
			if !r.Options().Protect {
				r.Violation("is not protected, and version 1 of the API has no deletionProtection: set the resource option protect")
			}
			return
		}
		if !r.BoolOr("deletionProtection", true) { // default of pulumi-gcp 8: true
			r.Violation("deletionProtection is false: remove it or set it to true")
		}
	},
	Remediate: func(r *crossguard.Remedy) {
		if r.Type != serviceV1 && !r.BoolOr("deletionProtection", true) {
			r.Set("deletionProtection", true)
		}
	},
}
