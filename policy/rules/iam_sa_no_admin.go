package rules

import (
	"strings"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var iamSANoAdmin = crossguard.Policy{
	Name:             "iam-sa-no-admin",
	Description:      "A service account does not administer a project unless it exists for that purpose.",
	Enforcement:      crossguard.Mandatory,
	Severity:         crossguard.High,
	Framework:        cis("1.5", "Ensure that service account has no admin privileges"),
	Tags:             []string{"security", "iam", "CKV_GCP_42", "AVD-GCP-0007"},
	RemediationSteps: "Grant a narrower role, or name the account in administrators if it exists to administer.",
	Options: []crossguard.Option{{
		Name: "administrators", Description: "Emails of the accounts, or principals from outside, that may have admin roles; * stands " +
			"for any characters.", Default: []string{},
	}},
	Types: wideIAM,
	Check: func(r *crossguard.Resource) {
		accounts := grant{role: adminRole, member: machine, unless: narrowed}
		accounts.each(r, func(role, member string) {
			if !administrator(r, member) {
				r.Violation("grants %s to %s on %s: grant a narrower role", role, member, scope(r))
			}
		})
	},
	CheckStack: func(s *crossguard.Stack) {
		grantsCustom(s, administrates, nil, func(r *crossguard.Resource, role, member, permission string) {
			if machine(strings.ToLower(member)) && !administrator(r, member) {
				r.Violation("grants %s, which has %s, to %s on %s: grant a narrower role", role, permission, member, scope(r))
			}
		})
	},
}

// administrator reports whether a principal is meant to administrate.
func administrator(r *crossguard.Resource, member string) bool {
	principal := strings.ToLower(member)
	_, email, _ := strings.Cut(principal, ":")
	return matchesAny(r.Config.Strings("administrators"), email) || matchesAny(r.Config.Strings("administrators"), principal)
}

// adminRole reports whether a role administrates. It recognizes Google's roles and custom roles by their names.
func adminRole(role string) bool {
	name := role[strings.LastIndex(role, "/")+1:]
	return strings.Contains(name, "admin") && !strings.Contains(name, "viewer") || role == "roles/owner" || role == "roles/editor" ||
		role == "roles/writer"
}
