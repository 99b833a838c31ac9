package github_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/cloudtest"
)

const (
	pullRequestRule = `{"type":"pull_request","parameters":{"dismiss_stale_reviews_on_push":true,"require_code_owner_review":true,
		"require_last_push_approval":true,"required_approving_review_count":1,"required_review_thread_resolution":false}}`
	checksRule = `{"type":"required_status_checks","parameters":{"required_status_checks":[{"context":"ci-ok","integration_id":15368}],
		"strict_required_status_checks_policy":false}}`
	onMain = `"conditions":{"ref_name":{"include":["refs/heads/main"],"exclude":[]}}`
)

func TestGitHubRulesets(t *testing.T) {
	t.Parallel()
	w := start(t)
	body := `{"name":"main","enforcement":"active",` + onMain + `,"rules":[{"type":"deletion"},` + pullRequestRule + `,` + checksRule + `]}`
	code, made := w.Call("POST", hub+"/rulesets", body)
	require.Equal(t, 201, code, "%v", made)
	id := hub + "/rulesets/" + fmt.Sprintf("%.0f", made["id"])
	assert.Equal(t, "branch", made["target"])
	assert.Equal(t, "guiofsaints/procureflow", made["source"])
	assert.Equal(t, []any{}, made["bypass_actors"])
	assert.Equal(t, []any{"merge", "squash", "rebase"}, cloudtest.Dig(made, "rules", 1, "parameters", "allowed_merge_methods"), "filled in")
	assert.Equal(t, false, cloudtest.Dig(made, "rules", 2, "parameters", "do_not_enforce_on_create"), "filled in")
	assert.Equal(t, made, w.OK("GET", id, ""))

	changed := w.OK("PUT", id, `{"enforcement":"disabled"}`)
	assert.Equal(t, "disabled", changed["enforcement"])
	assert.Equal(t, made["rules"], changed["rules"], "what a PUT leaves out stays")

	code, refused := w.Call("POST", hub+"/rulesets", body)
	assert.Equal(t, 422, code)
	assert.Equal(t, []any{"Name must be unique"}, refused["errors"])

	code, _ = w.Call("DELETE", id, "")
	assert.Equal(t, 204, code)
	code, _ = w.Call("GET", id, "")
	assert.Equal(t, 404, code)
	code, _ = w.Call("DELETE", id, "")
	assert.Equal(t, 404, code)
}

func TestGitHubRulesetRefusals(t *testing.T) {
	t.Parallel()
	w := start(t)
	rules := func(rules string) string {
		return `{"name":"main","enforcement":"active",` + onMain + `,"rules":[` + rules + `]}`
	}
	names := func(include string) string {
		return `{"name":"main","enforcement":"active","conditions":{"ref_name":{"include":[` + include + `],"exclude":[]}}}`
	}
	for _, test := range []struct {
		name, body, message string
		errors              any
	}{
		{"no name", `{"enforcement":"active"}`, "Invalid request.\n\n\"name\" wasn't supplied.", nil},
		{"an unknown enforcement", `{"name":"main","enforcement":"on"}`,
			"Invalid request.\n\nInvalid property /enforcement: must be one of disabled|active|evaluate.", nil},
		{"a user's repository evaluates nothing", `{"name":"main","enforcement":"evaluate"}`, "Validation Failed",
			[]any{"target push and enforcement evaluate are for the repositories of organizations"}},
		{"a short name", names(`"main"`), "Validation Failed", []any{"Invalid target patterns: 'main'"}},
		{"a tag among branches", names(`"refs/tags/v1"`), "Validation Failed", []any{"Invalid target patterns: 'refs/tags/v1'"}},
		{"no exclude", `{"name":"main","enforcement":"active","conditions":{"ref_name":{"include":["~ALL"]}}}`, "Validation Failed",
			[]any{"Invalid target patterns: ''"}},
		{"an unknown rule", rules(`{"type":"no_mistakes"}`), "Validation Failed", []any{"Invalid rule 'no_mistakes': "}},
		{"an organization's rule", rules(`{"type":"commit_message_pattern","parameters":{"operator":"contains","pattern":"x"}}`),
			"Validation Failed",
			[]any{"Invalid rule 'commit_message_pattern': "}},
		{"a rule twice", rules(`{"type":"deletion"},{"type":"deletion"}`), "Validation Failed",
			[]any{"Invalid rules: 'deletion' is there twice"}},
		{"a parameter missing", rules(`{"type":"required_status_checks","parameters":{"required_status_checks":[{"context":"a"}]}}`),
			"Invalid request.\n\nInvalid rule 'required_status_checks': \"strict_required_status_checks_policy\" wasn't supplied.", nil},
		{"no check", rules(`{"type":"required_status_checks","parameters":{"strict_required_status_checks_policy":true,"required_status_checks":[]}}`),
			"Validation Failed", []any{"Invalid rule 'required_status_checks': Required status checks can't be blank"}},
		{"a check without a name",
			rules(`{"type":"required_status_checks","parameters":{"strict_required_status_checks_policy":true,"required_status_checks":[{"context":""}]}}`),
			"Validation Failed", []any{"Invalid rule 'required_status_checks': Context can't be blank"}},
		{"eleven approvals", rules(`{"type":"pull_request","parameters":{"dismiss_stale_reviews_on_push":true,"require_code_owner_review":true,
			"require_last_push_approval":true,"required_approving_review_count":11,"required_review_thread_resolution":false}}`),
			"Validation Failed", []any{"Invalid rule 'pull_request': Required approving review count must be between 0 and 10"}},
		{"a team", rules(`{"type":"pull_request","parameters":{"dismiss_stale_reviews_on_push":true,"require_code_owner_review":true,
			"require_last_push_approval":true,"required_approving_review_count":1,"required_review_thread_resolution":false,
			"required_reviewers":[{"minimum_approvals":1,"file_patterns":["infra/**"],"reviewer":{"id":1,"type":"Team"}}]}}`),
			"Validation Failed", []any{"Invalid rule 'pull_request': Required reviewers are teams, and the repository of a user has none"}},
		{"no merge method", rules(`{"type":"pull_request","parameters":{"dismiss_stale_reviews_on_push":true,"require_code_owner_review":true,
			"require_last_push_approval":true,"required_approving_review_count":1,"required_review_thread_resolution":false,"allowed_merge_methods":[]}}`),
			"Validation Failed", []any{"Invalid rule 'pull_request': Allowed merge methods must be some of merge, squash, rebase"}},
		{"an organization's actor", `{"name":"main","enforcement":"active","bypass_actors":[{"actor_type":"OrganizationAdmin"}]}`,
			"Invalid request.\n\n/bypass_actors: Invalid property /actor_type: must be one of Integration|RepositoryRole|DeployKey.", nil},
	} {
		code, answer := w.Call("POST", hub+"/rulesets", test.body)
		assert.Equal(t, 422, code, test.name)
		assert.Equal(t, test.message, answer["message"], test.name)
		assert.Equal(t, test.errors, answer["errors"], test.name)
	}
	code, _ := w.Call("POST", "/gh/api/v3/repos/guiofsaints/none/rulesets", rules(""))
	assert.Equal(t, 404, code)
}

func TestGitHubActionsPermissions(t *testing.T) {
	t.Parallel()
	w := start(t)
	const permissions = hub + "/actions/permissions"
	put := func(path, body string) (int, any) {
		code, answer := w.Call("PUT", path, body)
		return code, answer["message"]
	}
	assert.Equal(t, map[string]any{"enabled": true, "allowed_actions": "all", "sha_pinning_required": false},
		w.OK("GET", permissions, ""), "as GitHub makes a repository")
	code, _ := w.Call("GET", permissions+"/selected-actions", "")
	assert.Equal(t, 409, code, "nothing is selected while all are allowed")
	code, _ = put(permissions+"/selected-actions", `{"github_owned_allowed":true}`)
	assert.Equal(t, 409, code)

	code, _ = put(permissions, `{"enabled":true,"allowed_actions":"selected","sha_pinning_required":true}`)
	require.Equal(t, 204, code)
	assert.Equal(t, map[string]any{"github_owned_allowed": false, "verified_allowed": false, "patterns_allowed": []any{}},
		w.OK("GET", permissions+"/selected-actions", ""))
	code, _ = put(permissions+"/selected-actions", `{"patterns_allowed":["actions/checkout@*","github/codeql-action/upload-sarif@*"]}`)
	require.Equal(t, 204, code)
	assert.Equal(t, []any{"actions/checkout@*", "github/codeql-action/upload-sarif@*"},
		w.OK("GET", permissions+"/selected-actions", "")["patterns_allowed"])

	code, _ = put(permissions, `{"enabled":true,"allowed_actions":"all"}`)
	require.Equal(t, 204, code)
	assert.Equal(t, true, w.OK("GET", permissions, "")["sha_pinning_required"], "what is left out stays")
	code, _ = put(permissions, `{"enabled":false}`)
	require.Equal(t, 204, code)
	assert.Equal(t, map[string]any{"enabled": false, "sha_pinning_required": true}, w.OK("GET", permissions, ""))

	for _, test := range []struct{ path, body, message string }{
		{permissions, `{"allowed_actions":"all"}`, "Invalid request.\n\n\"enabled\" wasn't supplied."},
		{permissions, `{"enabled":"yes"}`, "Invalid request.\n\nFor 'properties/enabled', the value is not of type boolean."},
		{permissions, `{"enabled":true,"allowed_actions":"some"}`,
			"Invalid request.\n\nInvalid property /allowed_actions: must be one of all|local_only|selected."},
		{permissions + "/workflow", `{"default_workflow_permissions":"none"}`,
			"Invalid request.\n\nInvalid property /default_workflow_permissions: must be one of read|write."},
	} {
		code, message := put(test.path, test.body)
		assert.Equal(t, 422, code, test.body)
		assert.Equal(t, test.message, message)
	}
	code, _ = put(permissions, `{"enabled":true,"allowed_actions":"selected"}`)
	require.Equal(t, 204, code)
	code, _ = put(permissions+"/selected-actions", `{"patterns_allowed":["checkout"]}`)
	assert.Equal(t, 422, code)
}

func TestGitHubWorkflowTokenAndAlerts(t *testing.T) {
	t.Parallel()
	w := start(t)
	const token = hub + "/actions/permissions/workflow"
	assert.Equal(t, map[string]any{"default_workflow_permissions": "read", "can_approve_pull_request_reviews": false}, w.OK("GET", token, ""))
	code, _ := w.Call("PUT", token, `{"default_workflow_permissions":"write"}`)
	require.Equal(t, 204, code)
	assert.Equal(t, map[string]any{"default_workflow_permissions": "write", "can_approve_pull_request_reviews": false}, w.OK("GET", token, ""))

	const alerts = hub + "/vulnerability-alerts"
	for _, step := range []struct {
		method string
		code   int
	}{{"GET", 404}, {"PUT", 204}, {"GET", 204}, {"PUT", 204}, {"DELETE", 204}, {"GET", 404}, {"POST", 404}} {
		code, _ := w.Call(step.method, alerts, "")
		assert.Equal(t, step.code, code, step.method)
	}
}
