package dataplane_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/cloud"
	"github.com/guiofsaints/procureflow-platform/emulator/dataplane"
	"github.com/guiofsaints/procureflow-platform/emulator/google/run"
	"github.com/guiofsaints/procureflow-platform/emulator/store"
)

const (
	project  = "procureflow-dev"
	services = "/run/v2/projects/" + project + "/locations/us-central1/services"
	host     = "web-42.us-central1.run.app"
	digest   = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	canary   = "sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
)

type world struct {
	t     *testing.T
	cloud *cloud.Cloud
	plane *dataplane.DataPlane
	slept []time.Duration
	draws []float64 // given out in turn; 0 when there are none left
	now   time.Time // the APIs' clock
}

func start(t *testing.T) *world {
	t.Helper()
	documents, err := store.Open(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { _ = documents.Close() })
	w := &world{t: t, now: time.Date(2026, 11, 23, 12, 5, 0, 0, time.UTC)}
	w.cloud, err = cloud.New(documents, cloud.Options{Now: func() time.Time { return w.now }})
	require.NoError(t, err)
	require.NoError(t, w.cloud.EnsureProject(cloud.Project{ID: project, Number: "42", BillingAccount: "A"}))
	w.plane = dataplane.New(w.cloud, dataplane.Options{
		Now: func() time.Time { return time.Date(2026, 11, 23, 12, 0, 30, 0, time.UTC) },
		Float64: func() float64 {
			if len(w.draws) == 0 {
				return 0
			}
			f := w.draws[0]
			w.draws = w.draws[1:]
			return f
		},
		Sleep: func(_ context.Context, d time.Duration) error { w.slept = append(w.slept, d); return nil },
	})
	w.api("POST", "/su/v1/projects/"+project+"/services/run.googleapis.com:enable", `{}`)
	return w
}

func (w *world) api(method, path, body string) {
	w.t.Helper()
	recorder := httptest.NewRecorder()
	w.cloud.ServeHTTP(recorder, httptest.NewRequest(method, path, strings.NewReader(body)))
	require.Equal(w.t, http.StatusOK, recorder.Code, recorder.Body.String())
}

// deploy makes a public service with a stable and a candidate revision at 90 and 10 %.
func (w *world) deploy() {
	w.t.Helper()
	image := func(d string) string {
		return `{"image":"us-docker.pkg.dev/cloudrun/container/hello@` + d + `","env":[{"name":"NODE_ENV","value":"hidden-value"}]}`
	}
	w.api("POST", services+"?serviceId=web", `{"template":{"revision":"web-blue","timeout":"5s","containers":[`+image(digest)+`]}}`)
	w.api("PATCH", services+"/web?updateMask=template", `{"template":{"revision":"web-green","timeout":"5s","containers":[`+image(canary)+
		`]}}`)
	w.api("PATCH", services+"/web?updateMask=traffic",
		`{"traffic":[{"type":"TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION","revision":"web-blue","percent":90,"tag":"stable"},
		{"type":"TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION","revision":"web-green","percent":10,"tag":"candidate"}]}`)
	w.api("POST", services+"/web:setIamPolicy", `{"policy":{"bindings":[{"role":"roles/run.invoker","members":["allUsers"]}]}}`)
}

func (w *world) get(host, path string) *httptest.ResponseRecorder {
	recorder := httptest.NewRecorder()
	request := httptest.NewRequest(http.MethodGet, path, nil)
	request.Host = host
	w.plane.ServeHTTP(recorder, request)
	return recorder
}

// TestHeadersOfTheFrontEnd checks that a header set by flag is on every answer, whatever answers behind the front end. A flag
// without a value and a text without a name add no header.
func TestHeadersOfTheFrontEnd(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.api("POST", services+"?serviceId=web", `{"template":{"containers":[
		{"name":"main","image":"docker.io/library/caddy@`+digest+`","ports":[{"containerPort":8080}],
		"args":["reverse-proxy","--header-down","X-Robots-Tag: noindex","--header-down","nothing","--header-down"]},
		{"name":"app","image":"us-docker.pkg.dev/cloudrun/container/hello@`+canary+`","args":["--header-down","X-App: 1"]}]}}`)
	w.api("POST", services+"/web:setIamPolicy", `{"policy":{"bindings":[{"role":"roles/run.invoker","members":["allUsers"]}]}}`)
	for _, path := range []string{"/", "/no/such/path"} {
		header := w.get(host, path).Header()
		assert.Equal(t, "noindex", header.Get("X-Robots-Tag"), path)
		assert.Empty(t, header.Get("X-App"), "what is behind the front takes no requests")
	}
}

func TestSplitFollowsTheEffectiveTraffic(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.deploy()
	count := map[string]int{}
	for i := range 100 {
		w.draws = []float64{float64(i) / 100}
		answer := w.get(host, "/")
		require.Equal(t, http.StatusOK, answer.Code)
		count[answer.Header().Get(dataplane.RevisionHeader)]++
	}
	assert.Equal(t, map[string]int{"web-blue": 90, "web-green": 10}, count)
	assert.Equal(t, "web-green", w.get("candidate---"+host, "/").Header().Get(dataplane.RevisionHeader))
	assert.Equal(t, "web-blue", w.get("stable---"+host+":8080", "/").Header().Get(dataplane.RevisionHeader))

	var got []string
	for _, series := range w.plane.Metrics().Query("projects/"+project+"/locations/us-central1/services/web",
		time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), time.Date(2026, 11, 23, 12, 1, 0, 0, time.UTC)) {
		got = append(got, fmt.Sprint(series.Key.Revision, " ", series.Key.Class, " ", series.Points[0].Count))
	}
	assert.Equal(t, []string{"web-blue 2xx 91", "web-green 2xx 11"}, got)
}

// TestNextRequestSeesAChange checks that what the data plane keeps of a service is no older than the last change.
func TestNextRequestSeesAChange(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.deploy()
	serves := func() string { return w.get(host, "/").Header().Get(dataplane.RevisionHeader) }
	require.Equal(t, "web-blue", serves())
	w.api("PATCH", services+"/web?updateMask=traffic",
		`{"traffic":[{"type":"TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION","revision":"web-green","percent":100}]}`)
	assert.Equal(t, "web-green", serves())
	assert.Equal(t, http.StatusNotFound, w.get("candidate---"+host, "/").Code)
	w.api("POST", services+"/web:setIamPolicy", `{"policy":{"bindings":[]}}`)
	assert.Equal(t, http.StatusForbidden, w.get(host, "/").Code)
	w.api("DELETE", services+"/web", "")
	assert.Contains(t, w.get(host, "/").Body.String(), "No service has the host "+host)
}

func TestMonitoringReportsWhatWasServed(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.api("POST", "/su/v1/projects/"+project+"/services/monitoring.googleapis.com:enable", `{}`)
	w.deploy()
	w.get("candidate---"+host, "/")
	query := url.Values{"filter": {`metric.type="run.googleapis.com/request_count" AND resource.labels.revision_name="web-green"`},
		"interval.startTime": {"2026-11-23T12:00:00Z"},
		"interval.endTime":   {"2026-11-23T12:01:00Z"}, "aggregation.alignmentPeriod": {"60s"},
		"aggregation.perSeriesAligner": {"ALIGN_DELTA"}, "aggregation.crossSeriesReducer": {"REDUCE_SUM"}}
	recorder := httptest.NewRecorder()
	w.cloud.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/mon/v3/projects/"+project+"/timeSeries?"+query.Encode(), nil))
	require.Equal(t, http.StatusOK, recorder.Code, recorder.Body.String())
	assert.Contains(t, recorder.Body.String(), `"int64Value": "1"`)
}

func TestContainerAnswers(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.deploy()
	for path, want := range map[string]struct {
		code     int
		kind     string
		contains string
	}{
		"/":                  {200, "text/html; charset=utf-8", "<h1>web</h1>"},
		"/api/health":        {200, "application/json", `"status":"ok"`},
		"/api/items?limit=1": {200, "application/json", `"total":3`},
		"/__sandbox":         {200, "application/json", `"env":["NODE_ENV"]`},
		"/nothing":           {404, "application/json", `"error":"not found"`},
	} {
		answer := w.get(host, path)
		assert.Equal(t, want.code, answer.Code, path)
		assert.Equal(t, want.kind, answer.Header().Get("Content-Type"), path)
		assert.Contains(t, answer.Body.String(), want.contains, path)
		assert.NotContains(t, answer.Body.String(), "hidden-value", path)
		assert.Equal(t, "web-blue", answer.Header().Get(dataplane.RevisionHeader), path)
	}
	for query, want := range map[string]int{"": 3, "?limit=0": 0, "?limit=1": 1, "?limit=3": 3, "?limit=4": 3, "?limit=-1": 3, "?limit=x": 3} {
		var list struct{ Items []map[string]any }
		require.NoError(t, json.Unmarshal(w.get(host, "/api/items"+query).Body.Bytes(), &list))
		assert.Len(t, list.Items, want, query)
	}
	recorder, post := httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", nil)
	post.Host = host
	w.plane.ServeHTTP(recorder, post)
	assert.Equal(t, http.StatusMethodNotAllowed, recorder.Code)
	assert.Equal(t, "GET, HEAD", recorder.Header().Get("Allow"))
}

func TestFrontEndRefuses(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.deploy()
	w.api("POST", services+"?serviceId=private", `{"template":{"containers":[{"image":"us-docker.pkg.dev/cloudrun/container/hello"}]}}`)
	w.api("POST", services+"?serviceId=internal",
		`{"ingress":"INGRESS_TRAFFIC_INTERNAL_ONLY","template":{"containers":[{"image":"us-docker.pkg.dev/cloudrun/container/hello"}]}}`)
	require.NoError(t, w.cloud.Run.SetBehaviour(canary, run.Behaviour{NeverReady: true}))
	w.api("POST", services+"?serviceId=failed",
		`{"invokerIamDisabled":true,"template":{"containers":[{"image":"us-docker.pkg.dev/cloudrun/container/hello@`+canary+`"}]}}`)
	for host, want := range map[string]int{
		"private-42.us-central1.run.app":       403,
		"internal-42.us-central1.run.app":      404,
		"failed-42.us-central1.run.app":        503,
		"nothing---web-42.us-central1.run.app": 404,
		"none-42.us-central1.run.app":          404,
		"127.0.0.1:8080":                       404,
	} {
		answer := w.get(host, "/")
		assert.Equal(t, want, answer.Code, host)
		assert.Equal(t, "text/html; charset=UTF-8", answer.Header().Get("Content-Type"), host)
		assert.Empty(t, answer.Header().Get(dataplane.RevisionHeader), host)
	}
}

func TestForServiceIgnoresTheHost(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.deploy()
	server := httptest.NewServer(w.plane.ForService(project, "us-central1", "web"))
	t.Cleanup(server.Close)
	for host, want := range map[string]string{"": "web-blue", "candidate---anything": "web-green", "stable---localhost": "web-blue"} {
		request, err := http.NewRequest(http.MethodGet, server.URL, nil)
		require.NoError(t, err)
		request.Host = host
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		assert.Equal(t, 200, response.StatusCode)
		assert.Equal(t, want, response.Header.Get(dataplane.RevisionHeader), host)
	}
	recorder := httptest.NewRecorder()
	w.plane.ForService(project, "us-central1", "none").ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/", nil))
	assert.Equal(t, 404, recorder.Code)
}

// TestOptionsOfTheDataPlane checks that the zero value of the options serves requests.
func TestOptionsOfTheDataPlane(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.deploy()
	for _, image := range []string{digest, canary} {
		require.NoError(t, w.cloud.Run.SetBehaviour(image, run.Behaviour{Latency: time.Millisecond}))
	}
	w.plane = dataplane.New(w.cloud, dataplane.Options{})
	assert.Equal(t, 200, w.get(host, "/").Code)
}

func TestBehaviours(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.deploy()
	require.NoError(t, w.cloud.Run.SetBehaviour(canary, run.Behaviour{ErrorRate: 0.25, Latency: 2 * time.Second}))
	w.draws = []float64{0.24}
	failed := w.get("candidate---"+host, "/")
	assert.Equal(t, 500, failed.Code)
	assert.Equal(t, "web-green", failed.Header().Get(dataplane.RevisionHeader), "the container answered")
	w.draws = []float64{0.25}
	assert.Equal(t, 200, w.get("candidate---"+host, "/").Code)
	assert.Equal(t, []time.Duration{2 * time.Second, 2 * time.Second}, w.slept)

	w.slept = nil
	require.NoError(t, w.cloud.Run.SetBehaviour(canary, run.Behaviour{Latency: 5 * time.Second}))
	assert.Equal(t, 200, w.get("candidate---"+host, "/").Code, "the answer comes at the last moment")
	w.slept = nil
	require.NoError(t, w.cloud.Run.SetBehaviour(canary, run.Behaviour{Latency: time.Minute}))
	assert.Equal(t, 504, w.get("candidate---"+host, "/").Code)
	assert.Equal(t, []time.Duration{5 * time.Second}, w.slept, "the template's timeout ends the wait")
	require.Error(t, w.cloud.Run.SetBehaviour("latest", run.Behaviour{}))
	require.Error(t, w.cloud.Run.SetBehaviour(canary, run.Behaviour{ErrorRate: 1.1}))
}
