package sandbox_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/guiofsaints/procureflow-platform/infra/program"
	"github.com/guiofsaints/procureflow-platform/internal/pulumitest"
	release "github.com/guiofsaints/procureflow-platform/release/command"
	"github.com/guiofsaints/procureflow-platform/sandbox/authority"
	"github.com/guiofsaints/procureflow-platform/sandbox/command"
	"github.com/guiofsaints/procureflow-platform/sandbox/cost"
	"github.com/guiofsaints/procureflow-platform/sandbox/dryrun"
	"github.com/guiofsaints/procureflow-platform/sandbox/inventory"
	"github.com/guiofsaints/procureflow-platform/sandbox/server"
	"github.com/guiofsaints/procureflow-platform/sandbox/statedir"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

const (
	fixtureInstance = "/sql/v1beta4/projects/procureflow-dev/instances/main"
	fixtureBucket   = "/storage/v1/b/procureflow-dev-files"
	fixtureService  = "/run/v2/projects/procureflow-dev/locations/us-central1/services/procureflow-api"
)

// TestAStackThatUsesEverything brings up sidecars, volumes, callers, a network, a database, a bucket and a latency objective
// together. A preview then finds nothing to do, a drift is repaired, and deleting data takes a person two steps.
func TestAStackThatUsesEverything(t *testing.T) {
	t.Parallel()
	overlay, err := pulumitest.Overlay(filepath.Join(root, "tests", "application", "everything.yaml"))
	require.NoError(t, err)
	// The existing instance would have to be made first.
	delete(overlay["databases"].(map[string]any), "legacy")
	for group, key := range map[string]string{"services": "api", "jobs": "migrate"} {
		overlay[group].(map[string]any)[key].(map[string]any)["databases"] = map[string]any{"DB": "main"}
	}
	previews, err := pulumitest.Overlay(filepath.Join(root, "tests", "application", "previews.yaml"))
	require.NoError(t, err)
	pulumitest.Lay(overlay, previews)
	s := newSandbox(t, func(name, content string) string {
		switch filepath.ToSlash(name) {
		case "policy/dev.json": // the service is private, and reached from the internet with a token
			return strings.NewReplacer(`"run-ingress": {"publicServices": ["procureflow-web"]}`,
				`"run-ingress": {"publicServices": ["procureflow-web", "procureflow-api", "procureflow-web-preview-1", "procureflow-web-preview-2"]}`,
				`"run-no-public-invoker": {"publicServices": ["procureflow-web"]}`,
				`"run-no-public-invoker": {"publicServices": ["procureflow-web", "procureflow-web-preview-1", "procureflow-web-preview-2"]}`,
				`"us-docker.pkg.dev/cloudrun/container"`, `"us-docker.pkg.dev/cloudrun/container", "docker.io/library/caddy"`).Replace(content)
		case "Pulumi.dev.yaml":
			return laid(t, content, overlay)
		}
		return content
	})
	s.must("up", "dev", "--skip-preview")
	s.unchanged("dev")

	t.Run("the tools read the same from the program and from the state", func(*testing.T) { s.readAlike("dev") })
	t.Run("only web and the named callers may call api", func(t *testing.T) {
		_, policy := s.api(http.MethodGet, fixtureService+":getIamPolicy", nil)
		members := dig(policy, "bindings", 0, "members")
		assert.ElementsMatch(t, []any{
			"serviceAccount:procureflow-cloudrun@procureflow-dev.iam.gserviceaccount.com",
			"group:suppliers@procureflow.example.com",
			"serviceAccount:github-actions-deploy@procureflow-dev.iam.gserviceaccount.com",
			"serviceAccount:service-100000000001@gcp-sa-monitoring-notification.iam.gserviceaccount.com",
		}, members)
	})
	t.Run("the job reaches the database as its own user, and is run by hand", func(t *testing.T) {
		_, users := s.api(http.MethodGet, fixtureInstance+"/users", nil)
		var names []any
		for i := range users["items"].([]any) {
			names = append(names, dig(users, "items", i, "name"))
		}
		assert.ElementsMatch(t, []any{"procureflow-api@procureflow-dev.iam", "procureflow-api-migrate@procureflow-dev.iam"}, names)
		_, policies := s.api(http.MethodGet, "/mon/v3/projects/procureflow-dev/alertPolicies", nil)
		var alerts []string
		for i := range policies["alertPolicies"].([]any) {
			if title := dig(policies, "alertPolicies", i, "displayName").(string); strings.Contains(title, "tidy") {
				alerts = append(alerts, title)
			}
		}
		assert.ElementsMatch(t, []string{"dev: procureflow-api-tidy failed", "dev: procureflow-api-tidy has not succeeded in time"}, alerts)
		dir, err := statedir.Open(s.state)
		require.NoError(t, err)
		var out, errs bytes.Buffer
		exit := release.Run(t.Context(), []string{"run", "migrate", "--stack", "dev", "--folder", s.dir, "--endpoint", s.status().API + "/run/",
			"--token-file", server.TokenFile(dir)}, release.Streams{Out: &out, Err: &errs})
		assert.Equal(t, release.ExitDone, exit, errs.String())
		assert.Regexp(t, "^procureflow-api-migrate-[a-z0-9]{5}: succeeded after ", out.String())
		assert.Contains(t, errs.String(), "the execution procureflow-api-migrate-")
	})
	t.Run("a drift of the data is found and repaired", func(t *testing.T) {
		status, answer := s.api(http.MethodPatch, fixtureBucket, map[string]any{"versioning": map[string]any{"enabled": false}})
		require.Equal(t, http.StatusOK, status, "%v", answer)
		drift := s.run("drift", "dev")
		assert.Equal(t, command.ExitNo, drift.exit, "%s", drift)
		assert.Contains(t, drift.out, "versioning.enabled: true -> false")
		assert.Contains(t, s.must("up", "dev", "--skip-preview").out, "1 updated")
		_, bucket := s.api(http.MethodGet, fixtureBucket, nil)
		assert.Equal(t, true, dig(bucket, "versioning", "enabled"))
	})
	t.Run("destroy keeps the data until a person decides otherwise", func(t *testing.T) {
		var state struct {
			Deployment struct {
				Resources []struct {
					Type    string
					Protect bool
				}
			}
		}
		require.NoError(t, json.Unmarshal([]byte(s.must("export", "dev").out), &state))
		protected := map[string]bool{}
		for _, resource := range state.Deployment.Resources {
			if resource.Protect {
				protected[resource.Type] = true
			}
		}
		assert.Equal(t, map[string]bool{"gcp:sql/databaseInstance:DatabaseInstance": true, "gcp:sql/database:Database": true,
			"gcp:storage/bucket:Bucket": true}, protected, "Pulumi refuses")
		status, answer := s.api(http.MethodDelete, fixtureInstance, nil)
		assert.Equal(t, http.StatusBadRequest, status, "Google refuses the deletion: %v", answer)

		giveUp := map[string]any{"deletionProtection": false}
		s.edit("Pulumi.dev.yaml", func(content string) string {
			return laid(t, content, map[string]any{"databases": map[string]any{"main": giveUp}, "buckets": map[string]any{"files": giveUp}})
		})
		policies := s.run("up", "dev")
		assert.Contains(t, policies.String(), "sql-hardening", "a policy reports the first step")
		s.edit("policy/dev.json", func(content string) string { return strings.Replace(content, "{", `{"sql-hardening": "advisory",`, 1) })
		s.must("up", "dev", "--skip-preview")
		s.must("destroy", "dev")
		status, _ = s.api(http.MethodGet, fixtureInstance, nil)
		assert.Equal(t, http.StatusNotFound, status)
	})
}

// readAlike checks that who can do what in a stack that is up, and what it costs, are the same by its state and by a dry run of its
// program. The dry run has to know the names that the cloud gives.
func (s *sandbox) readAlike(stack string) {
	s.t.Helper()
	document, err := stacks.Filled(s.dir, stack)
	require.NoError(s.t, err)
	settings, err := stacks.Parse(document, stack)
	require.NoError(s.t, err)
	registered, err := dryrun.Register(program.In(s.dir), s.dir, stack, document)
	require.NoError(s.t, err)
	deployed, err := inventory.FromState([]byte(s.must("export", stack).out))
	require.NoError(s.t, err)
	words := authority.TokenPartsOf([]stacks.Settings{settings}, registered, deployed)
	want, err := authority.Of(registered, words)
	require.NoError(s.t, err)
	got, err := authority.Of(deployed, words)
	require.NoError(s.t, err)
	assert.ElementsMatch(s.t, want, got)
	assert.Equal(s.t, cost.Of(stack, registered, nil), cost.Of(stack, deployed, nil))
}

// laid merges a document into the settings of a stack file.
func laid(t *testing.T, content string, overlay map[string]any) string {
	t.Helper()
	var file map[string]any
	require.NoError(t, yaml.Unmarshal([]byte(content), &file))
	pulumitest.Lay(dig(file, "config", "procureflow:platform").(map[string]any), overlay)
	text, err := yaml.Marshal(file)
	require.NoError(t, err)
	return string(text)
}

// edit changes a file of the project.
func (s *sandbox) edit(name string, change func(content string) string) {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	content, err := os.ReadFile(path)
	require.NoError(s.t, err)
	require.NoError(s.t, os.WriteFile(path, []byte(change(string(content))), 0o600))
}
