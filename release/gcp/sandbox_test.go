package gcp

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/cloud"
	"github.com/guiofsaints/procureflow-platform/emulator/dataplane"
	"github.com/guiofsaints/procureflow-platform/emulator/google/run"
	"github.com/guiofsaints/procureflow-platform/emulator/store"
	"github.com/guiofsaints/procureflow-platform/release/health"
	"github.com/guiofsaints/procureflow-platform/release/plan"
	"github.com/guiofsaints/procureflow-platform/release/probe"
	"github.com/guiofsaints/procureflow-platform/release/rollout"
)

const (
	project  = "procureflow-dev"
	region   = "us-central1"
	services = "/run/v2/projects/" + project + "/locations/" + region + "/services"
	blue     = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	green    = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
)

// world is the emulated cloud behind HTTP. Its clock moves only when the code under test sleeps.
type world struct {
	t        *testing.T
	cloud    *cloud.Cloud
	api, web *httptest.Server

	mu      sync.Mutex
	now     time.Time
	asleep  func(time.Time) // Runs after each sleep.
	fault   func(*http.Request) int
	patches []string
	reads   int
}

func newWorld(t *testing.T, delay time.Duration) *world {
	t.Helper()
	documents, err := store.Open(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { _ = documents.Close() })
	w := &world{t: t, now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	w.cloud, err = cloud.New(documents, cloud.Options{Now: w.Now, OperationDelay: delay, Intercept: w.intercept})
	require.NoError(t, err)
	require.NoError(t, w.cloud.EnsureProject(cloud.Project{ID: project, Number: "42", BillingAccount: "A"}))
	plane := dataplane.New(w.cloud, dataplane.Options{Now: w.Now, Sleep: func(context.Context, time.Duration) error { return nil }})
	w.api, w.web = httptest.NewServer(w.cloud), httptest.NewServer(plane)
	t.Cleanup(w.api.Close)
	t.Cleanup(w.web.Close)
	w.call("POST", "/su/v1/projects/"+project+"/services/run.googleapis.com:enable", `{}`)
	w.call("POST", services+"?serviceId=web", `{"invokerIamDisabled":true,"template":`+template("web-blue", blue)+`}`)
	w.Sleep(context.Background(), 2*delay)
	return w
}

func template(revision, digest string) string {
	return fmt.Sprintf(`{"revision":%q,"containers":[{"image":"us-docker.pkg.dev/cloudrun/container/hello@%s"}]}`, revision, digest)
}

func (w *world) intercept(next http.Handler) http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		fault := w.fault
		if r.Method == http.MethodPatch {
			w.patches = append(w.patches, r.URL.RawQuery)
		} else {
			w.reads++
		}
		w.mu.Unlock()
		if fault != nil {
			if code := fault(r); code != 0 {
				http.Error(out, fmt.Sprintf(`{"error":{"code":%d,"message":"injected"}}`, code), code)
				return
			}
		}
		next.ServeHTTP(out, r)
	})
}

func (w *world) call(method, path, body string) {
	w.t.Helper()
	recorder := httptest.NewRecorder()
	w.cloud.ServeHTTP(recorder, httptest.NewRequest(method, path, strings.NewReader(body)))
	require.Equal(w.t, http.StatusOK, recorder.Code, recorder.Body.String())
}

// deploy adds web-green as Pulumi does, which writes the live traffic back by revision names.
func (w *world) deploy() {
	w.t.Helper()
	w.call("PATCH", services+"/web?updateMask=traffic",
		`{"traffic":[{"type":"TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION","revision":"web-blue","percent":100}]}`)
	w.call("PATCH", services+"/web?updateMask=template", `{"template":`+template("web-green", green)+`}`)
	w.mu.Lock()
	w.patches, w.reads = nil, 0
	w.mu.Unlock()
}

func (w *world) Now() time.Time { w.mu.Lock(); defer w.mu.Unlock(); return w.now }

func (w *world) Sleep(ctx context.Context, d time.Duration) error {
	w.mu.Lock()
	w.now = w.now.Add(d)
	now, asleep := w.now, w.asleep
	w.mu.Unlock()
	if asleep != nil {
		asleep(now)
	}
	return ctx.Err()
}

func (w *world) Record(rollout.Event) error { return nil }

func (w *world) endpoints() Endpoints { return Endpoints{Run: w.api.URL + "/run/"} }

func (w *world) service() *Service {
	w.t.Helper()
	service, err := NewService(context.Background(), w.endpoints(), project, region, "web")
	require.NoError(w.t, err)
	return service
}

func (w *world) prober() *probe.Prober {
	return &probe.Prober{Paths: []string{"/", "/api/items?limit=1"}, Timeout: 2 * time.Second,
		Marker: probe.Marker{Header: dataplane.RevisionHeader, Value: "{revision}"},
		Via:    w.web.URL, Now: w.Now}
}

func (w *world) controller() *rollout.Controller {
	return &rollout.Controller{Service: w.service(), Prober: w.prober(), Clock: w, Journal: w, Policy: rollout.Policy{
		Steps: []rollout.Step{{Percent: 10, Bake: 10 * time.Second}, {Percent: 50, Bake: 10 * time.Second},
			{Percent: 100, Bake: 10 * time.Second}},
		Before: time.Second, Interval: time.Second, Warmup: time.Second, Probes: health.Limits{Probes: 20, Consecutive: 3},
		MetricsEvery: time.Minute, Inconclusive: rollout.Proceed, CandidateWait: time.Minute, Settle: 30 * time.Second, Blind: 30 * time.Second}}
}

func TestRolloutOnTheSandbox(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2*time.Second)
	w.deploy()
	result := w.controller().Rollout(context.Background(), rollout.Request{})
	assert.Equal(t, rollout.Released, result.Outcome, result.Why)
	service, err := w.service().Read(context.Background())
	require.NoError(t, err)
	assert.Equal(t, plan.State{Phase: plan.Idle, Stable: "web-green", Previous: "web-blue"}, plan.Read(service))
	assert.Equal(t, "https://previous---web-42.us-central1.run.app", service.TagURL("previous", "web-blue"))
	assert.Equal(t, "https://web-42.us-central1.run.app", service.URL)
	for _, query := range w.patches {
		assert.Equal(t, "alt=json&prettyPrint=false&updateMask=traffic", query, "every write touches the traffic alone")
	}
	assert.Len(t, w.patches, 6)

	back := w.controller().Rollback(context.Background(), rollout.Back{})
	assert.Equal(t, rollout.RolledBack, back.Outcome, back.Why)
	assert.Less(t, back.Elapsed, 3*time.Second, "a rollback takes little longer than the API's delay of two seconds")
	assert.Len(t, w.patches, 7, "a rollback is one write")
}

func TestBadCandidateOnTheSandbox(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		bad     run.Behaviour
		after   time.Duration // From the deployment.
		outcome rollout.Outcome
		why     string
	}{
		"errors": {run.Behaviour{ErrorRate: 1}, 0, rollout.RolledBack,
			"2 of 2 probes before traffic failed, the last one: /: status 500"},
		"errors that begin during the rollout": {run.Behaviour{ErrorRate: 1}, 30 * time.Second, rollout.RolledBack,
			"3 probes of the candidate's URL in a row failed, the last one: /: status 500"},
		"never ready": {run.Behaviour{NeverReady: true}, 0, rollout.Failed,
			"web-green never became ready, and serves nobody: "},
		"errors that begin after the rollout": {run.Behaviour{ErrorRate: 1}, time.Hour, rollout.Released, "web-green serves everything"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, time.Second)
			begin := w.Now()
			bad := func(now time.Time) {
				if now.Sub(begin) >= test.after {
					assert.NoError(t, w.cloud.Run.SetBehaviour(green, test.bad))
				}
			}
			bad(begin)
			w.asleep = bad
			w.deploy()
			result := w.controller().Rollout(context.Background(), rollout.Request{})
			assert.Equal(t, test.outcome, result.Outcome)
			require.NotEmpty(t, result.Why)
			assert.Contains(t, result.Why[0], test.why)
			service, err := w.service().Read(context.Background())
			require.NoError(t, err)
			serving, percent := service.Largest(service.Effective)
			assert.Equal(t, 100, percent)
			assert.Equal(t, map[bool]string{true: "web-green", false: "web-blue"}[test.outcome == rollout.Released], serving)
		})
	}
}

func TestStatusOnTheSandbox(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Second)
	w.deploy()
	_ = w.Sleep(context.Background(), 2*time.Second)
	status, err := w.controller().Status(context.Background())
	require.NoError(t, err)
	assert.Equal(t, plan.State{Phase: plan.Idle, Stable: "web-blue"}, status.State)
	require.Len(t, status.Revisions, 2)
	assert.True(t, status.Revisions[0].Ready)
	assert.Equal(t, "us-docker.pkg.dev/cloudrun/container/hello@"+blue, status.Revisions[1].Image)
	assert.Contains(t, status.NoRollback, "name it with `release rollback web --to REVISION`")
}

func TestErrorMeanings(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0)
	ctx := context.Background()
	service := w.service()
	live, err := service.Read(ctx)
	require.NoError(t, err)
	pinned := plan.Pin(live, "web-blue")
	require.NoError(t, service.Shift(ctx, live.Etag, pinned))
	require.ErrorIs(t, service.Shift(ctx, live.Etag, pinned), rollout.ErrConflict, "the etag is outdated")
	_, err = service.Revision(ctx, "web-none")
	require.ErrorIs(t, err, rollout.ErrNotFound)
	require.ErrorContains(t, service.Shift(ctx, "", nil), "an empty traffic list would give everything to the newest revision")
	for code, want := range map[int]error{400: rollout.ErrInvalid, 404: rollout.ErrNotFound, 408: rollout.ErrUnavailable,
		409: rollout.ErrConflict, 412: rollout.ErrConflict, 429: rollout.ErrUnavailable, 500: rollout.ErrUnavailable,
		502: rollout.ErrUnavailable, 503: rollout.ErrUnavailable, 504: rollout.ErrUnavailable} {
		w.fault = func(*http.Request) int { return code }
		_, err := service.Read(ctx)
		require.ErrorIs(t, err, want, "%d", code)
	}
	for code, want := range map[int]string{401: " (log in with `gcloud auth application-default login`)", 418: "",
		403: " (the account needs the platform's Releaser role on the project, or roles/run.developer on the service)"} {
		w.fault = func(*http.Request) int { return code }
		_, err = service.Read(ctx)
		require.EqualError(t, err, fmt.Sprintf("read projects/procureflow-dev/locations/us-central1/services/web: %d injected%s", code, want))
	}
	w.api.Close()
	_, err = service.Read(ctx)
	require.ErrorIs(t, err, rollout.ErrUnavailable)
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	_, err = service.Read(cancelled)
	require.ErrorIs(t, err, context.Canceled)
}

func TestRollbackThroughABadAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0)
	w.deploy()
	require.Equal(t, rollout.Released, w.controller().Rollout(context.Background(), rollout.Request{}).Outcome)
	calls := map[string]int{}
	w.fault = func(r *http.Request) int {
		calls[r.Method]++
		return []int{0, 429, 503}[calls[r.Method]%3] // Of each method, every third call gets through.
	}
	result := w.controller().Rollback(context.Background(), rollout.Back{})
	assert.Equal(t, rollout.RolledBack, result.Outcome, result.Why)
}
