package rollout_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"time"

	"github.com/guiofsaints/procureflow-platform/emulator/cloud"
	"github.com/guiofsaints/procureflow-platform/emulator/dataplane"
	"github.com/guiofsaints/procureflow-platform/emulator/faults"
	"github.com/guiofsaints/procureflow-platform/emulator/google/run"
	"github.com/guiofsaints/procureflow-platform/emulator/store"
	"github.com/guiofsaints/procureflow-platform/release/gcp"
	"github.com/guiofsaints/procureflow-platform/release/health"
	"github.com/guiofsaints/procureflow-platform/release/plan"
	"github.com/guiofsaints/procureflow-platform/release/rollout"
)

// api is the whole emulated cloud: its API behind the official client, its faults, and its data plane. Requests are function calls
// in the caller's goroutine, so that a seed decides everything.
type api struct {
	now       time.Duration
	delay     time.Duration
	cloud     *cloud.Cloud
	plane     http.Handler
	injector  *faults.Injector
	client    *gcp.Service
	revisions map[string]revision
	behaves   map[string]run.Behaviour // What the cloud was told about each container.
	point     float64
	slept     time.Duration

	seen   plan.Service
	seenAt time.Duration
	stale  bool            // The service was written, or may have been, since then.
	due    []time.Duration // The times at which the service changes by itself.
	failed error
}

const (
	project  = "procureflow-dev"
	services = "/run/v2/projects/" + project + "/locations/us-central1/services"
)

func newAPI(delay time.Duration, traffic ...plan.Target) *api {
	w := &api{now: -time.Hour, delay: delay, injector: faults.New(faults.Options{}), revisions: map[string]revision{},
		behaves: map[string]run.Behaviour{}}
	documents, err := store.Memory()
	w.must(err)
	w.cloud, err = cloud.New(documents, cloud.Options{Now: w.time, Rand: rand.NewChaCha8([32]byte{}), OperationDelay: delay,
		Intercept: w.injector.Intercept})
	w.must(err)
	w.plane = dataplane.New(w.cloud, dataplane.Options{Now: w.time, Float64: func() float64 { return w.point },
		Sleep: func(_ context.Context, d time.Duration) error {
			w.slept += d
			return nil
		}}).ForService(project, "us-central1", "web")
	w.client, err = gcp.NewService(context.Background(), gcp.Endpoints{Run: "http://127.0.0.1/run/", Transport: w}, project,
		"us-central1", "web")
	w.must(err)
	w.must(w.cloud.EnsureProject(cloud.Project{ID: project, Number: "42", BillingAccount: "A"}))
	w.call("POST", "/su/v1/projects/"+project+"/services/run.googleapis.com:enable", `{}`)
	w.revisions["web-a"] = revision{}
	w.call("POST", services+"?serviceId=web", w.body("web-a", traffic))
	w.now, w.stale = 0, true
	return w
}

func (w *api) time() time.Time { return epoch.Add(w.now) }

// must remembers an error that cannot happen; the simulation then fails with it.
func (w *api) must(err error) {
	if w.failed == nil && err != nil {
		w.failed = err
	}
}

func (w *api) call(method, path, body string) {
	recorder := httptest.NewRecorder()
	w.cloud.ServeHTTP(recorder, httptest.NewRequest(method, path, strings.NewReader(body)))
	if recorder.Code != http.StatusOK {
		w.must(fmt.Errorf("%s %s: %s", method, path, recorder.Body))
	}
}

// RoundTrip is the network between the official client and the API.
func (w *api) RoundTrip(request *http.Request) (response *http.Response, err error) {
	defer func() {
		if caught := recover(); caught == http.ErrAbortHandler {
			response, err = nil, errors.New("connection reset by peer")
		} else if caught != nil {
			panic(caught)
		}
	}()
	if request.Body == nil {
		request.Body = http.NoBody
	}
	recorder := httptest.NewRecorder()
	w.cloud.ServeHTTP(recorder, request)
	return recorder.Result(), nil
}

// body returns the service as Pulumi writes it: whole, with the traffic that Pulumi read.
func (w *api) body(name string, traffic []plan.Target) string {
	var targets []string
	for _, target := range toRun(traffic) {
		targets = append(targets, fmt.Sprintf(`{"type":%q,"revision":%q,"percent":%d,"tag":%q}`, target.Type, target.Revision,
			target.Percent, target.Tag))
	}
	return fmt.Sprintf(`{"invokerIamDisabled":true,"template":{"revision":%q,"containers":[{"image":"us-docker.pkg.dev/cloudrun/container/hello@%s"}]},"traffic":[%s]}`,
		name, digest(name), strings.Join(targets, ","))
}

func digest(name string) string { return "sha256:" + strings.Repeat(name[len(name)-1:], 64) }

func (w *api) pass(to time.Duration) { w.now = max(w.now, to) }

// live asks the API only if the service may have changed, because in most rounds it has not.
func (w *api) live() plan.Service {
	if w.stale || slices.ContainsFunc(w.due, func(at time.Duration) bool { return w.seenAt < at && at <= w.now }) {
		service, err := w.client.Read(context.Background())
		w.must(err)
		w.seen, w.seenAt, w.stale = service, w.now, false
	}
	return w.seen
}

func (w *api) ready(name string) bool {
	service, err := w.cloud.Run.Service("projects/" + project + "/locations/us-central1/services/web")
	w.must(err)
	_, ready := service.Revisions[name]
	return ready
}

// wrote records a write that may have been done, and the times at which its effects come.
func (w *api) wrote(effects ...time.Duration) {
	w.stale = true
	for _, after := range effects {
		w.due = append(w.due, w.now+after)
	}
}

func (w *api) deploy(name string, r revision) {
	w.revisions[name] = r
	w.behave()
	w.call("PATCH", services+"/web", w.body(name, w.live().Desired))
	w.wrote(w.delay, w.delay+r.startup)
}

func (w *api) ask(name string) {
	w.call("PATCH", services+"/web", w.body(name, w.live().Desired))
	w.wrote(w.delay)
}

// behave tells the cloud how the containers behave at this moment.
func (w *api) behave() {
	for name, r := range w.revisions {
		wanted := run.Behaviour{Startup: r.startup, NeverReady: r.failed}
		if r.bad(w.now) {
			wanted.ErrorRate = 1
		}
		if r.slow {
			wanted.Latency = slow - fast
		}
		if w.behaves[name] != wanted {
			w.must(w.cloud.Run.SetBehaviour(digest(name), wanted))
			w.behaves[name] = wanted
		}
	}
}

// struck makes a request that the faults strike.
func (w *api) struck(strikes []faults.Fault, request func(context.Context) error) error {
	for i, strike := range strikes {
		strike.Next = 1
		w.must(w.injector.Set(fmt.Sprint("fault-", i), strike))
	}
	defer w.injector.ClearAll()
	w.stale = w.stale || len(strikes) > 0
	return request(context.Background())
}

func (w *api) read(strikes ...faults.Fault) (service plan.Service, err error) {
	if len(strikes) == 0 {
		return w.live(), nil
	}
	err = w.struck(strikes, func(ctx context.Context) error {
		service, err = w.client.Read(ctx)
		return err
	})
	return service, err
}

func (w *api) shift(etag string, traffic []plan.Target, strikes ...faults.Fault) error {
	defer w.wrote(w.delay)
	return w.struck(strikes, func(ctx context.Context) error { return w.client.Shift(ctx, etag, traffic) })
}

func (w *api) revision(name string, strikes ...faults.Fault) (answer plan.Revision, err error) {
	err = w.struck(strikes, func(ctx context.Context) error {
		answer, err = w.client.Revision(ctx, name)
		return err
	})
	return answer, err
}

func (w *api) answer(probe rollout.Probe, point float64) health.Sample {
	w.behave()
	w.point, w.slept = point/100, 0
	recorder := httptest.NewRecorder()
	w.plane.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, probe.URL+"/api/health", nil))
	sample := health.Sample{Endpoint: probe.Endpoint, At: w.time(), Status: recorder.Code, Latency: fast + w.slept}
	if sample.Status != 200 {
		sample.Fault = fmt.Sprintf("status %d", sample.Status)
	}
	if marked := recorder.Header().Get(dataplane.RevisionHeader); sample.Status == 200 && probe.Revision != "" && marked != probe.Revision {
		sample.Fault = "another version answered"
	}
	return sample
}
