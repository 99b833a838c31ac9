package rules

import (
	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var iamNoProjectImpersonation = crossguard.Policy{
	Name:             "iam-no-project-impersonation",
	Description:      "An account may be impersonated only by those it was granted to itself: on a project the grant covers every account there is and will be.",
	Enforcement:      crossguard.Mandatory,
	Severity:         crossguard.Critical,
	Framework:        cis("1.6", "Ensure that IAM users are not assigned the Service Account User or Service Account Token Creator roles at project level"),
	Tags:             []string{"security", "iam", "CKV_GCP_41", "CKV_GCP_49", "AVD-GCP-0006"},
	RemediationSteps: "Grant the role on the one service account, with serviceaccount.IAMMember.",
	Types:            wideIAM,
	Check: func(r *crossguard.Resource) {
		grant{role: impersonates}.each(r, func(role, member string) {
			r.Violation("grants %s to %s on %s: grant it on the one account that is meant", role, member, scope(r))
		})
	},
}

var impersonates = roles("roles/iam.serviceaccountuser", "roles/iam.serviceaccounttokencreator",
	"roles/iam.serviceaccountopenidtokencreator", "roles/iam.workloadidentityuser", "roles/iam.serviceaccountkeyadmin")
