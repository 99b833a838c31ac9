package run_test

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/cloud"
	"github.com/guiofsaints/procureflow-platform/emulator/cloudtest"
	"github.com/guiofsaints/procureflow-platform/emulator/disturb"
	"github.com/guiofsaints/procureflow-platform/emulator/google/run"
)

// disturbed makes one request that is carried out with a disturbance.
func (w *world) disturbed(d disturb.Disturbance, method, path, body string) (int, map[string]any) {
	request := httptest.NewRequest(method, path, strings.NewReader(body))
	recorder := httptest.NewRecorder()
	w.Cloud.ServeHTTP(recorder, request.WithContext(disturb.With(request.Context(), d)))
	var answer map[string]any
	require.NoError(w.T, json.Unmarshal(recorder.Body.Bytes(), &answer))
	return recorder.Code, answer
}

// split makes the service web with web-blue at 100 % and a ready web-green.
func (w *world) split() {
	w.OK("POST", services+"?serviceId=web", `{"template":`+tpl("web-blue", healthy)+`,"traffic":[`+to("web-blue", 100, "stable")+`]}`)
	w.OK("PATCH", services+"/web?updateMask=template", `{"template":`+tpl("web-green", healthy)+`}`)
}

const shift = `{"traffic":[{"type":"TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION","revision":"web-blue","percent":90,"tag":"stable"},{"type":"TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION","revision":"web-green","percent":10}]}`

func TestHeldTraffic(t *testing.T) {
	t.Parallel()
	for name, delay := range map[string]time.Duration{"at once": 0, "after a delay": 5 * time.Second} {
		w := newWorld(t, t.TempDir(), cloud.Options{})
		w.split()
		_, operation := w.disturbed(disturb.Disturbance{HoldTraffic: true, OperationDelay: delay}, "PATCH",
			services+"/web?updateMask=traffic", shift)
		w.Clock.Advance(delay)
		_, operation = w.Call("GET", "/run/v2/"+operation["name"].(string), "")
		assert.Equal(t, map[string]any{"code": 13.0, "message": "The traffic was not moved to the desired split."}, operation["error"], name)
		service := w.OK("GET", services+"/web", "")
		assert.Equal(t, "CONDITION_FAILED", cloudtest.Dig(service, "terminalCondition", "state"), name)
		assert.Len(t, run.Targets(service["traffic"].([]any)), 2, name)
		assert.Equal(t, []run.Target{{Type: run.ToRevision, Revision: "web-blue", Percent: 100, Tag: "stable"}},
			run.Targets(service["trafficStatuses"].([]any)), name)

		service = w.OK("PATCH", services+"/web?updateMask=traffic", shift)
		assert.Equal(t, "CONDITION_SUCCEEDED", cloudtest.Dig(service, "terminalCondition", "state"), name)
		assert.Len(t, service["trafficStatuses"], 2, name)
	}
}

func TestSlowOperation(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.split()
	_, operation := w.disturbed(disturb.Disturbance{OperationDelay: 30 * time.Second}, "PATCH", services+"/web?updateMask=traffic", shift)
	assert.Nil(t, operation["done"])
	service := w.OK("GET", services+"/web", "")
	assert.Equal(t, true, service["reconciling"])
	assert.Len(t, service["trafficStatuses"], 1)
	w.Clock.Advance(30 * time.Second)
	assert.Len(t, w.OK("GET", services+"/web", "")["trafficStatuses"], 2)
	_, operation = w.Call("GET", "/run/v2/"+operation["name"].(string), "")
	assert.Equal(t, true, operation["done"])
}

func TestConflictingWriter(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.split()
	etag := w.OK("GET", services+"/web", "")["etag"].(string)
	guarded := `{"etag":"` + etag + `",` + shift[1:]
	code, answer := w.disturbed(disturb.Disturbance{Conflict: true}, "PATCH", services+"/web?updateMask=traffic", guarded)
	assert.Equal(t, 409, code)
	assert.Equal(t, "ABORTED", cloudtest.Dig(answer, "error", "status"))
	fresh := w.OK("GET", services+"/web", "")["etag"].(string)
	assert.NotEqual(t, etag, fresh, "the other write stays")
	w.Refused("PATCH", services+"/web?updateMask=traffic", guarded)
	w.OK("PATCH", services+"/web?updateMask=traffic", `{"etag":"`+fresh+`",`+shift[1:])

	code, _ = w.disturbed(disturb.Disturbance{Conflict: true}, "PATCH", services+"/none?updateMask=traffic", shift)
	assert.Equal(t, 404, code)
}

func TestLostRevision(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.split()
	code, answer := w.disturbed(disturb.Disturbance{LoseRevision: "web-green"}, "PATCH", services+"/web?updateMask=traffic", shift)
	assert.Equal(t, 400, code)
	assert.Equal(t, "service.traffic[1].revision: Revision 'web-green' does not exist or is deleted", cloudtest.Dig(answer, "error",
		"message"))
	assert.Equal(t, "Not Found NOT_FOUND: Resource 'web-green' of kind 'REVISION' in region 'us-central1' in project 'procureflow-dev' "+
		"does not exist.", w.Refused("GET", services+"/web/revisions/web-green", ""))

	// The service notices with its next change: its latest created revision is gone, and what serves goes on.
	_, operation := w.Call("PATCH", services+"/web?updateMask=labels", `{"labels":{"a":"b"}}`)
	assert.Equal(t, "Revision 'web-green' is gone and cannot serve traffic.", cloudtest.Dig(operation, "error", "message"))
	seen, err := w.Cloud.Run.Service(web)
	require.NoError(t, err)
	assert.Equal(t, []run.Target{{Type: run.ToRevision, Revision: "web-blue", Percent: 100, Tag: "stable"}}, seen.Traffic)
}

func TestServiceOf(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		services + "/web":                     web,
		services + "/web:setIamPolicy":        web,
		services + "/web/revisions/web-green": web,
		services:                              "",
		"/run/v2/" + parent + "/operations/x": "",
		"/sm/v1/projects/p/secrets/s":         "",
		"http://us-central1-run.sandbox/apis/serving.knative.dev/v1/namespaces/procureflow-dev/services/web": web,
		"http://run.sandbox/apis/serving.knative.dev/v1/namespaces/procureflow-dev/services/web":             "",
		"http://us-central1-run.sandbox/apis/serving.knative.dev/v1/namespaces/procureflow-dev/revisions":    "",
	} {
		assert.Equal(t, want, run.ServiceOf(httptest.NewRequest("GET", path, nil)), path)
	}
}
