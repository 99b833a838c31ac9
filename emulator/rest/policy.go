package rest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/store"
)

// policyPrefix and a resource's key together are the key of the resource's IAM policy.
const policyPrefix = "iam:"

// noPolicyEtag is the etag that the APIs answer for a resource whose policy was never set.
const noPolicyEtag = "ACAB"

// iam answers getIamPolicy, setIamPolicy and testIamPermissions.
func (q *Request) iam(n Name, verb string) (any, error) {
	if q.Get(n) == nil {
		return nil, n.Missing()
	}
	switch {
	case verb == "getIamPolicy":
		return q.Policy(n), nil
	case verb == "setIamPolicy" && q.Method == http.MethodPost:
		return q.SetPolicy(n, doc.Object(q.Body, "policy"), doc.Text(q.Body, "updateMask"))
	case verb == "testIamPermissions" && q.Method == http.MethodPost:
		// The emulator has one caller, who may do everything.
		answer := map[string]any{}
		if permissions := doc.List(q.Body, "permissions"); len(permissions) > 0 {
			answer["permissions"] = permissions
		}
		return answer, nil
	}
	return nil, ErrNoMethod
}

// Policy returns a resource's IAM policy.
func (q *Request) Policy(n Name) map[string]any {
	if policy := q.Tx.Get(policyPrefix + n.Key()); policy != nil {
		return policy
	}
	return map[string]any{"etag": noPolicyEtag}
}

// SetPolicy writes a resource's policy. Of the policy's audit settings it writes those that the mask names.
func (q *Request) SetPolicy(n Name, given map[string]any, mask string) (map[string]any, error) {
	current := q.Policy(n)
	if given == nil {
		return nil, Invalid("Request contains an invalid argument: policy is required.")
	}
	if etag := doc.Text(given, "etag"); etag != "" && etag != doc.Text(current, "etag") {
		return nil, Aborted("There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff. The "+
			"request's ETag '%s' did not match the current policy's ETag '%s'.", etag, doc.Text(current, "etag"))
	}
	bindings, conditional, err := q.bindings(n, doc.Objects(given, "bindings"))
	if err != nil {
		return nil, err
	}
	version := doc.Number(given, "version")
	if !slices.Contains([]float64{0, 1, 3}, version) {
		return nil, Invalid("Invalid policy version: %g. Valid values are 0, 1 and 3.", version)
	}
	if conditional && version != 3 {
		return nil, Invalid("Specifying a condition requires policy version 3.")
	}
	if conditional && q.server.options.Conditions == nil {
		return nil, errNoConditions
	}
	policy := store.Document{"etag": q.IDs.Etag(), "version": max(version, 1)}
	if len(bindings) > 0 {
		policy["bindings"] = bindings
	}
	audit := doc.List(current, "auditConfigs")
	if strings.Contains(mask, "auditConfigs") || strings.Contains(mask, "audit_configs") {
		audit = doc.List(given, "auditConfigs")
	}
	if len(audit) > 0 {
		policy["auditConfigs"] = audit
	}
	return policy, q.Tx.Put(policyPrefix+n.Key(), policy)
}

// binding is a role with its members and an optional condition.
type binding struct {
	role      string
	condition map[string]any
	members   []string
}

func (b *binding) document() map[string]any {
	members := make([]any, len(b.members))
	for i, member := range slices.Sorted(slices.Values(b.members)) {
		members[i] = member
	}
	document := map[string]any{"role": b.role, "members": members}
	if b.condition != nil {
		document["condition"] = b.condition
	}
	return document
}

// bindings checks bindings. It merges bindings with the same role and condition, as the API does.
func (q *Request) bindings(n Name, given []map[string]any) (documents []any, conditional bool, err error) {
	var merged []*binding
	for _, item := range given {
		b := &binding{role: doc.Text(item, "role"), condition: doc.Object(item, "condition")}
		if err := q.server.options.Role(q, n, b.role); err != nil {
			return nil, false, err
		}
		conditional = conditional || b.condition != nil
		if b.condition != nil && doc.Text(b.condition, "expression") == "" {
			return nil, false, Invalid("The condition of the binding for %s has no expression.", b.role)
		}
		members := doc.Texts(item, "members")
		if len(members) == 0 {
			continue
		}
		same := func(other *binding) bool {
			return other.role == b.role && fmt.Sprint(other.condition) == fmt.Sprint(b.condition)
		}
		if i := slices.IndexFunc(merged, same); i >= 0 {
			b = merged[i]
		} else {
			merged = append(merged, b)
		}
		for _, member := range members {
			if err := q.server.options.Member(q, member); err != nil {
				return nil, false, err
			}
			if !slices.Contains(b.members, member) {
				b.members = append(b.members, member)
			}
		}
	}
	slices.SortStableFunc(merged, func(a, b *binding) int { return strings.Compare(a.role, b.role) })
	for _, b := range merged {
		documents = append(documents, b.document())
	}
	return documents, conditional, nil
}

// RenameMember replaces a member by another one in every grant.
func (q *Request) RenameMember(from, to string) error {
	for _, key := range q.Tx.List(policyPrefix) {
		policy := q.Tx.Get(key)
		for _, binding := range doc.Objects(policy, "bindings") {
			members := doc.List(binding, "members")
			for i, member := range members {
				if member == from {
					members[i] = to
				}
			}
		}
		if err := q.Tx.Put(key, policy); err != nil {
			return err
		}
	}
	return nil
}

// Holds reports whether member, or everybody, has one of the roles on the resource or on its project, by a binding whose condition
// holds.
func (q *Request) Holds(n Name, member string, roles ...string) bool {
	project := Name{Kind: q.server.root("projects"), Segments: []string{"projects", n.Project.ID}}
	for _, place := range []Name{n, project} {
		for _, binding := range doc.Objects(q.Tx.Get(policyPrefix+place.Key()), "bindings") {
			if !slices.Contains(roles, doc.Text(binding, "role")) || !q.applies(doc.Object(binding, "condition"), n) {
				continue
			}
			for _, m := range doc.Texts(binding, "members") {
				if m == member || m == "allUsers" {
					return true
				}
			}
		}
	}
	return false
}
