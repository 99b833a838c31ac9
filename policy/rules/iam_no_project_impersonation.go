package rules

import (
	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var iamNoProjectImpersonation = crossguard.Policy{
	Name: "iam-no-project-impersonation",
	Description: "The right to act as an account is granted on that account alone. A grant on a project covers every account in it, " +
		"later ones too.",
	Enforcement: crossguard.Mandatory,
	Severity:    crossguard.Critical,
	Framework: cis("1.6", "Ensure that IAM users are not assigned the Service Account User or Service Account Token Creator "+
		"roles at project level"),
	Tags:             []string{"security", "iam", "CKV_GCP_41", "CKV_GCP_49", "AVD-GCP-0006"},
	RemediationSteps: "Grant the role on the one service account, with serviceaccount.IAMMember.",
	Types:            wideIAM,
	Check: func(r *crossguard.Resource) {
		grant{role: impersonates}.each(r, func(role, member string) {
			r.Violation("grants %s to %s on %s: grant it on the one account that is meant", role, member, scope(r))
		})
		bounded := func(condition string) bool {
			return boundedGrants(condition, func(role string) bool { return impersonates(role) || decidesGrants(role) || basicRole(role) })
		}
		grant{role: decidesGrants, unless: bounded}.each(r, func(role, member string) {
			r.Violation("grants %s to %s on %s, and with it the right to become every account: grant a role on what is meant, or add a condition "+
				"on iam.googleapis.com/modifiedGrantsByRole", role, member, scope(r))
		})
	},
	CheckStack: func(s *crossguard.Stack) {
		grantsCustom(s, becomesAccounts, nil, func(r *crossguard.Resource, role, member, permission string) {
			r.Violation("grants %s, which has %s, to %s on %s: grant it on the one account that is meant", role, permission, member, scope(r))
		})
	},
}

// decidesGrants matches roles whose holder can give any role to anybody, including themselves.
var decidesGrants = roles("roles/iam.securityadmin", "roles/resourcemanager.projectiamadmin", "roles/resourcemanager.folderiamadmin",
	"roles/resourcemanager.folderadmin", "roles/resourcemanager.organizationadmin", "roles/iam.organizationroleadmin", "roles/iam.roleadmin",
	"roles/iam.serviceaccountadmin") // the last decides who may act as an account

var impersonates = roles("roles/iam.serviceaccountuser", "roles/iam.serviceaccounttokencreator",
	"roles/iam.serviceaccountopenidtokencreator", "roles/iam.serviceaccountshorttermtokenminter", "roles/iam.workloadidentityuser",
	"roles/iam.serviceaccountkeyadmin", "roles/iam.serviceaccountapikeybindingadmin")
