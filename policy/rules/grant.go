package rules

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

// grant says which grants a rule looks for in IAM. A nil field matches everything. Roles and members are passed in lower case
// and without blanks around them, because Google ignores their case. Otherwise writing AllUsers would evade a rule.
// unless recognizes the conditions, as IAM writes them, under which the rule allows a grant.
type grant struct {
	role, member, unless func(string) bool
}

// each calls found for every matching role and member of a resource that grants: a member, a binding, a whole policy or an access
// list. It reads the role first. If the role does not match, the member may be unknown.
func (g grant) each(r *crossguard.Resource, found func(role, member string)) {
	matches := func(match func(string) bool, s string) bool {
		return match == nil || match(strings.ToLower(strings.TrimSpace(s)))
	}
	both := func(role, member string) {
		if matches(g.role, role) && matches(g.member, member) {
			found(role, member)
		}
	}
	if slices.Contains(accessLists, r.Type) {
		eachEntry(r, both)
		return
	}
	for _, b := range policyData(r) {
		for _, member := range b.Members {
			if g.unless == nil || !g.unless(b.Condition.Expression) {
				both(b.Role, member)
			}
		}
	}
	if iamForm(r.Type) == "policy" {
		return
	}
	if g.role != nil {
		if role, _ := r.String("role"); !matches(g.role, role) {
			return
		}
	}
	// Here the role matches or does not matter, so an unknown role must not hide the member.
	role := "a role that is not known yet"
	if r.IsKnown("role") {
		role = r.StringOr("role", "no role")
	}
	one := func(member string) {
		if matches(g.member, member) && (g.unless == nil || !g.unless(r.StringOr("condition.expression", ""))) {
			found(role, member)
		}
	}
	r.EachString("members", one)
	if member, set := r.String("member"); set {
		one(member)
	}
}

type binding struct {
	Role      string   `json:"role"`
	Members   []string `json:"members"`
	Condition struct {
		Expression string `json:"expression"`
	} `json:"condition"`
}

// policyData reads the JSON document of an IAM policy resource. A document that cannot be read may grant anything, so it is a
// violation.
func policyData(r *crossguard.Resource) []binding {
	if iamForm(r.Type) != "policy" {
		return nil
	}
	text, set := r.String("policyData")
	if !set {
		return nil
	}
	var document struct {
		Bindings []binding `json:"bindings"`
	}
	if err := json.Unmarshal([]byte(text), &document); err != nil {
		r.Violation("policyData is not an IAM policy in JSON, so nobody can tell what it grants: use the organizations.getIAMPolicy function")
	}
	return document.Bindings
}

// eachEntry visits the grants of access lists in IAM's form: user-a@b.c becomes user:a@b.c.
func eachEntry(r *crossguard.Resource, found func(role, member string)) {
	switch {
	case slices.Contains(bucketLists, r.Type):
		r.EachString("roleEntities", func(entry string) {
			role, entity, _ := strings.Cut(entry, ":")
			found(role, principalOf(entity))
		})
		if predefined := strings.ToLower(r.StringOr("predefinedAcl", "")); strings.HasPrefix(predefined, "public") {
			found(predefined, "allUsers")
		} else if predefined == "authenticatedread" {
			found(predefined, "allAuthenticatedUsers")
		}
	case slices.Contains(bucketEntries, r.Type):
		if entity, set := r.String("entity"); set {
			found(r.StringOr("role", "no role"), principalOf(entity))
		}
	case r.Type == dataset:
		r.Each("accesses", func(access crossguard.Object) { eachAccess(access, found) })
	case r.Type == rowAccess:
		r.EachString("grantees", func(member string) { found("roles/bigquery.filteredDataViewer", member) })
	case r.Type == entitlement:
		r.Each("eligibleUsers", func(eligible crossguard.Object) {
			eligible.EachString("principals", func(member string) {
				r.Each("privilegedAccess.gcpIamAccess.roleBindings", func(b crossguard.Object) { found(b.StringOr("role", "no role"), member) })
			})
		})
	default:
		eachAccess(r.Object, found)
	}
}

// principalOf converts an entity of Cloud Storage to a principal of IAM.
func principalOf(entity string) string {
	for _, kind := range []string{"user", "group", "domain"} {
		if name, is := strings.CutPrefix(entity, kind+"-"); is {
			return principal(kind, name)
		}
	}
	return entity // allUsers, allAuthenticatedUsers, project-owners-NUMBER
}

// eachAccess visits an entry in the access list of a BigQuery dataset.
func eachAccess(access crossguard.Object, found func(role, member string)) {
	role := access.StringOr("role", "no role")
	for _, by := range [][2]string{{"userByEmail", "user"}, {"groupByEmail", "group"}, {"domain", "domain"}} {
		if name, set := access.String(by[0]); set {
			found(role, principal(by[1], name))
		}
	}
	for _, path := range []string{"specialGroup", "iamMember"} {
		if name, set := access.String(path); set {
			found(role, name)
		}
	}
}

// principal returns a principal from its kind and name. Access lists call service accounts users, because the lists are older.
func principal(kind, name string) string {
	if kind == "user" && strings.HasSuffix(strings.ToLower(name), "gserviceaccount.com") {
		kind = "serviceAccount"
	}
	return kind + ":" + name
}

func roles(names ...string) func(string) bool {
	return func(role string) bool {
		for _, name := range names {
			if role == name {
				return true
			}
		}
		return false
	}
}

// public reports whether a principal stands for anybody on the internet.
func public(member string) bool { return member == "allusers" || member == "allauthenticatedusers" }

// everybody calls found for each grant to anybody on the internet. On a project, folder or organization it looks only for roles
// that begin with service, because each rule judges its own, and leaves what is not known yet to iam-no-direct-user.
func everybody(r *crossguard.Resource, service string, found func(role, member string)) {
	wide := slices.Contains(wideIAM, r.Type)
	if wide && !(r.IsKnown("member") && r.IsKnown("members") && r.IsKnown("policyData")) {
		return
	}
	grant{member: public}.each(r, func(role, member string) {
		if !wide || strings.HasPrefix(strings.ToLower(role), service) {
			found(role, member)
		}
	})
}

// fromOutside reports whether a principal is an identity of workload identity federation, or a set of them.
func fromOutside(member string) bool {
	return strings.HasPrefix(member, "principal") && strings.Contains(member, "/workloadidentitypools/")
}

// everyAccount reports whether a principal is the set of all service accounts of a project, folder or organization.
func everyAccount(member string) bool {
	return strings.HasPrefix(member, "principalset://cloudresourcemanager.googleapis.com/")
}

// machine reports whether a principal is not a person.
func machine(member string) bool {
	member = strings.TrimPrefix(member, "deleted:")
	return strings.HasPrefix(member, "serviceaccount:") || fromOutside(member) || everyAccount(member)
}

// scope returns the name of the resource on which an IAM resource grants.
func scope(r *crossguard.Resource) string {
	kind, _, _ := strings.Cut(strings.TrimPrefix(r.Type, "gcp:"), "/")
	switch kind {
	case "projects":
		return "the project"
	case "folder":
		return "the folder"
	case "organizations":
		return "the organization"
	}
	return "this resource"
}
