package rules

import (
	"strings"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var iamSANoAdmin = crossguard.Policy{
	Name:             "iam-sa-no-admin",
	Description:      "Service accounts do not administrate a project, save those that exist for that.",
	Enforcement:      crossguard.Mandatory,
	Severity:         crossguard.High,
	Framework:        cis("1.5", "Ensure that service account has no admin privileges"),
	Tags:             []string{"security", "iam", "CKV_GCP_42", "AVD-GCP-0007"},
	RemediationSteps: "Grant a narrower role, or name the account in administrators if it exists to administrate.",
	Options: []crossguard.Option{{
		Name: "administrators", Description: "Emails of the accounts that may have admin roles; * stands for any characters.", Default: []string{},
	}},
	Types: wideIAM,
	Check: func(r *crossguard.Resource) {
		accounts := grant{role: adminRole, member: func(member string) bool { return strings.HasPrefix(member, "serviceaccount:") }}
		accounts.each(r, func(role, member string) {
			_, email, _ := strings.Cut(strings.ToLower(member), ":")
			if !matchesAny(r.Config.Strings("administrators"), email) {
				r.Violation("grants %s to %s on %s: grant a narrower role", role, member, scope(r))
			}
		})
	},
}

// adminRole tells predefined roles that administrate.
func adminRole(role string) bool {
	return strings.HasPrefix(role, "roles/") && (strings.Contains(role, "admin") || role == "roles/owner" || role == "roles/editor")
}
