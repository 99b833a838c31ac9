package rules

import (
	"encoding/json"
	"strings"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

// grant is what a rule looks for in IAM. Nil matches everything. Both get lower case: Google compares neither roles nor
// principals by case, and a rule that did would be passed by writing AllUsers.
type grant struct {
	role, member func(string) bool
}

// each calls found for every role and member of an IAM resource that match, whether it is a member, a binding or a whole
// policy. The role is read first: where it does not match, it does not matter that the member is not known yet.
func (g grant) each(r *crossguard.Resource, found func(role, member string)) {
	matches := func(match func(string) bool, s string) bool { return match == nil || match(strings.ToLower(s)) }
	switch {
	case strings.HasSuffix(r.Type, "Policy"):
		for _, b := range policyData(r) {
			for _, member := range b.Members {
				if matches(g.role, b.Role) && matches(g.member, member) {
					found(b.Role, member)
				}
			}
		}
		return
	case g.role != nil:
		if role, _ := r.String("role"); !matches(g.role, role) {
			return
		}
	}
	// Here the role matches or does not matter, so that a role that is not known yet hides no member.
	role := "a role that is not known yet"
	if r.IsKnown("role") {
		role = r.StringOr("role", "no role")
	}
	one := func(member string) {
		if matches(g.member, member) {
			found(role, member)
		}
	}
	if strings.HasSuffix(r.Type, "Binding") {
		r.EachString("members", one)
	} else if member, set := r.String("member"); set {
		one(member)
	}
}

type binding struct {
	Role    string   `json:"role"`
	Members []string `json:"members"`
}

// policyData reads the JSON document of an IAM policy resource. One that cannot be read may grant anything.
func policyData(r *crossguard.Resource) []binding {
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

// public are the principals that stand for anybody on the internet.
func public(member string) bool { return member == "allusers" || member == "allauthenticatedusers" }

// scope names what an IAM resource grants on.
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
