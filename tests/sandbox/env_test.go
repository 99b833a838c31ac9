package sandbox_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/api/option"
	"google.golang.org/api/secretmanager/v1"

	"github.com/guiofsaints/procureflow-platform/sandbox/command"
)

// TestEnvironmentForClients evaluates the output of `sandbox env` in a shell, as a person does. `release`, gcloud, one of
// Google's own clients and curl then reach the sandbox. Without it they are refused.
func TestEnvironmentForClients(t *testing.T) {
	t.Parallel()
	before := newSandbox(t, nil).run("env", "dev")
	assert.Equal(t, command.ExitNo, before.exit, "%s", before)
	assert.Contains(t, before.err, "The cloud is not running")
	s, _ := deployed(t, "dev")
	lines := s.must("env", "dev").out
	token, err := os.ReadFile(filepath.Join(s.state, "keys", "token"))
	require.NoError(t, err)
	assert.NotContains(t, lines, string(token), "the output names the token's file and does not print the token")
	for _, file := range []string{"token", "credentials.json"} {
		info, err := os.Stat(filepath.Join(s.state, "keys", file))
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o600), info.Mode().Perm(), file)
	}
	self, err := os.Executable()
	require.NoError(t, err)
	shell := func(script string) (string, error) {
		command := exec.CommandContext(t.Context(), "sh", "-c", lines+"\n"+script)
		command.Env = append(os.Environ(), "SELF="+self, "CLOUDSDK_CONFIG="+t.TempDir(), "CLOUDSDK_CORE_DISABLE_PROMPTS=1",
			"CLOUDSDK_CORE_DISABLE_USAGE_REPORTING=1", "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK=1")
		out, err := command.CombinedOutput()
		return string(out), err
	}
	does := func(script, want string) {
		t.Helper()
		out, err := shell(script)
		require.NoError(t, err, out)
		assert.Contains(t, out, want)
	}
	does(asRelease+`=1 "$SELF" status procureflow-web --json`, `"service"`)
	does(asRelease+`=1 "$SELF" status procureflow-web 2>&1 >/dev/null`, "(RELEASE_ENDPOINT)")
	does(`curl -sf -H "Authorization: Bearer $GITHUB_TOKEN" "$GITHUB_API_URL/repos/guiofsaints/procureflow/environments"`, `"dev"`)
	does(`curl -s -H "Authorization: Bearer guess" -w '%{http_code}' "$SANDBOX_APIS`+devServices+`"`, "401")
	does(`env`, "CLOUDSDK_CORE_PROJECT=procureflow-dev")
	if _, err := exec.LookPath("gcloud"); err == nil {
		does(`gcloud run services list --format 'value(metadata.name)'`, "procureflow-web")
		does(`gcloud secrets list --format 'value(name)'`, "mongodb-uri")
	}
	out, err := shell(`unset RELEASE_TOKEN_FILE; ` + asRelease + `=1 "$SELF" status procureflow-web`)
	require.Error(t, err, out)
	assert.Contains(t, out, "`sandbox env`, or the emulator's flag --env, hands it to clients")

	client, err := secretmanager.NewService(context.Background(), option.WithEndpoint(s.status().API+"/sm/"),
		option.WithAuthCredentialsFile(option.ExternalAccount, filepath.Join(s.state, "keys", "credentials.json")))
	require.NoError(t, err)
	secrets, err := client.Projects.Secrets.List("projects/procureflow-dev").Do()
	require.NoError(t, err)
	assert.Len(t, secrets.Secrets, 3)

	status, _ := s.get(strings.TrimSuffix(s.status().Services[0].Address, "/") + "/api/health")
	assert.Equal(t, 200, status, "the service answers anybody")
	var shown map[string]any
	require.NoError(t, json.Unmarshal([]byte(s.must("status", "--json").out), &shown))
	assert.NotContains(t, shown, "token")
}
