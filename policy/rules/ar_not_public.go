package rules

import (
	"slices"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var arNotPublic = crossguard.Policy{
	Name:        "ar-not-public",
	Description: "The registry is not open to everybody.",
	Enforcement: crossguard.Mandatory,
	Severity:    crossguard.High,
	Framework: crossguard.Framework{Name: "Checkov", Reference: "CKV_GCP_101",
		Specification: "Ensure that Artifact Registry repositories are not anonymously or publicly accessible"},
	Tags:             []string{"security", "iam", "supply-chain"},
	RemediationSteps: "Grant the role to the accounts that pull images.",
	Types:            slices.Concat(repositoryIAM, wideIAM),
	Check: func(r *crossguard.Resource) {
		everybody(r, "roles/artifactregistry.", func(role, member string) {
			r.Violation("grants %s to %s: grant it to the accounts that pull images", role, member)
		})
	},
}
