package gcp

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
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
}

// TestTokenOfThisMachinesAPIs checks that the token in the file goes with each request, without the file's line end.
func TestTokenOfThisMachinesAPIs(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(file, []byte("of-the-folder\n"), 0o600))
	var sent []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent = append(sent, r.URL.Path+" "+r.Header.Get("Authorization"))
		w.WriteHeader(http.StatusNotFound)
	}))
	t.Cleanup(server.Close)
	service, err := NewService(t.Context(), Endpoints{Run: server.URL + "/run/", TokenFile: file}, "p", "r", "s")
	require.NoError(t, err)
	_, err = service.Read(t.Context())
	assert.ErrorIs(t, err, rollout.ErrNotFound)
	assert.Equal(t, []string{"/run/v2/projects/p/locations/r/services/s Bearer of-the-folder",
		"/v1/projects/p/locations/-/services Bearer of-the-folder", "/crm/v1/projects Bearer of-the-folder"}, sent)
	_, err = NewService(t.Context(), Endpoints{Run: server.URL + "/run/", TokenFile: file + "s"}, "p", "r", "s")
	assert.ErrorContains(t, err, "read the token for "+server.URL+"/run/: open ")
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

	now = since.Add(time.Minute)
	_, err = metrics.Since(context.Background(), "web-b", since)
	require.NoError(t, err)
	assert.Len(t, queries, 4, "a window of one point is queried")

	now = since.Add(59 * time.Second)
	got, err = metrics.Since(context.Background(), "web-b", since)
	require.NoError(t, err)
	assert.Equal(t, health.Metrics{}, got)
	assert.Len(t, queries, 4, "a window shorter than a point is not queried")
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
	assert.EqualError(t, err, "no project is known: give --project, or set GOOGLE_CLOUD_PROJECT, as `sandbox env STACK` does")
	_, err = IDTokens(t.Context(), Endpoints{}, "", "https://web.example.com")
	assert.ErrorContains(t, err, "ID token for https://web.example.com: idtoken: ")
	assert.ErrorContains(t, err, " (it takes the credentials of a service account, as the deploy workflow has, or --probe-account ")
	t.Setenv("CLOUDSDK_CORE_PROJECT", "procureflow-dev")
	project, err = Project(context.Background())
	require.NoError(t, err)
	assert.Equal(t, "procureflow-dev", project)
}

// TestExpiredLogin checks that an expired login does not count as an API that does not answer: waiting does not help, and logging in
// does. No error has the answer to the login in it.
func TestExpiredLogin(t *testing.T) {
	// The token has the form of one that ended in 1970, so that it is asked for again each time.
	token := "e30." + base64.RawURLEncoding.EncodeToString([]byte(`{"exp":1}`)) + ".secret"
	status := http.StatusBadRequest
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"error":"invalid_grant","id_token":%q}`, token)
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

	// The credentials' own ID tokens come from another package of Google's, whose errors have the whole answer in them.
	_, err = IDTokens(t.Context(), Endpoints{}, "", "https://web.example.com")
	assert.EqualError(t, err, "ID token for https://web.example.com: oauth2: cannot fetch token: 503 Service Unavailable (it takes the "+
		"credentials of a service account, as the deploy workflow has, or --probe-account and the right to make that account's tokens)")
	status = http.StatusOK
	source, err := IDTokens(t.Context(), Endpoints{}, "", "https://web.example.com")
	require.NoError(t, err)
	got, err := source(t.Context())
	require.NoError(t, err)
	assert.Equal(t, token, got)
	status = http.StatusServiceUnavailable
	_, err = source(t.Context())
	assert.EqualError(t, err, "oauth2: cannot fetch token: 503 Service Unavailable")

	project, err := Project(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "p", project, "the credentials of a service account name its project")
}

// TestTokensOfAnAccount checks that the API next to Cloud Run's makes the tokens of an account, that a token is kept, and that a
// refusal says what it takes.
func TestTokensOfAnAccount(t *testing.T) {
	t.Parallel()
	const account = "probes@procureflow-dev.iam.gserviceaccount.com"
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body struct {
			Audience     string
			IncludeEmail bool
		}
		assert.NoError(t, json.NewDecoder(r.Body).Decode(&body))
		asked = append(asked, fmt.Sprint(r.URL.Path, " ", body.Audience, " ", body.IncludeEmail))
		w.Header().Set("Content-Type", "application/json")
		if !strings.Contains(r.URL.Path, account) {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `{"error":{"code":403,"message":"Permission denied."}}`)
			return
		}
		fmt.Fprint(w, `{"token":"a.b.c"}`)
	}))
	t.Cleanup(server.Close)
	endpoints := Endpoints{Run: server.URL + "/run/"}
	source, err := IDTokens(t.Context(), endpoints, account, "https://web.example.com")
	require.NoError(t, err)
	for range 2 {
		token, err := source(t.Context())
		require.NoError(t, err)
		assert.Equal(t, "a.b.c", token)
	}
	assert.Equal(t, []string{"/cred/v1/projects/-/serviceAccounts/" + account + ":generateIdToken https://web.example.com true"}, asked)

	_, err = IDTokens(t.Context(), endpoints, "other@procureflow-dev.iam.gserviceaccount.com", "https://web.example.com")
	assert.EqualError(t, err, "ID token for https://web.example.com: 403 Permission denied. (it takes the credentials of a service account, "+
		"as the deploy workflow has, or --probe-account and the right to make that account's tokens)")
	_, err = IDTokens(t.Context(), Endpoints{Run: "https://run.example.com/run/"}, account, "https://web.example.com")
	assert.ErrorContains(t, err, "endpoint https://run.example.com/cred/ is not on this machine")
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
