package command

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/sandbox/server"
	"github.com/guiofsaints/procureflow-platform/sandbox/statedir"
	"github.com/guiofsaints/procureflow-platform/sandbox/trust"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

// TestMigrationOfAStackFile compares the whole file that the demonstration writes.
func TestMigrationOfAStackFile(t *testing.T) {
	t.Parallel()
	const scene = `config:
  shop:platform:
    databases:
      demo-migrate:
        network: default
    jobs:
      demo-migrate:
        args:
          - migrate
        databases:
          DEMO: demo-migrate
        name: demo-migrate
        release: true
        runtimeAccount: demo-migrate
        service: api
        vpc:
          network: NETWORK
    services:
      api:
        after:AFTER
          - demo-migrate
        bootstrapImage: hello@sha256:1
        databases:
          DEMO: demo-migrate
        sidecars:
          demo-migrate:
            image: hello@sha256:1
            liveness:
              path: /ready
              port: 9000
            startup:
              port: 9000
              tcp: true
        vpc:
          network: NETWORK
`
	for name, test := range map[string]struct{ file, network, after string }{
		"a plain service": {"config:\n  shop:platform:\n    services:\n      api: {bootstrapImage: 'hello@sha256:1'}\n", "default", ""},
		"one with a network and another sidecar": {"config:\n  shop:platform:\n    services:\n      api: " +
			"{bootstrapImage: 'hello@sha256:1', vpc: {network: own}, after: [proxy]}\n", "own", "\n          - proxy"},
	} {
		got, err := withMigration([]byte(test.file))
		require.NoError(t, err)
		assert.Equal(t, strings.NewReplacer("NETWORK", test.network, "AFTER", test.after).Replace(scene), string(got), name)
	}
	for file, want := range map[string]string{"config: {a: {services: {}}, b: 1}": "declares no service", "": "declares no service",
		"{": "yaml"} {
		_, err := withMigration([]byte(file))
		require.ErrorContains(t, err, want, file)
	}
}

// TestPrintTrust compares the whole answer for people.
func TestPrintTrust(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	printTrust(&out, "dev", trust.Answer{Verdicts: []trust.Verdict{{Provider: "oidc", Reason: "the audience is absent"}}})
	printTrust(&out, "prod", trust.Answer{Accepted: true, Verdicts: []trust.Verdict{{Provider: "oidc", Reason: "accepted"}},
		Identities: []trust.Identity{{Account: "a@p", Provider: "oidc", Member: "principal://x", Grants: []trust.Grant{
			{Role: "roles/r", Scope: "project p"}, {Role: "roles/s", Scope: "service web", Condition: "it is day", Reason: "It deploys."}}},
			{Provider: "oidc", Member: "principal://y"}}})
	assert.Equal(t, `The token is refused by stack dev:
  oidc: the audience is absent
The token is accepted by stack prod:
  oidc: accepted

It can become a@p
  through oidc, as principal://x
  roles/r on project p
  roles/s on service web if it is day: It deploys.

It can become itself, without an account
  through oidc, as principal://y
`, out.String())
}

// TestVisitorsOfAService counts real answers: by revision, and none as a bad one.
func TestVisitorsOfAService(t *testing.T) {
	t.Parallel()
	var requests atomic.Int64
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		revision := "web-a"
		if requests.Add(1) > 3 {
			revision = "web-b"
		}
		w.Header().Set("X-Sandbox-Revision", revision)
	}))
	v := visit(t.Context(), service.URL, time.Millisecond)
	require.Eventually(t, func() bool { return len(v.others("web-a")) == 1 }, 10*time.Second, time.Millisecond)
	assert.Equal(t, []string{"web-b"}, v.others("web-a"))
	assert.True(t, v.firstBad().IsZero())
	service.Close()
	require.Eventually(t, func() bool { return !v.firstBad().IsZero() }, 10*time.Second, time.Millisecond)
	v.stop()
	assert.Contains(t, v.table(), "(no answer)")
	v.ask(t.Context(), "http://%")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	before := v.table()
	v.ask(ended, service.URL)
	assert.Equal(t, before, v.table(), "who is sent away is no bad answer")
}

// TestEnvironmentOfClients checks that the lines are words of a shell, and that they name the token's file.
func TestEnvironmentOfClients(t *testing.T) {
	t.Parallel()
	dir, err := statedir.Open(filepath.Join(t.TempDir(), "it's mine"))
	require.NoError(t, err)
	var settings stacks.Settings
	settings.Project.ID, settings.Project.Region = "shop-dev", "us-central1"
	lines, err := environment(dir, server.Status{API: "http://127.0.0.1:4000", DataPlane: "http://127.0.0.1:4001"}, settings)
	require.NoError(t, err)
	quotedToken := "'" + strings.ReplaceAll(server.TokenFile(dir), "'", `'\''`) + "'"
	for _, want := range []string{"export RELEASE_ENDPOINT='http://127.0.0.1:4000/run/'\n",
		"export RELEASE_PROBE_VIA='http://127.0.0.1:4001'\n",
		"export RELEASE_TOKEN_FILE=" + quotedToken + "\n", "export CLOUDSDK_PROXY_PORT='4000'\n", "export GOOGLE_CLOUD_PROJECT='shop-dev'\n",
		"export GITHUB_TOKEN=\"$(cat " + quotedToken + ")\"\n"} {
		assert.Contains(t, lines, want)
	}
	info, err := os.Stat(filepath.Join(filepath.Dir(server.TokenFile(dir)), "credentials.json"))
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	_, err = environment(dir, server.Status{API: "http://%"}, settings)
	require.Error(t, err)
}
