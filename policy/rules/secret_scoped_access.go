package rules

import (
	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var secretScopedAccess = crossguard.Policy{
	Name:             "secret-scoped-access",
	Description:      "Access is granted to a single secret, not to every secret of the project.",
	Enforcement:      crossguard.Mandatory,
	Severity:         crossguard.Critical,
	Framework:        own("Runtime service account: secretAccessor on specific secrets"),
	Tags:             []string{"security", "iam", "secrets"},
	RemediationSteps: "Grant the role on each secret, with secretmanager.SecretIamMember.",
	Types:            wideIAM,
	Check: func(r *crossguard.Resource) {
		reads := roles("roles/secretmanager.secretaccessor", "roles/secretmanager.admin", "roles/secretmanager.secretversionmanager")
		grant{role: reads, unless: narrowed}.each(r, func(role, member string) {
			r.Violation("grants %s to %s on %s, and with it every secret: grant it on the secrets that are needed", role, member, scope(r))
		})
	},
	CheckStack: func(s *crossguard.Stack) {
		grantsCustom(s, permission("secretmanager.versions.access"), narrowed, func(r *crossguard.Resource, role, member, permission string) {
			r.Violation("grants %s, which has %s, to %s on %s, and with it every secret: grant it on the secrets that are needed",
				role, permission, member, scope(r))
		})
	},
}
