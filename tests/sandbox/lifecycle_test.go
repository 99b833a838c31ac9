package sandbox_test

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/sandbox/command"
)

const (
	devService  = "/run/v2/projects/procureflow-dev/locations/us-central1/services/procureflow-web"
	devSecrets  = "/sm/v1/projects/procureflow-dev/secrets"
	devServices = "/run/v2/projects/procureflow-dev/locations/us-central1/services"
)

// TestLifeOfDev follows a stack through its life. It is one test, because each step needs the one before.
func TestLifeOfDev(t *testing.T) {
	t.Parallel()
	s, up := deployed(t, "dev")
	assert.Contains(t, up.out, "Stack dev is up")
	assert.Contains(t, up.out, "gcp:cloudrunv2:Service")
	assert.Contains(t, up.out, "Service procureflow-web answers 200 at http://127.0.0.1:")
	exported := s.must("export", "dev")

	t.Run("a second up changes nothing", func(t *testing.T) {
		again := s.must("up", "dev", "--skip-preview")
		assert.Contains(t, again.out, "Stack dev: no changes")
		assert.NotRegexp(t, regexp.MustCompile(`\d+ (created|updated|replaced|deleted)`), again.out)
		url := serviceAddress(t, again.out)
		assert.Equal(t, s.status().Services[0].Address, url)
		status, body := s.get(url)
		assert.Equal(t, http.StatusOK, status)
		assert.Contains(t, body, "procureflow-web")
	})
	t.Run("export is the state and nothing else", func(t *testing.T) {
		var state apitype.UntypedDeployment
		require.NoError(t, json.Unmarshal([]byte(exported.out), &state))
		var deployment apitype.DeploymentV3
		require.NoError(t, json.Unmarshal(state.Deployment, &deployment))
		assert.Greater(t, len(deployment.Resources), 40)
		assert.Empty(t, deployment.PendingOperations)
		outputs := map[string][]string{} // of the components, which a program without an engine cannot show
		for _, resource := range deployment.Resources {
			if !resource.Custom && resource.Type != "pulumi:pulumi:Stack" {
				outputs[string(resource.Type)] = slices.Sorted(maps.Keys(resource.Outputs))
			}
			if resource.Type == "procureflow:federation:Federation" {
				names := resource.Outputs["providerNames"].(map[string]any)
				assert.NotEmpty(t, names)
				for id, name := range names {
					assert.Equal(t, resource.Outputs["poolName"].(string)+"/providers/"+id, name)
				}
			}
		}
		assert.Equal(t, map[string][]string{
			"procureflow:budget:Budget": {"name"}, "procureflow:cloudrun:Service": {"host", "id", "image", "name", "revision", "url"},
			"procureflow:federation:Federation": {"poolName", "providerNames"}, "procureflow:identity:Identity": {"email", "member", "name"},
			"procureflow:monitoring:Channels": {"names"}, "procureflow:monitoring:Dashboard": {"url"},
			"procureflow:monitoring:Watch": {"objectiveName"}, "procureflow:project:Project": {"roles"},
			"procureflow:registry:Registry":     {"host", "id", "imagePrefix", "name"},
			"procureflow:repository:Repository": {"environments"}, "procureflow:secrets:Secrets": {"secretIds", "versions"},
		}, outputs)
	})
	t.Run("the passphrase's key was derived once", func(t *testing.T) {
		keys, err := os.ReadDir(filepath.Join(s.state, "keys", "derived"))
		require.NoError(t, err)
		assert.Len(t, keys, 1, "the sandbox and its CLI mean the same file")
	})
	t.Run("no secret value is anywhere in the clear", func(t *testing.T) {
		outputs := up.String() + exported.String() + s.must("pulumi", "--", "stack", "output", "--json").String() +
			s.must("preview", "dev", "--diff").String()
		values := s.secretValues("nextauth-secret", "openai-api-key", "mongodb-uri")
		for id, value := range values {
			require.Greater(t, len(value), 20)
			assert.NotContains(t, outputs, value, "value of %s", id)
		}
		s.assertNoFileContains(values)
	})
	t.Run("the compiled program and the compiled policy pack say the same", s.directoriesAreCompiled)
	t.Run("an exported state is analyzed", func(t *testing.T) {
		state := filepath.Join(t.TempDir(), "state.json")
		require.NoError(t, os.WriteFile(state, []byte(exported.out), 0o600))
		s.must("analyze", state)
		strict := filepath.Join(t.TempDir(), "strict.json")
		bad := strings.ReplaceAll(exported.out, `"maxInstanceCount": 2`, `"maxInstanceCount": 50`)
		require.NoError(t, os.WriteFile(strict, []byte(bad), 0o600))
		violated := s.run("analyze", strict)
		assert.Equal(t, command.ExitNo, violated.exit, "%s", violated)
		assert.Contains(t, violated.out, "run-max-instances")
	})
	t.Run("an unreadable state is not a finding", func(t *testing.T) { s.unreadableStateIsNoFinding(t, exported.out) })
	t.Run("an encrypted variable is refused", func(t *testing.T) {
		const path = "procureflow:platform.services.web.environment.SMTP_RELAY"
		s.must("pulumi", "--", "config", "set", "--stack", "dev", "--secret", "--path", path, "user:not-a-real-one")
		preview := s.run("pulumi", "--", "preview", "--stack", "dev")
		assert.NotZero(t, preview.exit)
		assert.Contains(t, preview.String(), "services.web.environment.SMTP_RELAY: is encrypted, and would stand in the clear")
		assert.NotContains(t, preview.String(), "not-a-real-one")
		s.must("pulumi", "--", "config", "rm", "--stack", "dev", "--path", path)
	})
	t.Run("drift is found, and repaired by the next update", s.driftIsFoundAndRepaired)
	t.Run("the CLI uses the caller's folder and the stack's own file", s.pulumiWorksInOnesOwnFolder)
	t.Run("the image's user is judged", s.imageUserIsJudged)
	t.Run("destroy leaves nothing", func(t *testing.T) {
		s.must("destroy", "dev")
		assert.Empty(t, s.leftovers(), "what is left in the cloud")
	})
}

// directoriesAreCompiled previews with the CLI's own command: the engine compiles infra/ and policy/ through the language host. The
// same pack with a ceiling of almost nothing stops the preview.
func (s *sandbox) directoriesAreCompiled(t *testing.T) {
	preview := func(config string) result {
		return s.run("pulumi", "--", "preview", "--stack", "dev", "--policy-pack", filepath.Join(root, "policy"), "--policy-pack-config", config)
	}
	passed := preview(filepath.Join(root, "policy", "dev.json"))
	require.Zero(t, passed.exit, "%s", passed)
	nothing(t, passed)
	assert.Contains(t, passed.out, "procureflow@v")
	assert.NotContains(t, passed.out, "[mandatory]")
	strict := filepath.Join(t.TempDir(), "strict.json")
	require.NoError(t, os.WriteFile(strict, []byte(`{"worst-case-cost": {"enforcementLevel": "mandatory", "ceiling": 1}}`), 0o600))
	stopped := preview(strict)
	assert.NotZero(t, stopped.exit, "%s", stopped)
	assert.Contains(t, stopped.String(), "worst-case-cost")
}

// pulumiWorksInOnesOwnFolder exports to a relative path, and sets a plain and an encrypted value.
func (s *sandbox) pulumiWorksInOnesOwnFolder(t *testing.T) {
	here, err := os.Getwd()
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "state.json")
	relative, err := filepath.Rel(here, file)
	require.NoError(t, err)
	s.must("pulumi", "--", "stack", "export", "--file", relative, "--stack", "dev")
	assert.FileExists(t, file)

	own := filepath.Join(s.dir, "Pulumi.dev.yaml")
	before, err := os.ReadFile(own)
	require.NoError(t, err)
	defer func() { require.NoError(t, os.WriteFile(own, before, 0o600)) }()
	set := s.must("pulumi", "--", "config", "set", "--stack", "dev", "--secret", "--path",
		"procureflow:platform.secrets.mongodb-uri.value", "not-a-real-one")
	assert.Contains(t, set.err, "stays in it")
	after, err := os.ReadFile(own)
	require.NoError(t, err)
	assert.Equal(t, string(before), string(after))
	s.must("pulumi", "--", "config", "set", "--stack", "dev", "--path", "procureflow:platform.budget.amount", "12")
	after, err = os.ReadFile(own)
	require.NoError(t, err)
	assert.Contains(t, string(after), "amount: 12")
	s.must("export", "dev") // copies the file again
	get := s.must("pulumi", "--", "config", "get", "--stack", "dev", "--path", "procureflow:platform.secrets.mongodb-uri.value")
	assert.Contains(t, get.out, "not-a-real-one", "the sandbox still has the value")
	assert.Contains(t, s.must("pulumi", "--", "config", "get", "--stack", "dev", "--path", "procureflow:platform.budget.amount").out, "12")
}

// serviceAddress returns the loopback URL that `up` prints.
func serviceAddress(t *testing.T, out string) string {
	t.Helper()
	match := regexp.MustCompile(`Service procureflow-web answers 200 at (http://127\.0\.0\.1:\d+/)`).FindStringSubmatch(out)
	require.NotNil(t, match, "no service address in:\n%s", out)
	return match[1]
}

// secretValues asks the cloud for the secrets' payloads, as the container gets them.
func (s *sandbox) secretValues(ids ...string) map[string]string {
	s.t.Helper()
	values := map[string]string{}
	for _, id := range ids {
		status, answer := s.api(http.MethodGet, devSecrets+"/"+id+"/versions/1:access", nil)
		require.Equal(s.t, http.StatusOK, status, "%v", answer)
		payload, _ := answer["payload"].(map[string]any)
		values[id] = decodeBase64(s.t, payload["data"].(string))
	}
	return values
}

// assertNoFileContains searches every file of the state folder.
func (s *sandbox) assertNoFileContains(values map[string]string) {
	s.t.Helper()
	files := 0
	err := filepath.WalkDir(s.state, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		for id, value := range values {
			assert.NotContains(s.t, string(data), value, "%s holds the value of %s", path, id)
			assert.NotContains(s.t, string(data), encodeBase64(value), "%s holds the value of %s as base64", path, id)
		}
		return nil
	})
	require.NoError(s.t, err)
	assert.Greater(s.t, files, 5)
}

// driftIsFoundAndRepaired shifts traffic as the release controller does, which is not drift, and restricts the service's ingress and
// deletes a metric by hand. The next update, which is for more memory, repairs both. Its new revision gets no requests until it is
// released.
func (s *sandbox) driftIsFoundAndRepaired(t *testing.T) {
	_, before := s.api(http.MethodGet, devService, nil)
	status, before := s.api(http.MethodPatch, devService+"?updateMask=traffic", map[string]any{"etag": before["etag"], "traffic": []any{
		map[string]any{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": dig(before, "template", "revision"), "percent": 100,
			"tag": "stable"}}})
	require.Equal(t, http.StatusOK, status, "%v", before)
	_, before = s.api(http.MethodGet, devService, nil)
	status, answer := s.api(http.MethodPatch, devService+"?updateMask=ingress", map[string]any{"ingress": "INGRESS_TRAFFIC_INTERNAL_ONLY"})
	require.Equal(t, http.StatusOK, status, "%v", answer)
	status, answer = s.api(http.MethodDelete, "/log/v2/projects/procureflow-dev/metrics/"+s.firstLogMetric(), nil)
	require.Equal(t, http.StatusOK, status, "%v", answer)

	drift := s.run("drift", "dev")
	assert.Equal(t, command.ExitNo, drift.exit, "%s", drift)
	assert.Contains(t, drift.out, `ingress: "INGRESS_TRAFFIC_ALL" -> "INGRESS_TRAFFIC_INTERNAL_ONLY"`)
	assert.Contains(t, drift.out, "gcp:logging/metric:Metric")
	assert.Contains(t, drift.out, "deleted")
	assert.Contains(t, drift.out, "\n2 changed.") // sandbox/command has the same as JSON

	s.writeProject(moreMemory)
	up := s.must("up", "dev", "--skip-preview")
	assert.Contains(t, up.out, "1 created")
	assert.Contains(t, up.out, "1 updated")
	assert.NotContains(t, up.out, "replaced")
	assert.Equal(t, "No drift: stack dev is as Pulumi left it.\n", s.must("drift", "dev").out)
	_, after := s.api(http.MethodGet, devService, nil)
	assert.Equal(t, "INGRESS_TRAFFIC_ALL", after["ingress"])
	assert.Equal(t, "1Gi", dig(after, "template", "containers", 0, "resources", "limits", "memory"))
	assert.NotEqual(t, dig(before, "template", "revision"), dig(after, "template", "revision"))
	assert.Equal(t, "stable", dig(after, "traffic", 0, "tag"))
	assert.Equal(t, before["traffic"], after["traffic"])
}

func moreMemory(_, content string) string {
	return strings.ReplaceAll(content, "memory: 512Mi", "memory: 1Gi")
}

func (s *sandbox) firstLogMetric() string {
	s.t.Helper()
	_, answer := s.api(http.MethodGet, "/log/v2/projects/procureflow-dev/metrics", nil)
	metrics, _ := answer["metrics"].([]any)
	require.NotEmpty(s.t, metrics, "%v", answer)
	return metrics[0].(map[string]any)["name"].(string)
}

// imageUserIsJudged deploys an image as deploy.yml does, with the user that the release found in it.
func (s *sandbox) imageUserIsJudged(t *testing.T) {
	digest := "sha256:" + strings.Repeat("e", 64)
	settings := func(user string) {
		s.writeProject(func(name, content string) string {
			return strings.ReplaceAll(moreMemory(name, content), "        image: web\n",
				"        image: web\n        digest: "+digest+"\n        imageUser: "+user+"@"+digest+"\n")
		})
	}
	settings("root")
	preview := s.must("preview", "dev", "--diff").out
	assert.Contains(t, preview, "web@"+digest+" runs as root")
	assert.Regexp(t, `image *: "[^"]+" => "[^"]+/web@`+digest+`"`, preview, "--diff shows the property that changes")
	settings("1001")
	assert.NotContains(t, s.must("up", "dev", "--skip-preview").out, "run-nonroot")
	_, service := s.api(http.MethodGet, devService, nil)
	assert.Equal(t, "1001@"+digest, dig(service, "template", "annotations", "image-user"))

	// Without a digest in the settings, the running image is kept, with its user.
	s.writeProject(moreMemory)
	kept := s.must("preview", "dev")
	nothing(t, kept)
	assert.NotContains(t, kept.out, "run-nonroot")
}

// leftovers lists everything that the program made and that destroy has to delete. The cloud keeps a deleted pool for thirty days,
// as Google does, and enabled APIs stay enabled on purpose.
func (s *sandbox) leftovers() []string {
	s.t.Helper()
	var left []string
	for path, key := range map[string]string{
		devServices: "services", devSecrets: "secrets",
		"/iam/v1/projects/procureflow-dev/serviceAccounts":                        "accounts",
		"/iam/v1/projects/procureflow-dev/locations/global/workloadIdentityPools": "workloadIdentityPools",
		"/ar/v1/projects/procureflow-dev/locations/us-central1/repositories":      "repositories",
		"/mon/v3/projects/procureflow-dev/uptimeCheckConfigs":                     "uptimeCheckConfigs",
		"/mon/v3/projects/procureflow-dev/alertPolicies":                          "alertPolicies",
		"/mon/v3/projects/procureflow-dev/notificationChannels":                   "notificationChannels",
		"/mon/v3/projects/procureflow-dev/services":                               "services",
		"/mon/v1/projects/procureflow-dev/dashboards":                             "dashboards",
		"/log/v2/projects/procureflow-dev/metrics":                                "metrics",
		"/gh/api/v3/repos/guiofsaints/procureflow/environments":                   "environments",
		"/gh/api/v3/repos/guiofsaints/procureflow/actions/variables":              "variables",
	} {
		status, answer := s.api(http.MethodGet, path, nil)
		require.Equal(s.t, http.StatusOK, status, "%s: %v", path, answer)
		if items, _ := answer[key].([]any); len(items) > 0 {
			data, _ := json.Marshal(items)
			left = append(left, path+": "+string(data))
		}
	}
	return left
}

// unreadableStateIsNoFinding analyzes states that cannot be read. The exit code is not that of a violation, and --json prints JSON
// in every case.
func (s *sandbox) unreadableStateIsNoFinding(t *testing.T, state string) {
	var exported map[string]any
	require.NoError(t, json.Unmarshal([]byte(state), &exported))
	deployment := exported["deployment"].(map[string]any)
	delete(deployment, "secrets_providers")
	sealed, err := json.Marshal(exported)
	require.NoError(t, err)
	for _, test := range []struct {
		name, state string
		exit        int
		says        string
	}{
		{"encrypted, without what decrypts it", string(sealed), command.ExitFailed, "was not analyzed, so nothing is known about it"},
		{"of a newer version", `{"version":9,"deployment":{}}`, command.ExitUsage, "is a state of version 9"},
		{"not a state", `[]`, command.ExitUsage, "give an exported state"},
		{"empty", `{"version":3,"deployment":{}}`, command.ExitDone, "nothing to analyze"},
	} {
		state := filepath.Join(t.TempDir(), "state.json")
		require.NoError(t, os.WriteFile(state, []byte(test.state), 0o600))
		inWords := s.run("analyze", state, "--stack", "dev")
		assert.Equal(t, test.exit, inWords.exit, "%s: %s", test.name, inWords)
		assert.Contains(t, inWords.String(), test.says, test.name)
		asJSON := s.run("analyze", state, "--stack", "dev", "--json")
		assert.Equal(t, test.exit, asJSON.exit, "%s: %s", test.name, asJSON)
		for decoder := json.NewDecoder(strings.NewReader(asJSON.out)); ; {
			var event map[string]any
			if err := decoder.Decode(&event); errors.Is(err, io.EOF) {
				break
			} else {
				require.NoError(t, err, "%s: %s", test.name, asJSON.out)
			}
			if test.exit != command.ExitDone {
				assert.Contains(t, event["error"], test.says, test.name)
			}
		}
		assert.NotEmpty(t, asJSON.out, test.name)
	}
}
