package github_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/cloudtest"
	"github.com/guiofsaints/procureflow-platform/emulator/github"
)

const hub = "/gh/api/v3/repos/guiofsaints/procureflow"

func TestGitHubEnvironments(t *testing.T) {
	t.Parallel()
	w := start(t)
	assert.InDelta(t, 22, w.OK("GET", "/gh/api/v3/repos/GuiofSaints/procureflow", "")["id"], 0)
	made := w.OK("PUT", hub+"/environments/production", `{"wait_timer":5,"prevent_self_review":true,"can_admins_bypass":false,
		"reviewers":[{"type":"User","id":33}],"deployment_branch_policy":{"protected_branches":false,"custom_branch_policies":true}}`)
	assert.Equal(t, "wait_timer", cloudtest.Dig(made, "protection_rules", 0, "type"))
	assert.InDelta(t, 5, cloudtest.Dig(made, "protection_rules", 0, "wait_timer"), 0)
	assert.Equal(t, "required_reviewers", cloudtest.Dig(made, "protection_rules", 1, "type"))
	assert.InDelta(t, 33, cloudtest.Dig(made, "protection_rules", 1, "reviewers", 0, "reviewer", "id"), 0)
	assert.Equal(t, true, cloudtest.Dig(made, "protection_rules", 1, "prevent_self_review"))
	assert.Equal(t, false, made["can_admins_bypass"])
	assert.Equal(t, made, w.OK("GET", hub+"/environments/production", ""))

	policy := w.OK("POST", hub+"/environments/production/deployment-branch-policies", `{"name":"main"}`)
	assert.Equal(t, "branch", policy["type"])
	code, _ := w.Call("POST", hub+"/environments/production/deployment-branch-policies", `{"name":"main"}`)
	assert.Equal(t, 303, code)
	policies := w.OK("GET", hub+"/environments/production/deployment-branch-policies", "")
	assert.Equal(t, []any{policy}, policies["branch_policies"])

	emptied := w.OK("PUT", hub+"/environments/production", "")
	assert.Empty(t, emptied["protection_rules"], "a PUT replaces all protections")
	code, _ = w.Call("GET", hub+"/environments/production/deployment-branch-policies", "")
	assert.Equal(t, 404, code)
	code, _ = w.Call("DELETE", hub+"/environments/production", "")
	assert.Equal(t, 204, code)
	code, answer := w.Call("GET", hub+"/environments/production", "")
	assert.Equal(t, 404, code)
	assert.Equal(t, "Not Found", answer["message"])
}

func TestGitHubVariables(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.OK("PUT", hub+"/environments/dev", "")
	for _, base := range []string{hub + "/actions/variables", hub + "/environments/dev/variables",
		"/gh/api/v3/repositories/22/environments/dev/variables"} {
		code, _ := w.Call("POST", base, `{"name":"gcp_project","value":"a"}`)
		require.Equal(t, 201, code, base)
		code, answer := w.Call("POST", base, `{"name":"GCP_PROJECT","value":"b"}`)
		require.Equal(t, 409, code)
		assert.Equal(t, "Already exists - Variable already exists", answer["message"])
		code, _ = w.Call("PATCH", base+"/GCP_PROJECT", `{"value":"c"}`)
		require.Equal(t, 204, code)
		assert.Equal(t, "c", w.OK("GET", base+"/GCP_PROJECT", "")["value"])
		assert.InDelta(t, 1, w.OK("GET", base, "")["total_count"], 0)
		code, _ = w.Call("DELETE", base+"/GCP_PROJECT", "")
		require.Equal(t, 204, code)
	}
}

func TestGitHubRefusals(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.OK("PUT", hub+"/environments/dev", "")
	for _, test := range []struct {
		name, method, path, body string
		code                     int
		want                     string
	}{
		{"no repository", "GET", "/gh/api/v3/repos/guiofsaints/none", "", 404, ""},
		{"no environment", "POST", hub + "/environments/none/variables", `{"name":"A","value":"b"}`, 404, ""},
		{"unknown reviewer", "PUT", hub + "/environments/dev", `{"reviewers":[{"type":"User","id":99}]}`, 422,
			"reviewer User 99 has no access to the repository"},
		{"too long a wait", "PUT", hub + "/environments/dev", `{"wait_timer":43201}`, 422,
			"wait_timer must be a whole number of minutes, 0 to 43200"},
		{"both branch policies", "PUT", hub + "/environments/dev",
			`{"deployment_branch_policy":{"protected_branches":true,"custom_branch_policies":true}}`, 422, "protected_branches and " +
				"custom_branch_policies cannot have the same value"},
		{"pattern without custom policies", "POST", hub + "/environments/dev/deployment-branch-policies", `{"name":"main"}`, 404, ""},
		{"variable name", "POST", hub + "/actions/variables", `{"name":"GITHUB_X","value":"b"}`, 422,
			"Variable names may contain letters, digits and underscores only, must not begin with a digit or with GITHUB_."},
		{"no value", "POST", hub + "/actions/variables", `{"name":"A"}`, 422, "Variable values must have 1 to 49152 bytes."},
		{"not JSON", "PUT", hub + "/environments/dev", `{`, 400, ""},
	} {
		code, answer := w.Call(test.method, test.path, test.body)
		assert.Equal(t, test.code, code, test.name)
		message, _ := cloudtest.Dig(answer, "errors", 0, "message").(string)
		assert.Equal(t, test.want, message, test.name)
	}
}

func TestEnsureIsIdempotentAndRefusesOtherNumbers(t *testing.T) {
	t.Parallel()
	w := start(t)
	require.NoError(t, w.Cloud.GitHub.Ensure(github.Repository{Owner: "guiofsaints", OwnerID: 11, Name: "procureflow", ID: 22}))
	require.EqualError(t, w.Cloud.GitHub.Ensure(github.Repository{Owner: "guiofsaints", OwnerID: 11, Name: "procureflow", ID: 23}),
		"GitHub repository guiofsaints/procureflow has number 22 in this emulator and 23 in the settings; delete the emulator's state "+
			"folder to start over")
}

// TestGitHubIgnores sends what GitHub ignores: fields that it does not know, and fields that only GitHub writes. Terraform's
// provider sends source and source_type with every ruleset.
func TestGitHubIgnores(t *testing.T) {
	t.Parallel()
	w := start(t)
	ruleset := `{"name":"main","enforcement":"active","source":"other/repository","source_type":"Organization","id":1,"node_id":"x","created_at":"never","color":"red",` +
		onMain + `,"bypass_actors":[{"actor_id":5,"actor_type":"RepositoryRole","bypass_mode":"always","name":"admin"}],"rules":[{"type":"deletion","ruleset_id":7},` + pullRequestRule + `]}`
	code, made := w.Call("POST", hub+"/rulesets", ruleset)
	require.Equal(t, 201, code, "%v", made)
	assert.Equal(t, "guiofsaints/procureflow", made["source"])
	assert.Equal(t, "Repository", made["source_type"])
	assert.NotEqual(t, 1.0, made["id"])
	assert.NotContains(t, made, "color")
	assert.Equal(t, []any{map[string]any{"actor_id": 5.0, "actor_type": "RepositoryRole", "bypass_mode": "always"}}, made["bypass_actors"])
	changed := w.OK("PUT", hub+"/rulesets/"+fmt.Sprintf("%.0f", made["id"]), ruleset)
	assert.Equal(t, made["id"], changed["id"])
	assert.Equal(t, made["created_at"], changed["created_at"])

	for _, put := range []struct{ path, body string }{
		{"/environments/dev", `{"wait_timer":0,"reviewer":[],"name":"prod"}`},
		{"/actions/permissions", `{"enabled":true,"allowed_actions":"selected","selected_actions_url":"x"}`},
		{"/actions/permissions/selected-actions", `{"github_owned_allowed":true,"url":"x"}`},
		{"/actions/permissions/workflow", `{"default_workflow_permissions":"write","url":"x"}`},
	} {
		code, answer := w.Call("PUT", hub+put.path, put.body)
		assert.Less(t, code, 300, "%s: %v", put.path, answer)
		answer = w.OK("GET", hub+put.path, "")
		for _, field := range []string{"reviewer", "selected_actions_url", "url"} {
			assert.NotContains(t, answer, field, put.path)
		}
	}
	assert.Equal(t, "dev", w.OK("GET", hub+"/environments/dev", "")["name"])
}

// TestGitHubEmptyReviewers sends what a client makes of an environment without reviewers whose self-review is prevented. The rule
// stays, with an empty list.
func TestGitHubEmptyReviewers(t *testing.T) {
	t.Parallel()
	w := start(t)
	for _, reviewers := range []string{`null`, `[]`} {
		made := w.OK("PUT", hub+"/environments/dev", `{"wait_timer":0,"reviewers":`+reviewers+
			`,"can_admins_bypass":true,"deployment_branch_policy":null,"prevent_self_review":true}`)
		rules := made["protection_rules"].([]any)
		require.Len(t, rules, 1, reviewers)
		assert.Equal(t, "required_reviewers", cloudtest.Dig(rules[0], "type"))
		assert.Equal(t, true, cloudtest.Dig(rules[0], "prevent_self_review"))
		assert.Equal(t, []any{}, cloudtest.Dig(rules[0], "reviewers"))
		made = w.OK("PUT", hub+"/environments/dev", `{"wait_timer":0,"reviewers":`+reviewers+`,"prevent_self_review":false}`)
		assert.Equal(t, []any{}, made["protection_rules"], reviewers)
	}
}
