package github

import (
	"net/http"
	"strings"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
)

func (h *request) environments(rest []string) (int, any, error) {
	collection := h.repo + "/environments"
	if len(rest) == 0 {
		if h.method != http.MethodGet {
			return 0, nil, missing()
		}
		return h.page("environments", h.all(collection))
	}
	key := collection + "/" + strings.ToLower(rest[0])
	there := h.tx.Get(key)
	if len(rest) == 1 && h.method == http.MethodPut {
		return h.putEnvironment(key, strings.ReplaceAll(rest[0], "%2F", "/"), there)
	}
	if there == nil {
		return 0, nil, missing()
	}
	switch {
	case len(rest) == 1 && h.method == http.MethodGet:
		return http.StatusOK, there, nil
	case len(rest) == 1 && h.method == http.MethodDelete:
		return http.StatusNoContent, nil, h.deleteTree(key)
	case len(rest) >= 2 && rest[1] == "variables":
		return h.variables(key+"/variables", rest[2:])
	case len(rest) >= 2 && rest[1] == "deployment-branch-policies":
		return h.branchPolicies(key, doc.Flag(there, "deployment_branch_policy", "custom_branch_policies"), rest[2:])
	}
	return 0, nil, missing()
}

// putEnvironment creates an environment or replaces all its protections. A protection that the body leaves out is removed.
func (h *request) putEnvironment(key, name string, there map[string]any) (int, any, error) {
	if len(name) > 255 {
		return 0, nil, invalid("Environment", "name", "the name is longer than 255 characters")
	}
	environment := map[string]any{"id": h.number(), "name": name, "created_at": h.now}
	if there != nil {
		environment = map[string]any{"id": there["id"], "name": there["name"], "created_at": there["created_at"]}
	}
	bypass, given := h.body["can_admins_bypass"].(bool)
	environment["can_admins_bypass"] = bypass || !given
	environment["updated_at"], environment["node_id"] = h.now, "EN_"+idOf(environment)
	rules, err := h.protectionRules()
	if err != nil {
		return 0, nil, err
	}
	environment["deployment_branch_policy"] = nil
	if policy := doc.Object(h.body, "deployment_branch_policy"); policy != nil {
		protected, custom := doc.Flag(policy, "protected_branches"), doc.Flag(policy, "custom_branch_policies")
		if protected == custom {
			return 0, nil, invalid("Environment", "deployment_branch_policy",
				"protected_branches and custom_branch_policies cannot have the same value")
		}
		environment["deployment_branch_policy"] = map[string]any{"protected_branches": protected, "custom_branch_policies": custom}
		rules = append(rules, map[string]any{"id": h.number(), "type": "branch_policy"})
	}
	if !doc.Flag(environment, "deployment_branch_policy", "custom_branch_policies") {
		if err := h.deleteTree(key + "/policies"); err != nil {
			return 0, nil, err
		}
	}
	environment["protection_rules"] = rules
	return http.StatusOK, environment, h.tx.Put(key, environment)
}

func (h *request) protectionRules() ([]any, error) {
	rules := []any{}
	if wait := doc.Number(h.body, "wait_timer"); wait != 0 {
		if wait < 0 || wait > 43200 || wait != float64(int(wait)) {
			return nil, invalid("Environment", "wait_timer", "wait_timer must be a whole number of minutes, 0 to 43200")
		}
		rules = append(rules, map[string]any{"id": h.number(), "type": "wait_timer", "wait_timer": wait})
	}
	given := doc.List(h.body, "reviewers")
	if len(given) > 6 {
		return nil, invalid("Environment", "reviewers", "an environment has at most 6 reviewers")
	}
	selfReview := doc.Flag(h.body, "prevent_self_review")
	if len(given) == 0 && !selfReview {
		return rules, nil
	}
	users := doc.Object(h.tx.Get("users:"+h.repo), "users")
	reviewers := []any{}
	for _, item := range given {
		reviewer, _ := item.(map[string]any)
		id := idOf(reviewer)
		login := doc.Text(users, id)
		if doc.Text(reviewer, "type") != "User" || login == "" {
			return nil, invalid("Environment", "reviewers", "reviewer "+doc.Text(reviewer, "type")+" "+id+" has no access to the repository")
		}
		user := map[string]any{"login": login, "id": doc.Number(reviewer, "id"), "type": "User"}
		reviewers = append(reviewers, map[string]any{"type": "User", "reviewer": user})
	}
	return append(rules, map[string]any{"id": h.number(), "type": "required_reviewers", "prevent_self_review": selfReview,
		"reviewers": reviewers}), nil
}

// branchPolicies answers for the branch name patterns of an environment. An environment has them only with custom policies.
func (h *request) branchPolicies(environment string, custom bool, rest []string) (int, any, error) {
	collection := environment + "/policies"
	if !custom {
		return 0, nil, missing()
	}
	return h.entries(collection, rest, http.MethodPut,
		func() (int, any, error) { return h.page("branch_policies", h.all(collection)) },
		func(there map[string]any) (int, any, error) { return h.putBranchPolicy(collection, there) })
}

func (h *request) putBranchPolicy(collection string, there map[string]any) (int, any, error) {
	name, kind := doc.Text(h.body, "name"), doc.Text(h.body, "type")
	if kind == "" {
		kind = "branch"
	}
	if name == "" || kind != "branch" && kind != "tag" {
		return 0, nil, invalid("DeploymentBranchPolicy", "name", "a name pattern is required, and a type of branch or tag")
	}
	for _, item := range h.all(collection) {
		other := item.(map[string]any)
		if doc.Text(other, "name") == name && doc.Text(other, "type") == kind && doc.Number(other, "id") != doc.Number(there, "id") {
			return http.StatusSeeOther, other, nil
		}
	}
	policy := map[string]any{"id": h.number(), "name": name, "type": kind}
	if there != nil {
		policy["id"], policy["type"] = there["id"], there["type"]
	}
	id := idOf(policy)
	policy["node_id"] = "DBP_" + id
	return http.StatusOK, policy, h.tx.Put(collection+"/"+id, policy)
}
