package cloud

import (
	"net/http"
	"strconv"
	"strings"
)

func (h *hubRequest) environments(rest []string) (int, any, error) {
	collection := h.repo + "/environments"
	if len(rest) == 0 {
		if h.method != http.MethodGet {
			return 0, nil, gitHubMissing()
		}
		return h.page("environments", h.all(collection))
	}
	key := collection + "/" + strings.ToLower(rest[0])
	there := h.tx.Get(key)
	if len(rest) == 1 && h.method == http.MethodPut {
		return h.putEnvironment(key, strings.ReplaceAll(rest[0], "%2F", "/"), there)
	}
	if there == nil {
		return 0, nil, gitHubMissing()
	}
	switch {
	case len(rest) == 1 && h.method == http.MethodGet:
		return http.StatusOK, there, nil
	case len(rest) == 1 && h.method == http.MethodDelete:
		return http.StatusNoContent, nil, h.deleteTree(key)
	case len(rest) >= 2 && rest[1] == "variables":
		return h.variables(key+"/variables", rest[2:])
	case len(rest) >= 2 && rest[1] == "deployment-branch-policies":
		return h.branchPolicies(key, flag(there, "deployment_branch_policy", "custom_branch_policies"), rest[2:])
	}
	return 0, nil, gitHubMissing()
}

// putEnvironment makes an environment or replaces all its protections: what the body leaves out is none.
func (h *hubRequest) putEnvironment(key, name string, there map[string]any) (int, any, error) {
	if len(name) > 255 {
		return 0, nil, gitHubInvalid("Environment", "name", "the name is longer than 255 characters")
	}
	environment := map[string]any{"id": h.cloud.hubID(), "name": name, "created_at": h.now}
	if there != nil {
		environment = map[string]any{"id": there["id"], "name": there["name"], "created_at": there["created_at"]}
	}
	bypass, given := h.body["can_admins_bypass"].(bool)
	environment["can_admins_bypass"] = bypass || !given
	environment["updated_at"], environment["node_id"] = h.now, "EN_"+strconv.FormatFloat(number(environment, "id"), 'f', 0, 64)
	rules, err := h.protectionRules()
	if err != nil {
		return 0, nil, err
	}
	environment["deployment_branch_policy"] = nil
	if policy := object(h.body, "deployment_branch_policy"); policy != nil {
		protected, custom := flag(policy, "protected_branches"), flag(policy, "custom_branch_policies")
		if protected == custom {
			return 0, nil, gitHubInvalid("Environment", "deployment_branch_policy",
				"protected_branches and custom_branch_policies cannot have the same value")
		}
		environment["deployment_branch_policy"] = map[string]any{"protected_branches": protected, "custom_branch_policies": custom}
		rules = append(rules, map[string]any{"id": h.cloud.hubID(), "type": "branch_policy"})
	}
	if !flag(environment, "deployment_branch_policy", "custom_branch_policies") {
		if err := h.deleteTree(key + "/policies"); err != nil {
			return 0, nil, err
		}
	}
	environment["protection_rules"] = rules
	return http.StatusOK, environment, h.tx.Put(key, environment)
}

func (h *hubRequest) protectionRules() ([]any, error) {
	rules := []any{}
	if wait := number(h.body, "wait_timer"); wait != 0 {
		if wait < 0 || wait > 43200 || wait != float64(int(wait)) {
			return nil, gitHubInvalid("Environment", "wait_timer", "wait_timer must be a whole number of minutes, 0 to 43200")
		}
		rules = append(rules, map[string]any{"id": h.cloud.hubID(), "type": "wait_timer", "wait_timer": wait})
	}
	given := list(h.body, "reviewers")
	if len(given) > 6 {
		return nil, gitHubInvalid("Environment", "reviewers", "an environment has at most 6 reviewers")
	}
	selfReview := flag(h.body, "prevent_self_review")
	if len(given) == 0 && !selfReview {
		return rules, nil
	}
	users := object(h.tx.Get("users:"+h.repo), "users")
	reviewers := []any{}
	for _, item := range given {
		reviewer, _ := item.(map[string]any)
		id := strconv.FormatFloat(number(reviewer, "id"), 'f', 0, 64)
		login := text(users, id)
		if text(reviewer, "type") != "User" || login == "" {
			return nil, gitHubInvalid("Environment", "reviewers", "reviewer "+text(reviewer, "type")+" "+id+" has no access to the repository")
		}
		reviewers = append(reviewers, map[string]any{"type": "User", "reviewer": map[string]any{"login": login,
			"id": number(reviewer, "id"), "type": "User"}})
	}
	return append(rules, map[string]any{"id": h.cloud.hubID(), "type": "required_reviewers", "prevent_self_review": selfReview,
		"reviewers": reviewers}), nil
}

// branchPolicies answers for the branch name patterns of an environment, which exist only with custom policies.
func (h *hubRequest) branchPolicies(environment string, custom bool, rest []string) (int, any, error) {
	collection := environment + "/policies"
	if !custom {
		return 0, nil, gitHubMissing()
	}
	return h.entries(collection, rest, http.MethodPut,
		func() (int, any, error) { return h.page("branch_policies", h.all(collection)) },
		func(there map[string]any) (int, any, error) { return h.putBranchPolicy(collection, there) })
}

func (h *hubRequest) putBranchPolicy(collection string, there map[string]any) (int, any, error) {
	name, kind := text(h.body, "name"), text(h.body, "type")
	if kind == "" {
		kind = "branch"
	}
	if name == "" || kind != "branch" && kind != "tag" {
		return 0, nil, gitHubInvalid("DeploymentBranchPolicy", "name", "a name pattern is required, and a type of branch or tag")
	}
	for _, item := range h.all(collection) {
		other := item.(map[string]any)
		if text(other, "name") == name && text(other, "type") == kind && number(other, "id") != number(there, "id") {
			return http.StatusSeeOther, other, nil
		}
	}
	policy := map[string]any{"id": h.cloud.hubID(), "name": name, "type": kind}
	if there != nil {
		policy["id"], policy["type"] = there["id"], there["type"]
	}
	id := strconv.FormatFloat(number(policy, "id"), 'f', 0, 64)
	policy["node_id"] = "DBP_" + id
	return http.StatusOK, policy, h.tx.Put(collection+"/"+id, policy)
}
