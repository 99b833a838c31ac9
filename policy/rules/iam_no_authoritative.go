package rules

import (
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var iamNoAuthoritative = crossguard.Policy{
	Name:             "iam-no-authoritative",
	Description:      "IAM is granted member by member: what sets a whole policy, or a role's members next to others that do, takes away what others granted.",
	Enforcement:      crossguard.Mandatory,
	Severity:         crossguard.High,
	Framework:        crossguard.Framework{Name: "Pulumi Best Practices", Reference: "non-authoritative IAM"},
	Tags:             []string{"reliability", "iam"},
	RemediationSteps: "Use the IAMMember resources.",
	Types:            anyIAM,
	CheckStack: func(s *crossguard.Stack) {
		members := map[string]bool{} // what is granted member by member
		key := func(r *crossguard.Resource) string {
			family := strings.NewReplacer("Member", "", "Binding", "").Replace(r.Type)
			return family + " " + target(r) + " " + strings.ToLower(r.StringOr("role", ""))
		}
		if s.Count(ofKind("Binding")...) > 0 { // else what is not known yet about a member does not matter
			s.Each(ofKind("Member"), func(r *crossguard.Resource) { members[key(r)] = true })
		}
		s.Each(ofKind("Binding"), func(r *crossguard.Resource) {
			if slices.Contains(wideIAM, r.Type) {
				r.Violation("sets all members of %s on %s, and removes those that others granted: use IAMMember", r.StringOr("role", "a role"), scope(r))
			} else if members[key(r)] {
				r.Violation("sets all members of %s, and removes those that the stack's own members grant: use one or the other", r.StringOr("role", "a role"))
			}
		})
		s.Each(ofKind("Policy"), func(r *crossguard.Resource) {
			r.Violation("sets the whole IAM policy of %s, and removes everything that others granted: use IAMMember", scope(r))
		})
	},
}

func ofKind(suffix string) []string {
	var types []string
	for _, t := range anyIAM {
		if strings.HasSuffix(t, suffix) {
			types = append(types, t)
		}
	}
	return types
}

// target names what an IAM resource grants on, by whichever properties its type has for it.
func target(r *crossguard.Resource) string {
	var parts []string
	for _, path := range []string{
		"project", "folder", "orgId", "serviceAccountId", "location", "repository", "name", "service", "secretId", "bucket",
		"cryptoKeyId", "keyRingId", "topic", "subscription", "attestor", "note", "billingAccountId", "workloadIdentityPoolId",
		"connectionId", "datasetId", "tableId", "cloudFunction", "webBackendService", "cloudRunServiceName", "managedFolder",
	} {
		if text, set := r.String(path); set {
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, "/")
}
