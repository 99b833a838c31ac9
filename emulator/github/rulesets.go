package github

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
)

// ruleForms lists the rules on branches and tags in a user's repository, with their parameters. GitHub has more rules for
// organizations. Like GitHub, the emulator refuses them here.
// Source: https://docs.github.com/en/rest/repos/rules#create-a-repository-ruleset
var ruleForms = map[string]map[string]string{
	"creation": {}, "deletion": {}, "non_fast_forward": {}, "required_linear_history": {}, "required_signatures": {},
	"update":               {"update_allows_fetch_and_merge": "boolean"},
	"required_deployments": {"required_deployment_environments": "array!"},
	"pull_request": {
		"dismiss_stale_reviews_on_push": "boolean!", "require_code_owner_review": "boolean!", "require_last_push_approval": "boolean!",
		"required_approving_review_count": "integer!", "required_review_thread_resolution": "boolean!",
		"allowed_merge_methods": "array", "required_reviewers": "array",
	},
	"required_status_checks": {
		"required_status_checks": "array!", "strict_required_status_checks_policy": "boolean!", "do_not_enforce_on_create": "boolean",
	},
}

var rulesetForm = map[string]string{
	"name": "string", "target": "branch|tag|push", "enforcement": "disabled|active|evaluate",
	"bypass_actors": "array", "conditions": "object", "rules": "array",
}

// refused is GitHub's answer to a ruleset that is well-formed but not allowed.
func refused(format string, args ...any) error {
	return &refusal{Code: http.StatusUnprocessableEntity, Message: "Validation Failed", Errors: []any{fmt.Sprintf(format, args...)}}
}

func (h *request) rulesets(rest []string) (int, any, error) {
	collection := h.repo + "/rulesets"
	return h.entries(collection, rest, http.MethodPut,
		func() (int, any, error) { return h.listRulesets(collection) },
		func(there map[string]any) (int, any, error) { return h.putRuleset(collection, there) })
}

// listRulesets answers with a list. As on GitHub, its entries have neither rules nor conditions.
func (h *request) listRulesets(collection string) (int, any, error) {
	short := []any{}
	for _, item := range h.all(collection) {
		ruleset := maps.Clone(item.(map[string]any))
		for _, field := range []string{"rules", "conditions", "bypass_actors"} {
			delete(ruleset, field)
		}
		short = append(short, ruleset)
	}
	code, page, err := h.page("rulesets", short)
	if err != nil {
		return 0, nil, err
	}
	return code, page.(map[string]any)["rulesets"], nil
}

// putRuleset creates a ruleset, or changes the given fields of an existing one.
func (h *request) putRuleset(collection string, there map[string]any) (int, any, error) {
	form := maps.Clone(rulesetForm)
	if there == nil {
		form["name"] += "!"
		form["enforcement"] += "!"
	}
	if err := h.fields(form); err != nil {
		return 0, nil, err
	}
	code, ruleset := http.StatusOK, there
	if there == nil {
		owner, name := h.repositoryNames()
		code, ruleset = http.StatusCreated, map[string]any{
			"id": h.number(), "target": "branch", "source_type": "Repository", "source": owner + "/" + name, "created_at": h.now,
			"current_user_can_bypass": "never", "bypass_actors": []any{}, "rules": []any{},
			"conditions": map[string]any{"ref_name": map[string]any{"include": []any{}, "exclude": []any{}}},
		}
		ruleset["node_id"] = "RRS_" + idOf(ruleset)
	}
	maps.Copy(ruleset, h.body)
	ruleset["updated_at"] = h.now
	completeRules(ruleset)
	if err := h.checkRuleset(collection, ruleset); err != nil {
		return 0, nil, err
	}
	return code, ruleset, h.tx.Put(collection+"/"+idOf(ruleset), ruleset)
}

func (h *request) repositoryNames() (owner, name string) {
	repository := h.tx.Get(h.repo)
	return doc.Text(repository, "owner", "login"), doc.Text(repository, "name")
}

func (h *request) checkRuleset(collection string, ruleset map[string]any) error {
	if doc.Text(ruleset, "name") == "" {
		return refused("Name can't be blank")
	}
	for _, item := range h.all(collection) {
		other := item.(map[string]any)
		if doc.Text(other, "name") == doc.Text(ruleset, "name") && doc.Number(other, "id") != doc.Number(ruleset, "id") {
			return refused("Name must be unique")
		}
	}
	if ruleset["target"] == "push" || ruleset["enforcement"] == "evaluate" {
		return refused("target push and enforcement evaluate are for the repositories of organizations")
	}
	if err := checkRefNames(ruleset); err != nil {
		return err
	}
	for _, item := range doc.List(ruleset, "bypass_actors") {
		actor, _ := item.(map[string]any)
		if err := keepFields(actor, map[string]string{"actor_id": "integer", "actor_type": "Integration|RepositoryRole|DeployKey!",
			"bypass_mode": "always|pull_request|exempt"}, "/bypass_actors: "); err != nil {
			return err
		}
	}
	return checkRules(ruleset)
}

// checkRefNames requires full refs: the short name of a branch is not a valid pattern.
func checkRefNames(ruleset map[string]any) error {
	prefix := "refs/heads/"
	if ruleset["target"] == "tag" {
		prefix = "refs/tags/"
	}
	names := doc.Object(ruleset, "conditions", "ref_name")
	if err := keepFields(doc.Object(ruleset, "conditions"), map[string]string{"ref_name": "object!"}, "/conditions: "); err != nil {
		return err
	}
	for _, field := range []string{"include", "exclude"} {
		patterns, given := names[field].([]any)
		if !given {
			return refused("Invalid target patterns: ''")
		}
		for _, item := range patterns {
			pattern, _ := item.(string)
			special := pattern == "~ALL" || pattern == "~DEFAULT_BRANCH" && prefix == "refs/heads/"
			if !special && (!strings.HasPrefix(pattern, prefix) || pattern == prefix || strings.ContainsAny(pattern, " ~^:\\")) {
				return refused("Invalid target patterns: '%s'", pattern)
			}
		}
	}
	return nil
}

// completeRules fills in the parameters that GitHub fills in.
func completeRules(ruleset map[string]any) {
	for _, item := range doc.List(ruleset, "rules") {
		rule, _ := item.(map[string]any)
		parameters := doc.Object(rule, "parameters")
		switch kind := doc.Text(rule, "type"); {
		case parameters == nil:
		case kind == "pull_request":
			doc.Default(parameters, "required_reviewers", []any{})
			doc.Default(parameters, "allowed_merge_methods", []any{"merge", "squash", "rebase"})
		case kind == "required_status_checks":
			doc.Default(parameters, "do_not_enforce_on_create", false)
		}
	}
}

// checkRules checks the parameters of every rule.
func checkRules(ruleset map[string]any) error {
	seen := map[string]bool{}
	for _, item := range doc.List(ruleset, "rules") {
		rule, _ := item.(map[string]any)
		kind := doc.Text(rule, "type")
		form, known := ruleForms[kind]
		if !known {
			return refused("Invalid rule '%s': ", kind)
		}
		if seen[kind] {
			return refused("Invalid rules: '%s' is there twice", kind)
		}
		seen[kind] = true
		parameters := doc.Object(rule, "parameters")
		if err := keepFields(parameters, form, "Invalid rule '"+kind+"': "); err != nil {
			return err
		}
		var err error
		switch kind {
		case "pull_request":
			err = checkPullRequest(parameters)
		case "required_status_checks":
			err = checkStatusChecks(parameters)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func checkPullRequest(parameters map[string]any) error {
	if n := doc.Number(parameters, "required_approving_review_count"); n < 0 || n > 10 {
		return refused("Invalid rule 'pull_request': Required approving review count must be between 0 and 10")
	}
	methods := doc.List(parameters, "allowed_merge_methods")
	unknown := func(method any) bool { return !slices.Contains([]any{"merge", "squash", "rebase"}, method) }
	if len(methods) == 0 || slices.ContainsFunc(methods, unknown) {
		return refused("Invalid rule 'pull_request': Allowed merge methods must be some of merge, squash, rebase")
	}
	if len(doc.List(parameters, "required_reviewers")) > 0 {
		return refused("Invalid rule 'pull_request': Required reviewers are teams, and the repository of a user has none")
	}
	return nil
}

func checkStatusChecks(parameters map[string]any) error {
	checks := doc.List(parameters, "required_status_checks")
	if len(checks) == 0 {
		return refused("Invalid rule 'required_status_checks': Required status checks can't be blank")
	}
	for _, item := range checks {
		check, _ := item.(map[string]any)
		if err := keepFields(check, map[string]string{"context": "string!", "integration_id": "integer"},
			"Invalid rule 'required_status_checks': "); err != nil {
			return err
		}
		if doc.Text(check, "context") == "" {
			return refused("Invalid rule 'required_status_checks': Context can't be blank")
		}
	}
	return nil
}

func sortedFields[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
