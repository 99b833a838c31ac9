package run_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/guiofsaints/procureflow-platform/emulator/cloud"
	"github.com/guiofsaints/procureflow-platform/emulator/cloudtest"
	"github.com/guiofsaints/procureflow-platform/emulator/google/run"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
)

const (
	latest100 = `{"type":"TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST","percent":100}`
	broken    = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
)

const p = "/projects/" + project

func to(revision string, percent int, tag string) string {
	return fmt.Sprintf(`{"type":"TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION","revision":%q,"percent":%d,"tag":%q}`, revision, percent, tag)
}

// tpl is a template with a revision name and an image by digest.
func tpl(revision, digest string) string {
	return fmt.Sprintf(`{"revision":%q,"containers":[{"image":"us-docker.pkg.dev/cloudrun/container/hello@%s"}]}`, revision, digest)
}

const healthy = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

func TestDefaultsOfAService(t *testing.T) {
	t.Parallel()
	w := start(t)
	made := w.OK("POST", services+"?serviceId=web", `{"template":{"containers":[{"image":"`+image+`"}]}}`)
	template := made["template"].(map[string]any)
	assert.Equal(t, "INGRESS_TRAFFIC_ALL", made["ingress"])
	assert.Equal(t, "300s", template["timeout"])
	assert.InDelta(t, 80, template["maxInstanceRequestConcurrency"], 0)
	assert.Equal(t, "123456789012-compute@developer.gserviceaccount.com", template["serviceAccount"])
	assert.Equal(t, map[string]any{"cpu": "1000m", "memory": "512Mi"}, cloudtest.Dig(template, "containers", 0, "resources", "limits"))
	assert.Equal(t, []any{map[string]any{"name": "http1", "containerPort": 8080.0}}, cloudtest.Dig(template, "containers", 0, "ports"))
	assert.Equal(t, []any{map[string]any{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100.0}}, made["traffic"])
	assert.Equal(t, made["traffic"], made["trafficStatuses"])
	assert.Regexp(t, `/revisions/web-00001-[a-z]{3}$`, made["latestReadyRevision"])
	assert.Equal(t, "1", made["generation"])
	assert.Equal(t, "CONDITION_SUCCEEDED", cloudtest.Dig(made, "terminalCondition", "state"))
}

func TestUnmaskedPatchReplacesEverything(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.OK("POST", services+"?serviceId=web", `{"labels":{"a":"b"},"template":`+tpl("web-blue", healthy)+`,"traffic":[`+to("web-blue", 100,
		"stable")+`]}`)
	patched := w.OK("PATCH", services+"/web", `{"template":`+tpl("web-green", healthy)+`}`)
	assert.Nil(t, patched["labels"])
	assert.Equal(t, "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", cloudtest.Dig(patched, "trafficStatuses", 0, "type"),
		"empty traffic sends everything to the new revision")
	assert.Equal(t, "https://web-123456789012.us-central1.run.app", patched["uri"])
	assert.Equal(t, "2", patched["generation"])
	again := w.OK("PATCH", services+"/web", `{"template":`+tpl("web-green", healthy)+`}`)
	assert.Equal(t, "2", again["generation"], "nothing changed")
}

func TestFailedRevisionKeepsTraffic(t *testing.T) {
	t.Parallel()
	w := start(t)
	require.NoError(t, w.Cloud.Run.SetBehaviour(broken, run.Behaviour{NeverReady: true}))
	w.OK("POST", services+"?serviceId=web", `{"template":`+tpl("web-blue", healthy)+`}`)
	const message = "Revision 'web-green' is not ready and cannot serve traffic. The user-provided container failed to start and listen " +
		"on the port defined provided by the PORT=8080 environment variable within the allocated timeout. This can happen when the " +
		"container port is misconfigured or if the timeout is too short."
	_, operation := w.Call("PATCH", services+"/web?updateMask=template", `{"template":`+tpl("web-green", broken)+`}`)
	assert.Equal(t, map[string]any{"code": 9.0, "message": message}, operation["error"])
	service := w.OK("GET", services+"/web", "")
	assert.Equal(t, "CONDITION_FAILED", cloudtest.Dig(service, "terminalCondition", "state"))
	assert.Equal(t, message, cloudtest.Dig(service, "terminalCondition", "message"))
	assert.Contains(t, service["latestCreatedRevision"], "web-green")
	assert.Contains(t, service["latestReadyRevision"], "web-blue")

	// A shift to it is written down and does not happen.
	_, operation = w.Call("PATCH", services+"/web?updateMask=traffic",
		`{"traffic":[`+to("web-green", 10, "candidate")+`,`+to("web-blue", 90, "")+`]}`)
	assert.NotNil(t, operation["error"])
	service = w.OK("GET", services+"/web", "")
	assert.Equal(t, "web-green", cloudtest.Dig(service, "traffic", 0, "revision"))
	assert.Equal(t, "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", cloudtest.Dig(service, "trafficStatuses", 0, "type"))

	// The name cannot be used again: the repaired container does not bring the revision back.
	require.NoError(t, w.Cloud.Run.SetBehaviour(broken, run.Behaviour{}))
	_, operation = w.Call("PATCH", services+"/web", `{"labels":{"try":"again"},"template":`+tpl("web-green", broken)+`}`)
	assert.Equal(t, message, cloudtest.Dig(operation, "error", "message"))
	assert.Equal(t, "Conflict ALREADY_EXISTS: Revision named 'web-green' with different configuration already exists.",
		w.Refused("PATCH", services+"/web", `{"template":`+tpl("web-green", healthy)+`}`))
	w.OK("PATCH", services+"/web", `{"template":`+tpl("web-teal", broken)+`}`)
}

func TestRevisionNeedsItsSecretsAndImage(t *testing.T) {
	t.Parallel()
	const prefix = "Revision 'web-a' is not ready and cannot serve traffic. "
	const field = "spec.template.spec.containers[0].env[0].value_from.secret_key_ref.name: "
	const account = "serviceAccount:123456789012-compute@developer.gserviceaccount.com"
	grant := `{"policy":{"bindings":[{"role":"roles/secretmanager.secretAccessor","members":["` + account + `"]}]}}`
	for name, test := range map[string]struct {
		grant, image, version, want string
		code                        float64
	}{
		"no access": {"", image, "1",
			prefix + field + "Permission denied on secret: projects/123456789012/secrets/key/versions/1 for Revision service account " +
				"123456789012-compute@developer.gserviceaccount.com. The service account used must be granted the 'Secret Manager " +
				"Secret Accessor' role (roles/secretmanager.secretAccessor) at the secret, project or higher level.", 7},
		"no version": {"/sm/v1" + p + "/secrets/key", image, "7", prefix + field +
			"Secret projects/123456789012/secrets/key/versions/7 was not found", 5},
		"disabled": {"/sm/v1" + p + "/secrets/key", image, "2", prefix + field +
			"Secret Version [projects/123456789012/secrets/key/versions/2] is in DISABLED state.", 9},
		"no repository": {"/sm/v1" + p + "/secrets/key", "us-central1-docker.pkg.dev/procureflow-dev/none/web:1", "1",
			prefix + "Image 'us-central1-docker.pkg.dev/procureflow-dev/none/web:1' not found.", 5},
		"access":         {"/sm/v1" + p + "/secrets/key", image, "1", "", 0},
		"project access": {"/crm/v1" + p, "us-central1-docker.pkg.dev/procureflow-dev/procureflow/web:1", "1", "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := start(t)
			w.OK("POST", "/ar/v1"+p+"/locations/us-central1/repositories?repositoryId=procureflow", `{"format":"DOCKER"}`)
			w.OK("POST", "/sm/v1"+p+"/secrets?secretId=key", `{"replication":{"automatic":{}}}`)
			w.OK("POST", "/sm/v1"+p+"/secrets/key:addVersion", `{"payload":{"data":"dmFsdWU="}}`)
			w.OK("POST", "/sm/v1"+p+"/secrets/key:addVersion", `{"payload":{"data":"dmFsdWU="}}`)
			w.OK("POST", "/sm/v1"+p+"/secrets/key/versions/2:disable", `{}`)
			if test.grant != "" {
				w.OK("POST", test.grant+":setIamPolicy", grant)
			}
			_, operation := w.Call("POST", services+"?serviceId=web", `{"template":{"revision":"web-a","containers":[{"image":"`+
				test.image+`","env":[{"name":"KEY","valueSource":{"secretKeyRef":{"secret":"key","version":"`+test.version+`"}}}]}]}}`)
			if test.want == "" {
				assert.Nil(t, operation["error"])
				return
			}
			assert.Equal(t, map[string]any{"code": test.code, "message": test.want}, operation["error"])
			assert.Nil(t, w.OK("GET", services+"/web", "")["trafficStatuses"])
		})
	}
}

func TestOperationsTakeTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t, t.TempDir(), cloud.Options{OperationDelay: 10 * time.Second})
	w.Clock.Advance(time.Minute)
	_, operation := w.Call("POST", services+"?serviceId=web", `{"template":`+tpl("web-blue", healthy)+`}`)
	assert.Nil(t, operation["done"])
	service := w.OK("GET", services+"/web", "")
	assert.Equal(t, true, service["reconciling"])
	assert.Nil(t, service["latestReadyRevision"])
	assert.Nil(t, service["observedGeneration"])
	w.Clock.Advance(9 * time.Second)
	_, still := w.Call("GET", "/run/v2/"+operation["name"].(string), "")
	assert.Equal(t, map[string]any{"name": operation["name"]}, still)
	w.Clock.Advance(time.Second)
	_, done := w.Call("GET", "/run/v2/"+operation["name"].(string), "")
	assert.Equal(t, true, done["done"])
	assert.Contains(t, cloudtest.Dig(done, "response", "latestReadyRevision"), "web-blue")
	service = w.OK("GET", services+"/web", "")
	assert.Nil(t, service["reconciling"])
	assert.Equal(t, "1", service["observedGeneration"])
}

// TestStartupTakesItsTime starts two slow revisions. One fails. Each is decided in its own time. Meanwhile a split
// between other revisions takes effect.
func TestStartupTakesItsTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t, t.TempDir(), cloud.Options{OperationDelay: time.Second})
	w.Call("POST", services+"?serviceId=web", `{"template":`+tpl("web-a", healthy)+`,"traffic":[`+to("web-a", 100, "stable")+`]}`)
	w.Clock.Advance(time.Second)
	decided := func(revision string) any {
		return cloudtest.Dig(w.OK("GET", services+"/web/revisions/"+revision, ""), "conditions", 0, "state")
	}
	require.NoError(t, w.Cloud.Run.SetBehaviour(broken, run.Behaviour{NeverReady: true, Startup: 3 * time.Minute}))
	_, first := w.Call("PATCH", services+"/web?updateMask=template", `{"template":`+tpl("web-b", broken)+`}`)
	require.NoError(t, w.Cloud.Run.SetBehaviour(healthy, run.Behaviour{Startup: 10 * time.Second}))
	w.Clock.Advance(time.Second)
	etag := w.OK("GET", services+"/web", "")["etag"]

	_, second := w.Call("PATCH", services+"/web?updateMask=template", `{"template":`+tpl("web-c", healthy)+`}`)
	w.Clock.Advance(11 * time.Second)
	service := w.OK("GET", services+"/web", "")
	assert.NotEqual(t, etag, service["etag"], "a status that changes is another version of the service")
	assert.Nil(t, service["reconciling"])
	assert.Equal(t, "3", service["observedGeneration"])
	assert.True(t, strings.HasSuffix(service["latestReadyRevision"].(string), "/web-c"))
	assert.Equal(t, []any{nil, "CONDITION_SUCCEEDED"}, []any{decided("web-b"), decided("web-c")})
	for _, operation := range []map[string]any{first, second} {
		assert.Nil(t, operation["done"])
		_, operation = w.Call("GET", "/run/v2/"+operation["name"].(string), "")
		assert.Equal(t, true, operation["done"])
	}

	w.Call("PATCH", services+"/web?updateMask=traffic", `{"traffic":[`+to("web-b", 0, "early")+`,`+to("web-c", 100, "stable")+`]}`)
	w.Clock.Advance(time.Minute)
	service = w.OK("GET", services+"/web", "")
	assert.Equal(t, true, service["reconciling"], "a split waits for all its revisions")
	assert.Len(t, service["trafficStatuses"], 1)
	w.Call("PATCH", services+"/web?updateMask=traffic", `{"traffic":[`+to("web-c", 100, "stable")+`]}`)
	w.Clock.Advance(time.Second)
	service = w.OK("GET", services+"/web", "")
	assert.Nil(t, service["reconciling"])
	assert.Equal(t, []run.Target{{Type: run.ToRevision, Revision: "web-c", Percent: 100, Tag: "stable"}},
		run.Targets(service["trafficStatuses"].([]any)))
	w.Clock.Advance(2 * time.Minute)
	assert.Equal(t, "CONDITION_FAILED", decided("web-b"))
}

// TestTrafficModel makes random revisions and shifts, and compares the service with a model of these rules. A new revision becomes
// the latest ready one unless it fails. A split whose targets are all ready takes effect. Any other split leaves the traffic as it
// was. A split with a wrong sum changes nothing.
func TestTrafficModel(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp(parent, "")
		require.NoError(t, err)
		w := newWorld(t, dir, cloud.Options{})
		require.NoError(t, w.Cloud.Run.SetBehaviour(broken, run.Behaviour{NeverReady: true}))
		ready := map[string]bool{"web-0": true}
		latestReady, desired := "web-0", []run.Target{{Type: run.ToLatest, Percent: 100}}
		effective := desired
		generation := 1
		w.OK("POST", services+"?serviceId=web", `{"template":`+tpl("web-0", healthy)+`}`)
		settle := func() {
			for _, target := range desired {
				if target.Type == run.ToRevision && !ready[target.Revision] {
					return
				}
			}
			effective = desired
		}
		steps := rapid.IntRange(1, 8).Draw(t, "steps")
		for step := 1; step <= steps; step++ {
			if rapid.Bool().Draw(t, "deploy") {
				name, works := fmt.Sprintf("web-%d", step), rapid.Bool().Draw(t, "works")
				digest := broken
				if works {
					digest, latestReady = healthy, name
				}
				ready[name] = works
				w.Call("PATCH", services+"/web?updateMask=template", `{"template":`+tpl(name, digest)+`}`)
				generation++
			} else {
				names := make([]string, 0, len(ready))
				for i := range step {
					if _, made := ready[fmt.Sprintf("web-%d", i)]; made {
						names = append(names, fmt.Sprintf("web-%d", i))
					}
				}
				first := rapid.SampledFrom(names).Draw(t, "first")
				percent := rapid.IntRange(0, 100).Draw(t, "percent")
				rest := 100 - percent
				if rapid.IntRange(0, 3).Draw(t, "wrong") == 0 {
					rest++
				}
				split := []run.Target{{Type: run.ToRevision, Revision: first, Percent: percent, Tag: "candidate"}, {Type: run.ToLatest, Percent: rest}}
				body := `{"traffic":[` + to(first, percent, "candidate") + `,` + strings.Replace(latest100, "100", fmt.Sprint(rest), 1) + `]}`
				code, _ := w.Call("PATCH", services+"/web?updateMask=traffic", body)
				if percent+rest != 100 || rest > 100 {
					require.Equal(t, 400, code)
				} else {
					if fmt.Sprint(desired) != fmt.Sprint(split) {
						generation++
					}
					desired = split
				}
			}
			settle()
			service := w.OK("GET", services+"/web", "")
			require.Equal(t, desired, run.Targets(service["traffic"].([]any)))
			require.Equal(t, effective, run.Targets(service["trafficStatuses"].([]any)))
			require.True(t, strings.HasSuffix(service["latestReadyRevision"].(string), "/"+latestReady))
			require.Equal(t, fmt.Sprint(generation), service["generation"])
			require.Equal(t, service["generation"], service["observedGeneration"])
		}
	})
}

// TestTheFrontEndSeesEachChange looks at a service as the data plane does, before and after changes, and after time alone has passed.
func TestTheFrontEndSeesEachChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t, t.TempDir(), cloud.Options{Conditions: func(until string, asked rest.Asked) bool {
		return asked.Time.Format(time.TimeOnly) < until
	}})
	const name = "projects/" + project + "/locations/us-central1/services/web"
	_, err := w.Cloud.Run.Service(name)
	assert.ErrorContains(t, err, "no such service: "+name)
	see := func() string {
		t.Helper()
		seen, err := w.Cloud.Run.Service(name)
		require.NoError(t, err)
		serving := seen.Traffic[0].Revision
		return fmt.Sprintf("%s of %d, public: %t", serving, len(seen.Revisions), seen.Public)
	}
	w.OK("POST", services+"?serviceId=web", `{"template":`+tpl("web-blue", healthy)+`}`)
	assert.Equal(t, "web-blue of 1, public: false", see())
	w.OK("PATCH", services+"/web", `{"template":`+tpl("web-green", healthy)+`}`)
	assert.Equal(t, "web-green of 2, public: false", see())
	w.OK("POST", services+"/web:setIamPolicy", `{"policy":{"version":3,"bindings":[{"role":"roles/run.invoker","members":["allUsers"],
		"condition":{"title":"t","expression":"13:00:00"}}]}}`)
	assert.Equal(t, "web-green of 2, public: true", see())
	w.Clock.Advance(time.Hour)
	assert.Equal(t, "web-green of 2, public: false", see(), "the condition holds no longer")
	w.OK("PATCH", services+"/web?updateMask=invokerIamDisabled", `{"invokerIamDisabled":true}`)
	assert.Equal(t, "web-green of 2, public: true", see())
	w.OK("DELETE", services+"/web/revisions/web-blue", "")
	assert.Equal(t, "web-green of 1, public: true", see())
	w.OK("DELETE", services+"/web", "")
	_, err = w.Cloud.Run.Service(name)
	assert.ErrorContains(t, err, "no such service: "+name)
}
