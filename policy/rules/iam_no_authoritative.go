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
		members := map[string][]grantPlace{} // where member resources grant a role
		bindings := map[string][]grantPlace{}
		bound := false
		s.EachOf(bindingKind, func(*crossguard.Resource) { bound = true })
		if bound { // without bindings, unknown members do not matter
			s.EachOf(memberKind, func(r *crossguard.Resource) {
				what, where := granted(r)
				members[what] = append(members[what], where)
			})
		}
		s.EachOf(bindingKind, func(r *crossguard.Resource) {
			if slices.Contains(wideIAM, r.Type) {
				r.Violation("sets all members of %s on %s, and removes those that others granted: use IAMMember",
					r.StringOr("role", "a role"), scope(r))
				return
			}
			what, where := granted(r)
			switch {
			case slices.ContainsFunc(members[what], where.meets):
				r.Violation("sets all members of %s, and removes those that the stack's own members grant: use one or the other",
					r.StringOr("role", "a role"))
			case slices.ContainsFunc(bindings[what], where.meets):
				r.Violation("sets all members of %s, as another resource of the stack does, so that each removes what the other grants: "+
					"make one of the two", r.StringOr("role", "a role"))
			}
			bindings[what] = append(bindings[what], where)
		})
		s.EachOf(policyKind, func(r *crossguard.Resource) {
			r.Violation("sets the whole IAM policy of %s, and removes everything that others granted: use IAMMember", scope(r))
		})
		s.Each([]string{memberRemove}, func(r *crossguard.Resource) {
			r.Violation("removes %s, no matter who granted it: remove the grant where it is made", r.StringOr("role", "a role"))
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

// grantPlace is where a resource is that an IAM resource grants on. What the program leaves to the provider is empty.
type grantPlace struct{ project, location string }

// meets reports whether two places can be the same one.
func (p grantPlace) meets(other grantPlace) bool {
	same := func(a, b string) bool { return a == "" || b == "" || a == b }
	return same(p.project, other.project) && same(p.location, other.location)
}

// short returns a resource's short name, and fills in the place that a full name has:
// projects/PROJECT/locations/LOCATION/services/NAME.
func (p *grantPlace) short(name string) string {
	parts := strings.Split(name, "/")
	if parts[0] != "projects" || len(parts)%2 != 0 {
		return name
	}
	var names []string
	for i := 0; i < len(parts); i += 2 {
		switch parts[i] {
		case "projects":
			p.project = parts[i+1]
		case "locations":
			p.location = parts[i+1]
		default:
			names = append(names, parts[i+1])
		}
	}
	return strings.Join(names, "/")
}

// granted names the role, its condition and the resource of a grant, and says where the resource is. Both versions of Cloud Run's
// API grant on the same services. A role with a condition and the role without it are two bindings.
func granted(r *crossguard.Resource) (what string, where grantPlace) {
	family := strings.ToLower(r.Type[:strings.LastIndex(r.Type, ":")])
	family = strings.NewReplacer("member", "", "binding", "", "cloudrunv2/serviceiam", "cloudrun/iam").Replace(family)
	where = grantPlace{r.StringOr("project", ""), r.StringOr("location", "")}
	var parts []string
	for _, path := range slices.Sorted(r.Keys("")) {
		if slices.Contains(noTarget, path) {
			continue
		}
		if text, set := r.String(path); set {
			parts = append(parts, where.short(text))
		}
	}
	return strings.Join([]string{family, strings.Join(parts, "/"), strings.ToLower(r.StringOr("role", "")),
		r.StringOr("condition.title", ""), r.StringOr("condition.expression", "")}, " "), where
}

// noTarget are the properties of an IAM resource that do not name the resource on which it grants. All others do: each type has its own.
var noTarget = []string{"role", "member", "members", "condition", "project", "location", "etag", "id"}
