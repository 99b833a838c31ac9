package sandbox_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/sandbox/command"
)

// TestProdProtectsTheRepository checks that prod's stack protects the repository, passes its own policies with it, and notices
// when somebody weakens it. A service leaves prod meanwhile, as docs/howto/remove-service.md says.
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
	// A second service comes with the update that repairs what was weakened.
	worker := func(protected bool) map[string]any {
		probe := map[string]any{"path": "/"}
		return map[string]any{"services": map[string]any{"worker": map[string]any{"name": "procureflow-worker", "image": "worker",
			"bootstrapImage": "us-docker.pkg.dev/cloudrun/container/hello@sha256:95ade4b17adcd07623b0a0c68359e344fe54e65d0cb01b989e24c39f2fcd296a",
			"runtimeAccount": "procureflow-worker", "maxInstances": 1, "ingress": "internal", "startup": probe, "liveness": probe,
			"smokePaths": []any{"/"}, "slo": map[string]any{"availabilityPercent": 99}, "deletionProtection": protected}}}
	}
	var without string
	s.edit("Pulumi.prod.yaml", func(content string) string {
		without = content
		return laid(t, content, worker(true))
	})
	repaired := s.must("up", "prod", "--skip-preview").out
	assert.Len(t, regexp.MustCompile(`github:index:\S+ \S+ updated`).FindAllString(repaired, -1), 5)
	assert.Contains(t, repaired, "service-worker-service created")
	status, _ := s.api(http.MethodDelete, ruleset, nil)
	require.Equal(t, http.StatusNoContent, status)
	deleted := s.run("drift", "prod").out
	assert.Contains(t, deleted, "deleted")
	assert.Contains(t, deleted, "\n1 changed.", "the update has repaired what was weakened")

	// It leaves in two steps. The first one gives up its protection, for a reason.
	s.edit("Pulumi.prod.yaml", func(content string) string { return laid(t, content, worker(false)) })
	exempt := fmt.Sprintf(`"run-deletion-protection": {"enforcementLevel": "mandatory", "exemptions": [
		{"resource": "service-worker-service", "reason": "nobody calls it", "expires": %q}]}`, time.Now().AddDate(0, 0, 7).Format(time.DateOnly))
	const strict = `"run-deletion-protection": "mandatory"`
	s.edit("policy/prod.json", func(content string) string { return strings.Replace(content, strict, exempt, 1) })
	repaired = s.must("up", "prod", "--skip-preview").out
	assert.Contains(t, repaired, "service-worker-service updated")
	assert.Contains(t, repaired, "1 created")
	s.edit("Pulumi.prod.yaml", func(string) string { return without })
	s.edit("policy/prod.json", func(content string) string { return strings.Replace(content, exempt, strict, 1) })
	assert.Contains(t, s.must("up", "prod", "--skip-preview").out, "service-worker-service deleted")
	status, _ = s.api(http.MethodGet, "/run/v2/projects/procureflow-prod/locations/us-central1/services/procureflow-worker", nil)
	assert.Equal(t, http.StatusNotFound, status)
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
