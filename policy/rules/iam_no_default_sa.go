package rules

import (
	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var iamNoDefaultSA = crossguard.Policy{
	Name:        "iam-no-default-sa",
	Description: "The default service accounts are granted nothing: every workload that names no account runs as them.",
	Enforcement: crossguard.Mandatory,
	Severity:    crossguard.High,
	Framework: crossguard.Framework{Name: "Checkov", Reference: "CKV_GCP_46",
		Specification: "Ensure default service account is not used at a project level"},
	Tags:             []string{"security", "iam", "AVD-GCP-0011"},
	RemediationSteps: "Make an account for the workload and grant it the role.",
	Kind:             grantKind,
	Check: func(r *crossguard.Resource) {
		grant{member: isDefaultAccount}.each(r, func(role, member string) {
			r.Violation("grants %s to the default account %s: grant it to an account of the workload's own", role, member)
		})
		grant{member: everyAccount}.each(r, func(role, member string) {
			r.Violation("grants %s to %s, which includes the default accounts: grant it to an account of the workload's own", role, member)
		})
	},
}
