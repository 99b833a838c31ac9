package sandbox_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/sandbox/command"
)

// TestProdProtectsTheRepository checks that prod's stack protects the repository, passes its own policies with it, and notices
// when somebody weakens it.
func TestProdProtectsTheRepository(t *testing.T) {
	t.Parallel()
	const repository = "/gh/api/v3/repos/guiofsaints/procureflow"
	s, up := deployed(t, "prod")
	assert.NotContains(t, up.out, "gh-", "a policy about GitHub complains")
	s.unchanged("prod")
	ruleset := repository + "/rulesets/" + s.idOf("prod", "github:index/repositoryRuleset:RepositoryRuleset::repository-ruleset")
	tags := repository + "/rulesets/" + s.idOf("prod", "github:index/repositoryRuleset:RepositoryRuleset::repository-tags-ruleset")

	for _, weakened := range []struct{ method, path, body string }{
		{http.MethodPut, ruleset,
			`{"enforcement":"disabled","bypass_actors":[{"actor_id":5,"actor_type":"RepositoryRole","bypass_mode":"always"}],
			"conditions":{"ref_name":{"include":["refs/heads/main","refs/heads/dev"],"exclude":["refs/heads/main"]}}}`},
		{http.MethodPut, tags, `{"bypass_actors":[{"actor_id":4,"actor_type":"RepositoryRole","bypass_mode":"always"}]}`},
		{http.MethodPut, repository + "/actions/permissions", `{"enabled":true,"allowed_actions":"all","sha_pinning_required":false}`},
		{http.MethodPut, repository + "/actions/permissions/workflow", `{"default_workflow_permissions":"write"}`},
		{http.MethodDelete, repository + "/vulnerability-alerts", `null`},
	} {
		status, answer := s.api(weakened.method, weakened.path, json.RawMessage(weakened.body))
		require.Less(t, status, 300, "%v", answer)
	}
	drift := s.run("drift", "prod")
	assert.Equal(t, command.ExitNo, drift.exit, "%s", drift)
	for _, want := range []string{
		`enforcement: "active" -> "disabled"`, "bypassActors: [] -> ", `conditions.refName.excludes`, `allowedActions: "selected" -> "all"`,
		"shaPinningRequired: true -> false", `defaultWorkflowPermissions: "read" -> "write"`, "enabled: true -> false",
		"bypassActors[0].actorId: 5 -> 4",
	} {
		assert.Contains(t, drift.out, want)
	}
	assert.Contains(t, s.must("up", "prod", "--skip-preview").out, "5 updated")
	status, _ := s.api(http.MethodDelete, ruleset, nil)
	require.Equal(t, http.StatusNoContent, status)
	deleted := s.run("drift", "prod").out
	assert.Contains(t, deleted, "deleted")
	assert.Contains(t, deleted, "\n1 changed.", "the update has repaired what was weakened")
	assert.Contains(t, s.must("up", "prod", "--skip-preview").out, "1 created")
}

// idOf returns the id of the stack's one resource whose URN has this end.
func (s *sandbox) idOf(stack, urn string) string {
	s.t.Helper()
	var state struct {
		Deployment struct {
			Resources []struct{ URN, ID string }
		}
	}
	require.NoError(s.t, json.Unmarshal([]byte(s.must("export", stack).out), &state))
	for _, resource := range state.Deployment.Resources {
		if strings.HasSuffix(resource.URN, urn) {
			return resource.ID
		}
	}
	require.Fail(s.t, "the stack has no "+urn)
	return ""
}
