package rules

import (
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var iamNoAuthoritative = crossguard.Policy{
	Name: "iam-no-authoritative",
	Description: "IAM is granted member by member. A resource that sets a whole policy, or all members of a role that others grant as well, " +
		"takes away what the others granted.",
	Enforcement:      crossguard.Mandatory,
	Severity:         crossguard.High,
	Framework:        crossguard.Framework{Name: "Pulumi Best Practices", Reference: "non-authoritative IAM"},
	Tags:             []string{"reliability", "iam"},
	RemediationSteps: "Use the IAMMember resources.",
	Types:            append(bucketLists[:3:3], memberRemove, dataset),
	Kind:             iamKind,
	CheckStack: func(s *crossguard.Stack) {
		members := map[string]bool{} // grants made by member resources
		bindings := false
		s.EachOf(bindingKind, func(*crossguard.Resource) { bindings = true })
		if bindings { // without bindings, unknown members do not matter
			s.EachOf(memberKind, func(r *crossguard.Resource) { members[granted(r)] = true })
		}
		s.EachOf(bindingKind, func(r *crossguard.Resource) {
			if slices.Contains(wideIAM, r.Type) {
				r.Violation("sets all members of %s on %s, and removes those that others granted: use IAMMember",
					r.StringOr("role", "a role"), scope(r))
			} else if members[granted(r)] {
				r.Violation("sets all members of %s, and removes those that the stack's own members grant: use one or the other",
					r.StringOr("role", "a role"))
			}
		})
		s.EachOf(policyKind, func(r *crossguard.Resource) {
			r.Violation("sets the whole IAM policy of %s, and removes everything that others granted: use IAMMember", scope(r))
		})
		s.Each([]string{memberRemove}, func(r *crossguard.Resource) {
			r.Violation("removes %s, whoever granted it: remove the grant where it is made", r.StringOr("role", "a role"))
		})
		lists := map[string]*crossguard.Resource{} // dataset resources that set the whole access list
		s.Each([]string{dataset}, func(r *crossguard.Resource) {
			if r.IsKnown("accesses") && r.Has("accesses") && r.IsKnown("datasetId") {
				lists[r.StringOr("datasetId", r.Name)] = r
			}
		})
		s.Each(append([]string{"gcp:bigquery/datasetAccess:DatasetAccess"}, iam("gcp:bigquery/datasetIam%s:DatasetIam%[1]s")...),
			func(r *crossguard.Resource) {
				if len(lists) == 0 {
					return
				}
				if list, both := lists[r.StringOr("datasetId", "")]; both {
					list.Violation("accesses sets the whole access list, and removes what %s grants: use one or the other", r.Name)
				}
			})
		s.Each(bucketLists, func(r *crossguard.Resource) {
			r.Violation("sets the whole access list, and removes everything that others granted: set uniformBucketLevelAccess and use " +
				"BucketIAMMember")
		})
	},
}

// memberRemove is a type that removes grants which others have made.
const memberRemove = "gcp:projects/iamMemberRemove:IamMemberRemove"

// granted names the role and the resource of a grant. Both versions of Cloud Run's API grant on the same services.
func granted(r *crossguard.Resource) string {
	family := strings.ToLower(r.Type[:strings.LastIndex(r.Type, ":")])
	family = strings.NewReplacer("member", "", "binding", "", "cloudrunv2/serviceiam", "cloudrun/iam").Replace(family)
	return family + " " + target(r) + " " + strings.ToLower(r.StringOr("role", ""))
}

// target names the resource on which an IAM resource grants. Each type has its own properties for it.
func target(r *crossguard.Resource) string {
	var parts []string
	for _, path := range []string{
		"project", "folder", "orgId", "serviceAccountId", "location", "repository", "name", "service", "secretId", "bucket",
		"cryptoKeyId", "keyRingId", "topic", "subscription", "attestor", "note", "billingAccountId", "workloadIdentityPoolId",
		"connectionId", "datasetId", "tableId", "cloudFunction", "webBackendService", "cloudRunServiceName", "managedFolder",
		"instance", "instanceName", "database", "queue", "managedZone", "cluster", "zone", "region", "subnetwork", "image", "resourceName",
	} {
		if text, set := r.String(path); set {
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, "/")
}
