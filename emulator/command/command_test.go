package command_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/command"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
)

func TestExitCodes(t *testing.T) {
	t.Parallel()
	seeds := func(content string) string {
		path := filepath.Join(t.TempDir(), "seeds.yaml")
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		return path
	}
	for _, test := range []struct {
		name string
		args []string
		exit int
		says string
	}{
		{"an unknown flag", []string{"-port", "1"}, command.ExitUsage, "unknown flag: --port: see --help"},
		{"an argument", []string{"serve"}, command.ExitUsage, `unexpected argument "serve": the emulator takes flags only, see --help`},
		{"an address that is not loopback", []string{"-listen", "0.0.0.0:0"}, command.ExitUsage, `"0.0.0.0:0" is not a loopback address`},
		{"no address", []string{"-listen", "8080"}, command.ExitUsage, `"8080" is not a loopback address`},
		{"no file of seeds", []string{"-seeds", "nothing.yaml"}, command.ExitUsage, "read the seeds: open nothing.yaml"},
		{"a misspelt seed", []string{"-seeds", seeds("project: []")}, command.ExitUsage,
			"line 1: there is no key project: --help shows the keys\n"},
		{"a misspelt key of a seed", []string{"-seeds", seeds("projects:\n  - {nmber: 1}")}, command.ExitUsage,
			"line 2: there is no key nmber: --help shows the keys\n"},
		{"seeds with bad values", []string{"-seeds", seeds("projects: [{id: X, number: a}, {id: some-project, number: \"1\", " +
			"billingAccount: 1-2-3, apis: [nothing.googleapis.com]}]\n" +
			"repositories: [{owner: acme}]\nbehaviours: {abc: {errorRate: 2}}")}, command.ExitUsage,
			`project id "X": want 6-30 lower-case letters, digits and hyphens`},
		{"a folder that is a file", []string{"-data", seeds("")}, command.ExitFailed, "open the cloud's store"},
	} {
		var out, errs strings.Builder
		exit := command.Run(t.Context(), test.args, command.Streams{Out: &out, Err: &errs}, nil)
		assert.Equal(t, test.exit, exit, "%s: %s", test.name, errs.String())
		assert.Contains(t, errs.String(), test.says, test.name)
		assert.Empty(t, out.String(), test.name)
	}
	var out, errs strings.Builder
	assert.Equal(t, command.ExitDone, command.Run(t.Context(), []string{"-h"}, command.Streams{Out: &out, Err: &errs}, nil))
	assert.Contains(t, out.String(), "docs/fidelity.md lists the methods and fields")
	assert.Empty(t, errs.String())
}

// emulator is a running one, and how a client calls it.
type emulator struct {
	t              *testing.T
	apis, services string
	stop           func() int
}

func start(t *testing.T, args ...string) *emulator {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	read, write := io.Pipe()
	exit := make(chan int, 1)
	go func() {
		exit <- command.Run(ctx, append(args, "-listen", "127.0.0.1:0", "-data-plane", "127.0.0.1:0", "-token", "secret"),
			command.Streams{Out: write, Err: io.Discard},
			func(expression string, _ rest.Asked) bool { return expression == "true" })
		_ = write.Close()
	}()
	e := &emulator{t: t}
	e.stop = func() int { cancel(); code := <-exit; exit <- code; return code }
	t.Cleanup(func() { e.stop() })
	lines := bufio.NewScanner(read)
	for lines.Scan() {
		switch fields := strings.Fields(lines.Text()); fields[0] {
		case "APIs":
			e.apis = fields[1]
		case "Services":
			e.services = fields[1]
		case "Token":
			go func() { _, _ = io.Copy(io.Discard, read) }()
			return e
		}
	}
	t.Fatalf("the emulator ended with %d; its output: %v", <-exit, lines.Err())
	return nil
}

func (e *emulator) call(method, path, token, body string) (int, map[string]any) {
	e.t.Helper()
	request, err := http.NewRequestWithContext(e.t.Context(), method, e.apis+path, strings.NewReader(body))
	require.NoError(e.t, err)
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	require.NoError(e.t, err)
	defer response.Body.Close()
	answer := map[string]any{}
	if response.ContentLength != 0 {
		require.NoError(e.t, json.NewDecoder(response.Body).Decode(&answer))
	}
	return response.StatusCode, answer
}

const shop = `
projects:
  - {id: acme-shop, number: "424242424242", billingAccount: 0A0A0A-1B1B1B-2C2C2C, currency: EUR, apis: [run.googleapis.com, iam.googleapis.com]}
repositories:
  - {owner: acme, ownerId: 1, name: shop, id: 2, userIds: [3]}
`

// TestTerraformShaped sends what `terraform apply` sends for somebody else's service: it enables an API, makes an account, waits for
// the service's operation, lets everybody call it, and reads everything again. After a restart everything is still there.
func TestTerraformShaped(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	seeds, env := filepath.Join(dir, "seeds.yaml"), filepath.Join(dir, "env")
	require.NoError(t, os.WriteFile(seeds, []byte(shop), 0o600))
	require.NoError(t, os.WriteFile(env, []byte("left by an earlier run, and longer than what is written"), 0o644))
	args := []string{"-seeds", seeds, "-data", filepath.Join(dir, "data"), "-env", env}
	e := start(t, args...)
	const at = "/run/v2/projects/acme-shop/locations/europe-west1/services"
	for _, step := range []struct{ method, path, body string }{
		{"GET", "/su/v1/projects/acme-shop/services?filter=state:ENABLED&pageSize=200&fields=services/name,nextPageToken", ""},
		{"POST", "/su/v1/projects/acme-shop/services:batchEnable", `{"serviceIds":["secretmanager.googleapis.com"]}`},
		{"POST", "/iam/v1/projects/acme-shop/serviceAccounts", `{"accountId":"runtime","serviceAccount":{"displayName":"Runtime"}}`},
		{"GET", "/iam/v1/projects/acme-shop/serviceAccounts/runtime@acme-shop.iam.gserviceaccount.com", ""},
		{"POST", "/sm/v1/projects/acme-shop/secrets?secret_id=key", `{"replication":{"automatic":{}}}`},
		{"POST", at + "?serviceId=web",
			`{"ingress":"INGRESS_TRAFFIC_ALL","template":{"service_account":"runtime@acme-shop.iam.gserviceaccount.com",
			"containers":[{"image":"us-docker.pkg.dev/cloudrun/container/hello"}]}}`},
		{"GET", at + "/web", ""},
		{"GET", at + "/web:getIamPolicy", ""},
		{"POST", at + "/web:setIamPolicy",
			`{"policy":{"bindings":[{"role":"roles/run.invoker","members":["allUsers"]}],"etag":"ACAB","version":3}}`},
		{"POST", "/sm/v1/projects/acme-shop/secrets/key:setIamPolicy", `{"policy":{"bindings":[{"role":"roles/secretmanager.secretAccessor",
			"members":["serviceAccount:runtime@acme-shop.iam.gserviceaccount.com"],"condition":{"expression":"true"}}],"version":3}}`},
		{"PUT", "/gh/api/v3/repos/acme/shop/environments/prod", `{"reviewers":[{"type":"User","id":3}]}`},
		{"GET", "/crm/v1/v1/projects/acme-shop", ""}, // a client that adds the version to an endpoint that has it
	} {
		code, answer := e.call(step.method, step.path, "secret", step.body)
		require.Equal(t, http.StatusOK, code, "%s %s: %v", step.method, step.path, answer)
		if operation, _ := answer["name"].(string); strings.Contains(operation, "/operations/") {
			assert.Equal(t, true, answer["done"], "%s %s", step.method, step.path)
		}
	}
	code, _ := e.call("GET", at+"/web", "guess", "")
	assert.Equal(t, http.StatusUnauthorized, code)

	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, e.services, nil)
	require.NoError(t, err)
	request.Host = "web-424242424242.europe-west1.run.app"
	visit, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, visit.Body.Close())
	assert.Equal(t, http.StatusOK, visit.StatusCode)

	exports, err := os.ReadFile(env)
	require.NoError(t, err)
	info, err := os.Stat(env)
	require.NoError(t, err)
	assert.Equal(t, fs.FileMode(0o600), info.Mode(), "the file has the token")
	for _, line := range []string{"export GOOGLE_CLOUD_RUN_V2_CUSTOM_ENDPOINT='" + e.apis + "/run/v2/'",
		"export GOOGLE_OAUTH_ACCESS_TOKEN='secret'", "export GITHUB_BASE_URL='" + e.apis + "/gh/'"} {
		assert.Contains(t, strings.Split(string(exports), "\n"), line)
	}
	assert.Equal(t, command.ExitDone, e.stop())

	again := start(t, args...)
	code, kept := again.call("GET", at+"/web", "secret", "")
	assert.Equal(t, http.StatusOK, code)
	assert.Equal(t, "https://web-424242424242.europe-west1.run.app", kept["uri"])
}

// TestDemonstration starts without a file of settings. It gets a project with enabled APIs, and a repository, in memory.
func TestDemonstration(t *testing.T) {
	t.Parallel()
	e := start(t)
	code, projects := e.call("GET", "/crm/v1/projects", "secret", "")
	assert.Equal(t, http.StatusOK, code)
	assert.Len(t, projects["projects"], 1)
	code, _ = e.call("GET", "/kms/v1/projects/demo-project/locations/us-central1/keyRings", "secret", "")
	assert.Equal(t, http.StatusOK, code)
	code, _ = e.call("GET", "/gh/api/v3/repos/demo/demo", "secret", "")
	assert.Equal(t, http.StatusOK, code)
}
