// Package gcloud_test runs the real gcloud against the emulated cloud, the way an on-call person does.
package gcloud_test

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/cloud"
	"github.com/guiofsaints/procureflow-platform/emulator/faults"
	"github.com/guiofsaints/procureflow-platform/emulator/google/run"
	"github.com/guiofsaints/procureflow-platform/emulator/store"
)

const (
	project = "procureflow-dev"
	service = "/run/v2/projects/" + project + "/locations/us-central1/services/web"
	broken  = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
)

// world is a cloud with a service web, whose revisions web-blue and web-green are ready. It is behind a listener that gcloud takes
// for a proxy.
type world struct {
	t       testing.TB
	cloud   *cloud.Cloud
	faults  *faults.Injector
	api     *httptest.Server
	environ []string

	mutex  sync.Mutex
	before func(*http.Request)                 // Runs before each request to the listener.
	around func(r *http.Request, serve func()) // Serves the requests of gcloud, which alone uses the v1 API.
}

func start(t testing.TB, delay time.Duration) *world {
	t.Helper()
	if _, err := exec.LookPath("gcloud"); err != nil {
		t.Skip("gcloud is not on the PATH: install the Google Cloud CLI (528 was tried) to see it work on the sandbox")
	}
	documents, err := store.Open(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { _ = documents.Close() })
	w := &world{t: t, faults: faults.New(faults.Options{})}
	// The clock stands still while the services are made, and then runs, because gcloud waits for operations by its own clock.
	now, begin := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), time.Time{}
	w.cloud, err = cloud.New(documents, cloud.Options{OperationDelay: delay, Intercept: w.faults.Intercept, Now: func() time.Time {
		if begin.IsZero() {
			return now
		}
		return now.Add(time.Since(begin))
	}})
	require.NoError(t, err)
	require.NoError(t, w.cloud.EnsureProject(cloud.Project{ID: project, Number: "123456789012", BillingAccount: "000000-AAAAAA-111111"}))
	w.call("POST", "/su/v1/projects/"+project+"/services/run.googleapis.com:enable", `{}`)
	w.call("POST", strings.TrimSuffix(service, "/web")+"?serviceId=web",
		`{"description":"The shop","binaryAuthorization":{"useDefault":true},`+template("web-blue",
			"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")+`,"traffic":[`+to("web-blue", "100", "stable")+`]}`)
	now = now.Add(time.Minute)
	w.call("PATCH", service+"?updateMask=template", `{`+template("web-green",
		"sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc")+`}`)

	now = now.Add(time.Minute)
	begin = time.Now()
	w.api = httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		w.mutex.Lock()
		before, around := w.before, w.around
		w.mutex.Unlock()
		if before != nil {
			before(r)
		}
		serve := func() { w.cloud.ServeHTTP(out, r) }
		if around != nil && strings.HasPrefix(r.URL.Path, "/apis/") {
			around(r, serve)
		} else {
			serve()
		}
	}))
	t.Cleanup(w.api.Close)
	_, port, err := net.SplitHostPort(w.api.Listener.Addr().String())
	require.NoError(t, err)
	home := t.TempDir()
	token := filepath.Join(home, "token")
	require.NoError(t, os.WriteFile(token, []byte("a-token-of-the-sandbox"), 0o600))
	w.environ = append(os.Environ(), "CLOUDSDK_CONFIG="+home, "CLOUDSDK_API_ENDPOINT_OVERRIDES_RUN=http://run.sandbox/",
		"CLOUDSDK_PROXY_TYPE=http_no_tunnel",
		"CLOUDSDK_PROXY_ADDRESS=127.0.0.1", "CLOUDSDK_PROXY_PORT="+port, "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE="+
			token, "CLOUDSDK_CORE_PROJECT="+project,
		"CLOUDSDK_RUN_REGION=us-central1", "CLOUDSDK_CORE_DISABLE_PROMPTS=1", "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING=1",
		"CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK=1", "TERM=dumb", "COLUMNS=200")
	return w
}

func template(revision, digest string) string {
	return `"template":{"revision":"` + revision +
		`","executionEnvironment":"EXECUTION_ENVIRONMENT_GEN2","containers":[{"image":"us-docker.pkg.dev/cloudrun/container/hello@` + digest + `",
		"resources":{"cpuIdle":true,"startupCpuBoost":true},"env":[{"name":"NODE_ENV","value":"production"}]}]}`
}

func to(revision, percent, tag string) string {
	return `{"type":"TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION","revision":"` + revision + `","percent":` + percent + `,"tag":"` + tag + `"}`
}

// call makes a request to the v2 API.
func (w *world) call(method, path, body string) map[string]any {
	w.t.Helper()
	recorder := httptest.NewRecorder()
	w.cloud.ServeHTTP(recorder, httptest.NewRequest(method, path, strings.NewReader(body)))
	require.Equal(w.t, http.StatusOK, recorder.Code, recorder.Body.String())
	var answer map[string]any
	require.NoError(w.t, json.Unmarshal(recorder.Body.Bytes(), &answer))
	return answer
}

// split describes a split of the v2 service: traffic is the desired one, trafficStatuses the effective one.
func (w *world) split(field string) string {
	var words []string
	for _, target := range run.Targets(w.call("GET", service, "")[field].([]any)) {
		words = append(words, strings.TrimSpace(fmt.Sprint(target.Revision, " ", target.Percent, " ", target.Tag)))
	}
	return strings.Join(words, ", ")
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	w := start(t, 0)
	out, stderr, err := w.gcloud("run", "services", "describe", "web")
	require.NoError(t, err, stderr)
	assert.Equal(t, `✔ Service web in region us-central1
 
URL:     https://web-123456789012.us-central1.run.app
Ingress: all
Traffic:
  100% web-blue
         stable: https://stable---web-123456789012.us-central1.run.app
 
Binary Authorization: default
Scaling:             Auto (Min: 0)
Description:         The shop
 
Last updated on 2026-11-23T12:01:00.000000Z by sandbox@example.com:
  Revision web-green
  Container None
    Image:           us-docker.pkg.dev/cloudrun/container/hello@sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc
    Port:            8080
    Memory:          512Mi
    CPU:             1000m
    Env vars:
      NODE_ENV       production
    Startup Probe:
      TCP every 240s
      Port:          8080
      Initial delay: 0s
      Timeout:       240s
      Failure threshold: 1
  Service account:   123456789012-compute@developer.gserviceaccount.com
  Concurrency:       80
  Max instances:     100
  Timeout:           300s
  Execution Environment: Second Generation
`, out)

	sticky := strings.Replace(template("web-sticky", green), `{`, `{"sessionAffinity":true,`, 1)
	w.call("PATCH", service+"?updateMask=template", `{`+sticky+`}`)
	out, stderr, err = w.gcloud("run", "services", "describe", "web")
	require.NoError(t, err, stderr)
	assert.Contains(t, out, "  Session Affinity:  true\n")

	out, stderr, err = w.gcloud("run", "services", "list", "--format=value(metadata.name,region,status.url)")
	require.NoError(t, err, stderr)
	assert.Equal(t, "web\tus-central1\thttps://web-123456789012.us-central1.run.app\n", out)
	// Start the executable itself, as a person does.
	missing := exec.Command("gcloud", "run", "services", "describe", "none")
	missing.Env = w.environ
	said, err := missing.CombinedOutput()
	require.Error(t, err)
	assert.Equal(t, "ERROR: (gcloud.run.services.describe) Cannot find service [none]\n", string(said))
}

func TestRevisionsList(t *testing.T) {
	t.Parallel()
	w := start(t, 0)
	out, stderr, err := w.gcloud("run", "revisions", "list", "--service=web")
	require.NoError(t, err, stderr)
	assert.Equal(t, `   REVISION   ACTIVE  SERVICE  DEPLOYED                 DEPLOYED BY
✔  web-green          web      2026-11-23 12:01:00 UTC  sandbox@example.com
✔  web-blue   yes     web      2026-11-23 12:00:00 UTC  sandbox@example.com
`, out)
	out, stderr, err = w.gcloud("run", "revisions", "list", "--service=none")
	require.NoError(t, err, stderr)
	assert.Equal(t, "Listed 0 items.\n", out+stderr)
}

// TestUpdateTraffic shifts traffic as a runbook does. gcloud writes the whole service back, and only the split may differ
// afterwards.
func TestUpdateTraffic(t *testing.T) {
	t.Parallel()
	w := start(t, 0)
	before := w.call("GET", service, "")
	for _, step := range []struct {
		arguments []string
		want      string
		printed   string
	}{
		{[]string{"--to-revisions=web-green=10", "--update-tags=candidate=web-green"},
			"web-blue 90, web-green 10, web-blue 0 stable, web-green 0 candidate", `URL: https://web-123456789012.us-central1.run.app
Traffic:
  90% web-blue
        stable:    https://stable---web-123456789012.us-central1.run.app
  10% web-green
        candidate: https://candidate---web-123456789012.us-central1.run.app
`},
		{[]string{"--to-tags=stable=100"}, "web-blue 100, web-blue 0 stable, web-green 0 candidate",
			`URL: https://web-123456789012.us-central1.run.app
Traffic:
  100% web-blue
         stable:    https://stable---web-123456789012.us-central1.run.app
  0%   web-green
         candidate: https://candidate---web-123456789012.us-central1.run.app
`},
		{[]string{"--to-latest", "--clear-tags"}, " 100", `URL: https://web-123456789012.us-central1.run.app
Traffic:
  100% LATEST (currently web-green)
`},
	} {
		out, stderr, err := w.gcloud(append([]string{"run", "services", "update-traffic", "web"}, step.arguments...)...)
		require.NoError(t, err, stderr)
		assert.Equal(t, step.printed, out)
		assert.Equal(t, "Updating traffic...\nDone.\n", stderr)
		assert.Equal(t, strings.TrimSpace(step.want), w.split("traffic"))
		assert.Equal(t, strings.TrimSpace(step.want), w.split("trafficStatuses"))
	}
	after := w.call("GET", service, "")
	assert.Equal(t, "5", after["generation"])
	for _, field := range []string{"template", "description", "binaryAuthorization", "ingress", "launchStage", "latestCreatedRevision",
		"uid"} {
		assert.Equal(t, before[field], after[field], field)
	}
	assert.NotEqual(t, before["etag"], after["etag"], "the etag changes, so a rollout that read the service before notices")
}

func TestUpdateMakesARevision(t *testing.T) {
	t.Parallel()
	w := start(t, 0)
	_, stderr, err := w.gcloud("run", "services", "update", "web", "--update-env-vars=LOG=debug", "--min-instances=1", "--no-cpu-boost")
	require.NoError(t, err, stderr)
	s := w.call("GET", service, "")
	assert.Regexp(t, "/revisions/web-00003-[a-z]{3}$", s["latestReadyRevision"])
	assert.Equal(t, "web-blue 100 stable", w.split("trafficStatuses"), "pinned traffic stays")
	made := s["template"].(map[string]any)
	container := made["containers"].([]any)[0].(map[string]any)
	assert.Equal(t, []any{map[string]any{"name": "NODE_ENV", "value": "production"}, map[string]any{"name": "LOG", "value": "debug"}},
		container["env"])
	assert.Equal(t, map[string]any{"cpuIdle": true, "limits": map[string]any{"cpu": "1000m", "memory": "512Mi"}}, container["resources"])
	assert.Equal(t, map[string]any{"minInstanceCount": 1.0, "maxInstanceCount": 100.0}, made["scaling"])
	assert.Equal(t, "EXECUTION_ENVIRONMENT_GEN2", made["executionEnvironment"])
}

func TestUpdateTrafficFails(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault     faults.Fault
		arguments string
		stderr    string
	}{
		"a revision that does not exist": {faults.Fault{Effect: faults.Conflict, Path: "/nowhere"}, "--to-revisions=web-none=100",
			"ERROR: (gcloud.run.services.update-traffic) INVALID_ARGUMENT: service.traffic[0].revision: Revision 'web-none' does not " +
				"exist or is deleted"},
		"a revision that is not ready": {faults.Fault{Effect: faults.Conflict, Path: "/nowhere"}, "--to-revisions=web-broken=100",
			"ERROR: (gcloud.run.services.update-traffic) Revision 'web-broken' is not ready and cannot serve traffic.\n"},
		"somebody else writes": {faults.Fault{Effect: faults.Conflict}, "--to-revisions=web-green=100",
			"ERROR: (gcloud.run.services.update-traffic) ABORTED: Conflict for resource 'web': version "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := start(t, 0)
			require.NoError(t, w.cloud.Run.SetBehaviour(broken, run.Behaviour{NeverReady: true}))
			w.call("PATCH", service+"?updateMask=template", `{`+template("web-broken", broken)+`}`)
			require.NoError(t, w.faults.Set("fault", test.fault))
			_, stderr, err := w.gcloud("run", "services", "update-traffic", "web", test.arguments)
			require.Error(t, err)
			assert.Contains(t, stderr, test.stderr)
			assert.Equal(t, "web-blue 100 stable", w.split("trafficStatuses"))
		})
	}
}

// TestWaits lets gcloud wait for an operation, and retry when the API is busy.
func TestWaits(t *testing.T) {
	t.Parallel()
	w := start(t, 0)
	require.NoError(t, w.faults.Set("slow", faults.Fault{Effect: faults.SlowOperation, Duration: faults.Duration(2 * time.Second)}))
	require.NoError(t, w.faults.Set("busy", faults.Fault{Effect: faults.Answer, Status: 503, Next: 1}))
	_, stderr, err := w.gcloud("run", "services", "update-traffic", "web", "--to-revisions=web-green=100")
	require.NoError(t, err, stderr)
	assert.Equal(t, "web-green 100, web-blue 0 stable", w.split("trafficStatuses"))
	assert.Equal(t, 1, w.faults.List()[0].Strikes)
	assert.Equal(t, 1, w.faults.List()[1].Strikes, "gcloud writes once")
}
