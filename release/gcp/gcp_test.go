package gcp

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
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
	run "google.golang.org/api/run/v2"

	"github.com/guiofsaints/procureflow-platform/release/health"
	"github.com/guiofsaints/procureflow-platform/release/plan"
	"github.com/guiofsaints/procureflow-platform/release/rollout"
)

func TestOnlyLoopbackIsCalledWithoutCredentials(t *testing.T) {
	t.Parallel()
	for endpoint, allowed := range map[string]bool{
		"http://127.0.0.1:8080/run/": true, "http://[::1]:8080/run": true,
		"https://run.googleapis.com/": false, "http://localhost:8080/": false, "http://127.0.0.1.example.com/": false,
		"http://user@127.0.0.1/": false, "127.0.0.1:8080": false, "http://10.0.0.1/": false,
	} {
		_, err := NewService(context.Background(), Endpoints{Run: endpoint}, "p", "r", "s")
		assert.Equal(t, allowed, err == nil, "%s: %v", endpoint, err)
		_, err = NewMetrics(context.Background(), Endpoints{Run: endpoint}, "p", "r", "s")
		assert.Equal(t, allowed, err == nil, "%s: %v", endpoint, err)
	}
	require.NoError(t, CheckVia("http://127.0.0.1:1"))
	require.Error(t, CheckVia("http://example.com"))
}

func TestMonitoringIsTheSiblingEndpoint(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "http://127.0.0.1:1/mon/", Endpoints{Run: "http://127.0.0.1:1/run/"}.monitoring())
	assert.Equal(t, "http://127.0.0.1:2/", Endpoints{Run: "http://127.0.0.1:1/run/", Monitoring: "http://127.0.0.1:2/"}.monitoring())
	assert.Equal(t, "", Endpoints{}.monitoring())
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	since := time.Date(2026, 11, 23, 12, 0, 10, 0, time.UTC)
	var queries []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		queries = append(queries, strings.Join([]string{r.URL.Path, query.Get("interval.startTime"), query.Get("interval.endTime"),
			query.Get("aggregation.alignmentPeriod"),
			query.Get("aggregation.perSeriesAligner"), query.Get("aggregation.crossSeriesReducer"), query.Get("aggregation.groupByFields")}, " "))
		assert.Contains(t, query.Get("filter"),
			`resource.type="cloud_run_revision" AND resource.labels.service_name="web" AND resource.labels.location="us-central1" AND resource.labels.revision_name="web-b" AND metric.type="run.googleapis.com/`)
		w.Header().Set("Content-Type", "application/json")
		if strings.Contains(query.Get("filter"), "request_latencies") {
			fmt.Fprint(w, `{"timeSeries":[{"points":[{"interval":{"endTime":"2026-11-23T12:03:10Z"},"value":{"doubleValue":412.5}}]}]}`)
			return
		}
		fmt.Fprint(w, `{"timeSeries":[
			{"metric":{"labels":{"response_code_class":"2xx"}},"points":[{"interval":{"endTime":"2026-11-23T12:02:10Z"},"value":{"int64Value":"40"}},{"interval":{"endTime":"2026-11-23T12:01:10Z"},"value":{"int64Value":"50"}}]},
			{"metric":{"labels":{"response_code_class":"5xx"}},"points":[{"interval":{"endTime":"2026-11-23T12:01:10Z"},"value":{"int64Value":"3"}}]}]}`)
	}))
	t.Cleanup(server.Close)
	now := since.Add(3*time.Minute + 40*time.Second)
	metrics, err := NewMetrics(context.Background(), Endpoints{Run: "http://127.0.0.1:1/run/", Monitoring: server.URL}, "p",
		"us-central1", "web")
	require.NoError(t, err)
	metrics.Now = func() time.Time { return now }
	got, err := metrics.Since(context.Background(), "web-b", since)
	require.NoError(t, err)
	assert.Equal(t, health.Metrics{Requests: 93, Errors: 3, P95: 412500 * time.Microsecond,
		Through: time.Date(2026, 11, 23, 12, 2, 10, 0, time.UTC)}, got)
	assert.Equal(t, []string{
		"/v3/projects/p/timeSeries 2026-11-23T12:00:10Z 2026-11-23T12:03:10Z 60s ALIGN_DELTA REDUCE_SUM metric.labels.response_code_class",
		"/v3/projects/p/timeSeries 2026-11-23T12:00:10Z 2026-11-23T12:03:10Z 180s ALIGN_DELTA REDUCE_PERCENTILE_95 ",
	}, queries)

	now = since.Add(59 * time.Second)
	got, err = metrics.Since(context.Background(), "web-b", since)
	require.NoError(t, err)
	assert.Equal(t, health.Metrics{}, got)
	assert.Len(t, queries, 2, "a window shorter than a point is not queried")
}

func TestProbe(t *testing.T) {
	t.Parallel()
	var authorized atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			authorized.Store(true)
		}
		w.Header().Set("X-Revision", "web-b")
		switch r.URL.Path {
		case "/redirect":
			http.Redirect(w, r, "/", http.StatusFound)
		case "/slow":
			<-r.Context().Done()
		case "/private":
			w.WriteHeader(http.StatusForbidden)
		case "/hang-up":
			panic(http.ErrAbortHandler)
		default:
			fmt.Fprint(w, "built from web-b; the secret body")
		}
	}))
	t.Cleanup(server.Close)
	for name, test := range map[string]struct {
		paths  []string
		marker Marker
		status int
		fault  string
	}{
		"good":   {[]string{"/"}, Marker{}, 200, ""},
		"header": {[]string{"/"}, Marker{Header: "X-Revision", Value: "{revision}"}, 200, ""},
		"body":   {[]string{"/"}, Marker{Body: "built from {revision}"}, 200, ""},
		"other header": {[]string{"/"}, Marker{Header: "X-Revision", Value: "v2"}, 200,
			`/: another version answered: header X-Revision is not "v2"`},
		"other body": {[]string{"/"}, Marker{Body: "v2"}, 200, `/: another version answered: "v2" is not in the body`},
		"redirect":   {[]string{"/redirect"}, Marker{}, 302, "/redirect: status 302"},
		"private": {[]string{"/private?token=abc"}, Marker{}, 403,
			"/private: status 403 (a private service takes an ID token, and none could be obtained: log in as a service account, or give " +
				"--probe-account)"},
		"slow":                 {[]string{"/slow"}, Marker{}, 0, "/slow: no answer in 300ms"},
		"hang up":              {[]string{"/hang-up?token=abc"}, Marker{}, 0, "/hang-up: EOF"},
		"one of several paths": {[]string{"/", "/redirect", "/private"}, Marker{}, 302, "/redirect: status 302"},
	} {
		prober := &Prober{Paths: test.paths, Timeout: 300 * time.Millisecond, Marker: test.marker, Now: time.Now}
		samples := prober.Probe(context.Background(), []rollout.Probe{{Endpoint: health.Candidate, URL: server.URL, Revision: "web-b"},
			{Endpoint: health.Main, URL: server.URL}})
		require.Len(t, samples, 2)
		assert.Equal(t, health.Candidate, samples[0].Endpoint)
		assert.Equal(t, test.status, samples[0].Status, name)
		assert.Equal(t, test.fault, samples[0].Fault, name)
		assert.Positive(t, samples[0].Latency)
		if test.status == 200 {
			assert.True(t, samples[1].Good(), "only the candidate's answers need the marker")
		}
		assert.False(t, authorized.Load(), name)
	}
}

// TestSampleCountsItsRequests checks that a sample has as many requests as paths, because Cloud Monitoring counts each path as a
// request.
func TestSampleCountsItsRequests(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			w.WriteHeader(map[string]int{"/gone": 404, "/broken": 500}[r.URL.Path])
		}
	}))
	t.Cleanup(server.Close)
	prober := &Prober{Paths: []string{"/gone", "/broken", "/", "/broken"}, Timeout: 10 * time.Second, Now: time.Now}
	sample := prober.Probe(context.Background(), []rollout.Probe{{URL: server.URL}})[0]
	assert.Equal(t, []int{404, 4, 2}, []int{sample.Status, sample.Requests, sample.Errors})
}

func TestTokensAreSentToTheServiceOnly(t *testing.T) {
	t.Parallel()
	var hosts, authorizations []string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		hosts, authorizations = append(hosts, r.Host), append(authorizations, r.Header.Get("Authorization"))
	}))
	t.Cleanup(server.Close)
	token := func(context.Context) (string, error) { return "token-1", nil }
	probe := func(prober *Prober, url string) health.Sample {
		prober.Paths, prober.Timeout, prober.Now = []string{"/"}, time.Second, time.Now
		return prober.Probe(context.Background(), []rollout.Probe{{URL: url}})[0]
	}
	assert.Equal(t, "", probe(&Prober{Via: server.URL, Token: token, Private: true}, "https://web.example.com").Fault)
	assert.Equal(t, []string{"web.example.com"}, hosts)
	assert.Equal(t, []string{"Bearer token-1"}, authorizations)
	assert.Equal(t, "/: a token is sent over https only", probe(&Prober{Token: token, Private: true}, server.URL).Fault)
	leaky := func(context.Context) (string, error) { return "", errors.New("answer: refresh_token=abc") }
	assert.Equal(t, "/: no ID token could be obtained", probe(&Prober{Via: server.URL, Token: leaky, Private: true},
		"https://web.example.com").Fault)
	assert.Equal(t, `/: "" is not a URL to probe`, probe(&Prober{}, "").Fault)
	assert.Len(t, hosts, 1)
}

// TestTokenIsSentAfterARefusal checks that a service that answers without a token is not sent one. A service that refuses gets the
// request again at once with a token, and every later request has one.
func TestTokenIsSentAfterARefusal(t *testing.T) {
	t.Parallel()
	var asked []string
	closed := map[string]bool{"/private": true}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path+" "+r.Header.Get("Authorization"))
		if closed[r.URL.Path] && r.Header.Get("Authorization") != "Bearer good" {
			w.WriteHeader(http.StatusForbidden)
		}
	}))
	t.Cleanup(server.Close)
	for name, test := range map[string]struct {
		path   string
		token  TokenSource
		faults []string
		asked  []string
	}{
		"public": {"/", func(context.Context) (string, error) { return "good", nil }, []string{"", ""}, []string{"/ ", "/ "}},
		"private": {"/private", func(context.Context) (string, error) { return "good", nil }, []string{"", ""},
			[]string{"/private ", "/private Bearer good", "/private Bearer good"}},
		"private, and the account may not": {"/private", func(context.Context) (string, error) { return "bad", nil },
			[]string{"/private: status 403 (the account needs roles/run.invoker)", "/private: status 403 (the account needs roles/run.invoker)"},
			[]string{"/private ", "/private Bearer bad", "/private Bearer bad"}},
		"private, and there is no account": {"/private", func(context.Context) (string, error) { return "", errors.New("secret") },
			[]string{"/private: status 403 (a private service takes an ID token, and none could be obtained: log in as a service account, or give " +
				"--probe-account)"}, []string{"/private "}},
	} {
		asked = nil
		prober := &Prober{Paths: []string{test.path}, Timeout: 10 * time.Second, Now: time.Now, Via: server.URL, Token: test.token}
		for i, fault := range test.faults {
			sample := prober.Probe(t.Context(), []rollout.Probe{{URL: "https://web.example.com"}})[0]
			assert.Equal(t, fault, sample.Fault, "%s, round %d", name, i)
			assert.False(t, sample.Unreachable, name)
		}
		assert.Equal(t, test.asked, asked, name)
	}
}

// TestRevisionImageIsItsMainContainers checks that the image is that of the container with a port, whatever the order of the
// containers.
func TestRevisionImageIsItsMainContainers(t *testing.T) {
	t.Parallel()
	port := []*run.GoogleCloudRunV2ContainerPort{{ContainerPort: 8080}}
	main, proxy := &run.GoogleCloudRunV2Container{Image: "main", Ports: port}, &run.GoogleCloudRunV2Container{Image: "proxy"}
	for want, containers := range map[string][][]*run.GoogleCloudRunV2Container{
		"main":  {{main}, {main, proxy}, {proxy, main}, {proxy, main, proxy}},
		"proxy": {{proxy}},
		"":      {nil},
	} {
		for _, list := range containers {
			assert.Equal(t, want, revision(&run.GoogleCloudRunV2Revision{Name: "web-a", Containers: list}).Image)
		}
	}
}

// credentials writes a file with application default credentials, and points the test's environment to it.
func credentials(t *testing.T, kind string, content map[string]string) {
	t.Helper()
	content["type"] = kind
	raw, err := json.Marshal(content)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "credentials.json")
	require.NoError(t, os.WriteFile(file, raw, 0o600))
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", file)
	t.Setenv("GOOGLE_CLOUD_PROJECT", "")
	t.Setenv("CLOUDSDK_CORE_PROJECT", "")
}

// TestProjectOfAPersonsLogin checks the short form of a command for an emergency, which names only the service and region. The
// project then comes from the person's login.
func TestProjectOfAPersonsLogin(t *testing.T) {
	login := map[string]string{"client_id": "c", "client_secret": "s", "refresh_token": "r", "quota_project_id": "procureflow-prod"}
	credentials(t, "authorized_user", login)
	project, err := Project(context.Background())
	require.NoError(t, err)
	assert.Equal(t, "procureflow-prod", project)
	delete(login, "quota_project_id")
	credentials(t, "authorized_user", login)
	_, err = Project(context.Background())
	assert.EqualError(t, err, "no project is known: give --project, or set GOOGLE_CLOUD_PROJECT")
	t.Setenv("CLOUDSDK_CORE_PROJECT", "procureflow-dev")
	project, err = Project(context.Background())
	require.NoError(t, err)
	assert.Equal(t, "procureflow-dev", project)
}

// TestExpiredLogin checks that an expired login does not count as an API that does not answer: waiting does not help, and logging in
// does.
func TestExpiredLogin(t *testing.T) {
	status := http.StatusBadRequest
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		fmt.Fprint(w, `{"error":"invalid_grant","id_token":"secret"}`)
	}))
	t.Cleanup(server.Close)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	credentials(t, "service_account", map[string]string{"project_id": "p", "client_email": "ci@p", "token_uri": server.URL,
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))})
	service, err := NewService(context.Background(), Endpoints{}, "p", "us-central1", "web")
	require.NoError(t, err)
	_, err = service.Read(context.Background())
	assert.EqualError(t, err, "read projects/p/locations/us-central1/services/web: auth: cannot fetch token: 400 (log in with `gcloud "+
		"auth application-default login`; "+
		"a workflow logs in again in a new run)")
	assert.NotErrorIs(t, err, rollout.ErrUnavailable)
	status = http.StatusServiceUnavailable
	_, err = service.Read(context.Background())
	assert.ErrorIs(t, err, rollout.ErrUnavailable, "a failure of the token server may pass")
	assert.NotContains(t, err.Error(), "secret")
}

// TestForbiddenNamesTheRole checks that a refusal names the missing role, which differs between the two APIs.
func TestForbiddenNamesTheRole(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, `{"error":{"code":403,"message":"Permission denied."}}`)
	}))
	t.Cleanup(server.Close)
	service, err := NewService(context.Background(), Endpoints{Run: server.URL}, "p", "us-central1", "web")
	require.NoError(t, err)
	_, err = service.Read(context.Background())
	assert.EqualError(t, err, "read projects/p/locations/us-central1/services/web: 403 Permission denied. (the account needs the "+
		"platform's Releaser role on the project, or roles/run.developer on the service)")
	metrics, err := NewMetrics(context.Background(), Endpoints{Monitoring: server.URL}, "p", "us-central1", "web")
	require.NoError(t, err)
	_, err = metrics.Since(context.Background(), "web-b", time.Now().Add(-time.Hour))
	assert.EqualError(t, err, "read the request count of web-b: 403 Permission denied. (the account needs roles/monitoring.viewer on "+
		"the project)")
}

// TestCallsTimeOut checks that a connection that hangs ends each call after its time limit.
func TestCallsTimeOut(t *testing.T) {
	t.Parallel()
	var deadlines []bool
	service, err := NewService(context.Background(), Endpoints{Run: "http://127.0.0.1:1/run/",
		Transport: transport(func(r *http.Request) (*http.Response, error) {
			_, bounded := r.Context().Deadline()
			deadlines = append(deadlines, bounded)
			return nil, errors.New("down")
		})}, "p", "us-central1", "web")
	require.NoError(t, err)
	_, err = service.Read(context.Background())
	require.Error(t, err)
	_, err = service.Revision(context.Background(), "web-a")
	require.Error(t, err)
	_, err = service.Revisions(context.Background())
	require.Error(t, err)
	require.Error(t, service.Shift(context.Background(), "1", []plan.Target{{Revision: "web-a", Percent: 100}}))
	assert.Equal(t, []bool{true, true, true, true}, deadlines)
}

type transport func(*http.Request) (*http.Response, error)

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }

// TestUnreachableProbes tells two kinds of failed probes apart. A probe that reached no server says nothing about the candidate; one
// that reached a server and got no answer does.
func TestUnreachableProbes(t *testing.T) {
	t.Parallel()
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(silent.Close)
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	strange := httptest.NewTLSServer(http.NotFoundHandler()) // Nobody trusts its certificate, as behind the login page of a hotel's network.
	t.Cleanup(strange.Close)
	cut := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	t.Cleanup(cut.Close)
	failing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }))
	t.Cleanup(failing.Close)
	noToken := func(context.Context) (string, error) { return "", errors.New("the metadata server does not answer") }
	for name, test := range map[string]struct {
		url         string
		token       func(context.Context) (string, error)
		unreachable bool
	}{
		"nobody listens":           {closed.URL, nil, true},
		"no such name":             {"http://candidate---web.invalid", nil, true},
		"an untrusted certificate": {strange.URL, nil, true},
		"no token to send":         {"https://web.invalid", noToken, true},
		"no answer":                {silent.URL, nil, false},
		"the answer is cut off":    {cut.URL, nil, false},
		"an error as the answer":   {failing.URL, nil, false},
		"no URL":                   {"", nil, false},
	} {
		prober := &Prober{Paths: []string{"/", "/other"}, Timeout: 500 * time.Millisecond, Token: test.token, Now: time.Now}
		samples := prober.Probe(context.Background(), []rollout.Probe{{Endpoint: health.Candidate, URL: test.url}})
		assert.False(t, samples[0].Good(), name)
		assert.Equal(t, test.unreachable, samples[0].Unreachable, "%s: %s", name, samples[0].Fault)
	}
}

// TestSilenceOnAnOldConnection checks that a round in which nothing answered is followed by one with new connections. An old
// connection does not show whether the network or the server is silent.
func TestSilenceOnAnOldConnection(t *testing.T) {
	t.Parallel()
	var silent atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if silent.Load() {
			<-r.Context().Done()
		}
	}))
	t.Cleanup(server.Close)
	prober := &Prober{Paths: []string{"/"}, Timeout: 300 * time.Millisecond, Now: time.Now}
	probes := []rollout.Probe{{Endpoint: health.Candidate, URL: server.URL}}
	require.True(t, prober.Probe(context.Background(), probes)[0].Good())
	silent.Store(true)
	assert.True(t, prober.Probe(context.Background(), probes)[0].Unreachable, "the old connection leaves it open")
	assert.False(t, prober.Probe(context.Background(), probes)[0].Unreachable, "the new connection shows that the server is silent")
}
