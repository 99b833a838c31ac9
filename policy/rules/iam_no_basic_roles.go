package rules

import (
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var iamNoBasicRoles = crossguard.Policy{
	Name:        "iam-no-basic-roles",
	Description: "Nobody has a basic role: owner, editor and viewer reach every service of a project.",
	Enforcement: crossguard.Mandatory,
	Severity:    crossguard.Critical,
	Framework: crossguard.Framework{Name: "Checkov", Reference: "CKV_GCP_117",
		Specification: "Ensure basic roles are not used at project level"},
	Tags:             []string{"security", "iam", "AVD-GCP-0007", "AVD-GCP-0068"},
	RemediationSteps: "Grant the predefined or custom role that covers what is needed.",
	Kind:             grantKind,
	Check: func(r *crossguard.Resource) {
		role := basicRole
		if slices.Contains(datasetLists, r.Type) {
			// The basic roles of a dataset, which correspond to the project's.
			role = func(role string) bool { return basicRole(role) || roles("owner", "writer", "editor", "reader")(role) }
		} else if slices.Contains(bucketLists, r.Type) || slices.Contains(bucketEntries, r.Type) {
			return
		}
		grant{role: role}.each(r, func(role, member string) {
			r.Violation("grants the basic role %s to %s: grant what is needed", role, member)
		})
		grant{member: holdersOfBasicRoles}.each(r, func(role, member string) {
			r.Violation("grants %s to %s, which is everybody with a basic role: grant it to a group or an account", role, member)
		})
	},
	CheckStack: func(s *crossguard.Stack) {
		grantsCustom(s, ownsAll, nil, func(r *crossguard.Resource, role, member, permission string) {
			r.Violation("grants %s, which has %s, to %s: who can then take every other role", role, permission, member)
		})
	},
}

// basicRole matches the roles that every project has, under their old and new names.
var basicRole = roles("roles/owner", "roles/editor", "roles/viewer", "roles/admin", "roles/writer", "roles/reader")

// holdersOfBasicRoles reports whether a principal stands for everybody with a basic role on a project.
func holdersOfBasicRoles(member string) bool {
	kind, _, _ := strings.Cut(member, ":")
	return kind == "projectowner" || kind == "projecteditor" || kind == "projectviewer"
}
