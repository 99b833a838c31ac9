package faults_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/cloud"
	"github.com/guiofsaints/procureflow-platform/emulator/faults"
	"github.com/guiofsaints/procureflow-platform/emulator/store"
)

const web = "/run/v2/projects/project/locations/us-central1/services/web"

// world is a handler behind an injector that notes what reached it and how long requests were made to wait.
type world struct {
	*faults.Injector
	handler http.Handler
	reached []string
	slept   []time.Duration
}

func start() *world {
	w := &world{}
	w.Injector = faults.New(faults.Options{Sleep: func(_ context.Context, d time.Duration) error { w.slept = append(w.slept, d); return nil }})
	w.handler = w.Intercept(http.HandlerFunc(func(_ http.ResponseWriter,
		r *http.Request) {
		w.reached = append(w.reached, r.Method+" "+r.URL.Path)
	}))
	return w
}

// call makes a request to the service web and returns the status, or "dropped".
func (w *world) call(method string) (outcome string) {
	defer func() {
		if recovered := recover(); recovered != nil {
			if recovered != http.ErrAbortHandler {
				panic(recovered)
			}
			outcome = "dropped"
		}
	}()
	recorder := httptest.NewRecorder()
	w.handler.ServeHTTP(recorder, httptest.NewRequest(method, web, nil))
	return fmt.Sprint(recorder.Code)
}

func (w *world) calls(n int) string {
	outcomes := make([]string, n)
	for i := range outcomes {
		outcomes[i] = w.call("GET")
	}
	return strings.Join(outcomes, " ")
}

func TestRequestsThatFaultsStrike(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault faults.Fault
		want  string
	}{
		"all":                     {faults.Fault{}, "503 503 503 503 503 503 503 503"},
		"the next two":            {faults.Fault{Next: 2, Status: 429}, "429 429 200 200 200 200 200 200"},
		"the third":               {faults.Fault{Skip: 2, Next: 1, Status: 500}, "200 200 500 200 200 200 200 200"},
		"half":                    {faults.Fault{Rate: 0.5}, "200 200 503 503 503 200 200 200"},
		"half, again":             {faults.Fault{Rate: 0.5}, "200 200 503 503 503 200 200 200"},
		"half, by another seed":   {faults.Fault{Rate: 0.5, Seed: 1}, "503 200 503 503 200 200 503 503"},
		"two of half":             {faults.Fault{Rate: 0.5, Next: 2}, "200 200 503 503 200 200 200 200"},
		"another method":          {faults.Fault{Method: "PATCH"}, "200 200 200 200 200 200 200 200"},
		"the method":              {faults.Fault{Method: "get", Next: 1}, "503 200 200 200 200 200 200 200"},
		"the path":                {faults.Fault{Path: "/run/v2/**/services/w*", Next: 1}, "503 200 200 200 200 200 200 200"},
		"a shorter path":          {faults.Fault{Path: "/run/v2/*/services/web"}, "200 200 200 200 200 200 200 200"},
		"a dot is not a wildcard": {faults.Fault{Path: "/run/v2/**/services/w.b"}, "200 200 200 200 200 200 200 200"},
		"a part of the path":      {faults.Fault{Path: "services"}, "200 200 200 200 200 200 200 200"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := start()
			test.fault.Effect = faults.Answer
			require.NoError(t, w.Set("fault", test.fault))
			assert.Equal(t, test.want, w.calls(8))
			assert.Len(t, w.reached, strings.Count(test.want, "200"))
		})
	}
}

// TestFaultsAreIndependent sets a second fault next to one with a rate. The first strikes the same requests as it does alone.
func TestFaultsAreIndependent(t *testing.T) {
	t.Parallel()
	w := start()
	require.NoError(t, w.Set("errors", faults.Fault{Effect: faults.Answer, Rate: 0.5}))
	require.NoError(t, w.Set("delays", faults.Fault{Effect: faults.Delay, Rate: 0.25, Seed: 7, Duration: faults.Duration(time.Second)}))
	assert.Equal(t, "200 200 503 503 503 200 200 200", w.calls(8))
	state := w.List()
	assert.Equal(t, []string{"delays", "errors"}, []string{state[0].Name, state[1].Name})
	assert.Equal(t, []int{8, 3, 8, 3}, []int{state[0].Seen, state[0].Strikes, state[1].Seen, state[1].Strikes})
	assert.Len(t, w.slept, 3)

	// Setting it again starts its sequence again; clearing it lets everything pass.
	require.NoError(t, w.Set("errors", faults.Fault{Effect: faults.Answer, Rate: 0.5}))
	assert.Equal(t, "200 200 503 503", w.calls(4))
	require.NoError(t, w.Clear("errors"))
	require.ErrorIs(t, w.Clear("errors"), faults.ErrNoFault)
	assert.Equal(t, "200 200 200 200", w.calls(4))
	w.ClearAll()
	assert.Empty(t, w.List())
}

func TestConnectionsDrop(t *testing.T) {
	t.Parallel()
	w := start()
	require.NoError(t, w.Set("drop", faults.Fault{Effect: faults.Drop, Next: 1}))
	require.NoError(t, w.Set("silence", faults.Fault{Effect: faults.DropAnswer, Skip: 1, Next: 1}))
	assert.Equal(t, "dropped", w.call("PATCH"))
	assert.Empty(t, w.reached)
	assert.Equal(t, "dropped", w.call("PATCH"))
	assert.Equal(t, []string{"PATCH " + web}, w.reached, "it was carried out")
	assert.Equal(t, "200", w.call("PATCH"))
}

func TestAnswersInTheFormOfTheAPIs(t *testing.T) {
	t.Parallel()
	for code, want := range map[int]string{
		429: "RESOURCE_EXHAUSTED: Quota exceeded for quota metric 'Write requests' and limit 'Write requests per minute per region'.",
		500: "INTERNAL: Internal error encountered.",
		503: "UNAVAILABLE: The service is currently unavailable.",
	} {
		w := start()
		require.NoError(t, w.Set("fault", faults.Fault{Effect: faults.Answer, Status: code}))
		recorder := httptest.NewRecorder()
		w.handler.ServeHTTP(recorder, httptest.NewRequest("GET", web, nil))
		var answer struct {
			Error struct {
				Code            int
				Status, Message string
			}
		}
		require.NoError(t, json.Unmarshal(recorder.Body.Bytes(), &answer))
		assert.Equal(t, code, recorder.Code)
		assert.Equal(t, code, answer.Error.Code)
		assert.Equal(t, want, answer.Error.Status+": "+answer.Error.Message)
	}
}

func TestSetRefuses(t *testing.T) {
	t.Parallel()
	w := start()
	for name, test := range map[string]struct {
		name  string
		fault faults.Fault
		want  string
	}{
		"a malformed name": {"No Name", faults.Fault{Effect: faults.Drop},
			`fault "No Name": use a name of lower-case letters, digits and hyphens`},
		"no effect": {"f", faults.Fault{},
			`fault f: effect "": use one of delay, answer, drop, drop-answer, slow-operation, conflict, hold-traffic, lose-revision, lag-metrics`},
		"several mistakes": {"f", faults.Fault{Effect: faults.Answer, Rate: 2, Next: -1, Status: 404},
			"fault f: rate 2: use a share between 0 and 1\nnext -1, skip 0: use counts that are not negative\nstatus 404: use 429, 500 or 503"},
		"no duration": {"f", faults.Fault{Effect: faults.SlowOperation},
			"fault f: duration: slow-operation needs a positive duration, such as 5s"},
		"an unused duration": {"f", faults.Fault{Effect: faults.Drop, Duration: 1}, "fault f: duration: drop has no duration: leave it out"},
		"an unused status":   {"f", faults.Fault{Effect: faults.Drop, Status: 500}, "fault f: status: drop has no status: leave it out"},
		"no revision": {"f", faults.Fault{Effect: faults.LoseRevision},
			"fault f: revision: lose-revision needs a revision's short name, and every other effect has no revision"},
		"an unused revision": {"f", faults.Fault{Effect: faults.Drop, Revision: "r"},
			"fault f: revision: lose-revision needs a revision's short name, and every other effect has no revision"},
		"a negative rate": {"f", faults.Fault{Effect: faults.Drop, Rate: -1}, "fault f: rate -1: use a share between 0 and 1"},
	} {
		require.EqualError(t, w.Set(test.name, test.fault), test.want, name)
	}
	assert.Empty(t, w.List())
}

// TestEffectsOnTheCloud tries each effect that the cloud itself carries out, on the real cloud.
func TestEffectsOnTheCloud(t *testing.T) {
	t.Parallel()
	const target = `{"type":"TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION","revision":"web-%s","percent":%d}`
	shift := `{"traffic":[` + fmt.Sprintf(target, "blue", 90) + `,` + fmt.Sprintf(target, "green", 10) + `]}`
	for name, test := range map[string]struct {
		fault faults.Fault
		code  int
		// effective counts the entries of the split in effect after one shift.
		effective int
	}{
		"none":           {faults.Fault{Effect: faults.Delay, Path: "/nowhere", Duration: 1}, 200, 2},
		"conflict":       {faults.Fault{Effect: faults.Conflict}, 409, 1},
		"slow operation": {faults.Fault{Effect: faults.SlowOperation, Duration: faults.Duration(time.Hour)}, 200, 1},
		"held traffic":   {faults.Fault{Effect: faults.HoldTraffic}, 200, 1},
		"lost revision":  {faults.Fault{Effect: faults.LoseRevision, Method: "PATCH", Revision: "web-green"}, 400, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			documents, err := store.Open(t.TempDir())
			require.NoError(t, err)
			t.Cleanup(func() { _ = documents.Close() })
			injector := faults.New(faults.Options{})
			c, err := cloud.New(documents, cloud.Options{Intercept: injector.Intercept})
			require.NoError(t, err)
			require.NoError(t, c.EnsureProject(cloud.Project{ID: "project", Number: "42", BillingAccount: "000000-AAAAAA-111111"}))
			call := func(method, path, body string) (int, map[string]any) {
				recorder := httptest.NewRecorder()
				c.ServeHTTP(recorder, httptest.NewRequest(method, path, strings.NewReader(body)))
				var answer map[string]any
				require.NoError(t, json.Unmarshal(recorder.Body.Bytes(), &answer))
				return recorder.Code, answer
			}
			revision := func(name string) string {
				return `{"template":{"revision":"web-` + name +
					`","containers":[{"image":"us-docker.pkg.dev/cloudrun/container/hello"}]},"traffic":[` + fmt.Sprintf(target, "blue", 100) + `]}`
			}
			call("POST", "/su/v1/projects/project/services/run.googleapis.com:enable", "{}")
			call("POST", strings.TrimSuffix(web, "/web")+"?serviceId=web", revision("blue"))
			call("PATCH", web, revision("green"))
			_, service := call("GET", web, "")
			require.NoError(t, injector.Set("fault", test.fault))

			code, _ := call("PATCH", web+"?updateMask=traffic", `{"etag":"`+service["etag"].(string)+`",`+shift[1:])
			assert.Equal(t, test.code, code)
			_, service = call("GET", web, "")
			assert.Len(t, service["trafficStatuses"], test.effective)
			if name != "none" {
				assert.Equal(t, 1, injector.List()[0].Strikes, "reads are not struck")
			}
		})
	}
}
