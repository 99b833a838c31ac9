package rules

import (
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var iamNoDirectUser = crossguard.Policy{
	Name:             "iam-no-direct-user",
	Description:      "People have access through groups, so that someone who leaves loses it everywhere. The public has no access.",
	Enforcement:      crossguard.Mandatory,
	Severity:         crossguard.Medium,
	Framework:        crossguard.Framework{Name: "Trivy", Reference: "AVD-GCP-0003", Specification: "IAM granted directly to user"},
	Tags:             []string{"security", "iam"},
	RemediationSteps: "Grant the role to a group and put the person into it; a workload has an account of its own.",
	Kind:             grantKind,
	Check: func(r *crossguard.Resource) {
		// The rules run-no-public-invoker and ar-not-public judge public access to these types.
		elsewhere := slices.Contains(runIAM, r.Type) || slices.Contains(repositoryIAM, r.Type)
		grant{member: func(member string) bool {
			return person(member) || wholeWorkforce(member) || public(member) && !elsewhere
		}}.each(r, func(role, member string) {
			if public(strings.ToLower(member)) || wholeWorkforce(strings.ToLower(member)) {
				r.Violation("grants %s to %s, which is anybody: grant it to a group or an account", role, member)
			} else {
				r.Violation("grants %s to %s: grant it to a group", role, member)
			}
		})
	},
}

// person reports whether a principal is a person, or everybody in a domain: Google's or a workforce pool's.
func person(member string) bool {
	member = strings.TrimPrefix(member, "deleted:")
	return strings.HasPrefix(member, "user:") || strings.HasPrefix(member, "domain:") ||
		strings.HasPrefix(member, "principal://goog/subject/") ||
		strings.HasPrefix(member, "principal://") && strings.Contains(member, "/workforcepools/")
}

// wholeWorkforce reports whether a principal is everybody in a workforce pool or in an organization's Google Workspace.
func wholeWorkforce(member string) bool {
	if !strings.HasPrefix(member, "principalset://") {
		return false
	}
	_, rest, workforce := strings.Cut(member, "/workforcepools/")
	_, who, _ := strings.Cut(rest, "/")
	return workforce && strings.Trim(who, "*") == "" || strings.Contains(member, "goog/cloudidentitycustomerid") ||
		strings.Contains(member, "//goog/public")
}
