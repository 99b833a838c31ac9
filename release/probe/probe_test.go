package probe

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/release/health"
	"github.com/guiofsaints/procureflow-platform/release/rollout"
)

// TestCheckVia checks that requests go around the network only to a literal address of this machine.
func TestCheckVia(t *testing.T) {
	t.Parallel()
	for via, allowed := range map[string]bool{
		"http://127.0.0.1:1": true, "http://127.1.2.3:8081/": true, "http://[::1]:8081": true,
		"http://example.com": false, "http://localhost:8081": false, "http://10.0.0.1": false, "http://127.0.0.1.example.com": false,
		"http://user@127.0.0.1": false, "127.0.0.1:8081": false, "http://%zz": false, "": false,
	} {
		err := CheckVia(via)
		if allowed {
			assert.NoError(t, err, via)
			continue
		}
		assert.EqualError(t, err, fmt.Sprintf("probes cannot go via %q: use a loopback address such as http://127.0.0.1:8081", via))
	}
}

func TestProbe(t *testing.T) {
	t.Parallel()
	var authorized atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			authorized.Store(true)
		}
		w.Header().Set("X-Revision", "web-b")
		begin := func() {
			w.Header().Set("Content-Length", "99")
			w.WriteHeader(http.StatusOK)
			w.(http.Flusher).Flush()
		}
		switch r.URL.Path {
		case "/redirect":
			http.Redirect(w, r, "/", http.StatusFound)
		case "/slow":
			<-r.Context().Done()
		case "/private":
			w.WriteHeader(http.StatusForbidden)
		case "/hang-up":
			panic(http.ErrAbortHandler)
		case "/cut":
			begin()
			panic(http.ErrAbortHandler)
		case "/stalls":
			begin()
			<-r.Context().Done()
		case "/hidden":
			http.NotFound(w, r)
		case "/created":
			w.WriteHeader(http.StatusCreated)
		case "/last":
			w.WriteHeader(299)
		case "/choices":
			w.WriteHeader(http.StatusMultipleChoices)
		case "/long":
			fmt.Fprint(w, strings.Repeat("x", maxMarkerBody-4), "near far")
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
		"slow":    {[]string{"/slow"}, Marker{}, 0, "/slow: no answer in 300ms"},
		"stalls":  {[]string{"/stalls"}, Marker{}, 200, "/stalls: no whole answer in 300ms"},
		"hang up": {[]string{"/hang-up?token=abc"}, Marker{}, 0, "/hang-up: EOF"},
		"cut off": {[]string{"/cut?token=abc"}, Marker{}, 200, "/cut: the answer broke off: unexpected EOF"},
		"hidden":  {[]string{"/hidden"}, Marker{}, 404, "/hidden: status 404 (internal ingress hides a service's URLs)"},
		"created": {[]string{"/created"}, Marker{}, 201, ""},
		"last":    {[]string{"/last"}, Marker{}, 299, ""},
		"choices": {[]string{"/choices"}, Marker{}, 300, "/choices: status 300"},
		"no header of the name": {[]string{"/"}, Marker{Header: "X-Other", Value: "{revision}"}, 200,
			`/: another version answered: header X-Other is not "web-b"`},
		"the marker within what is read": {[]string{"/long"}, Marker{Body: "near"}, 200, ""},
		"the marker after what is read": {[]string{"/long"}, Marker{Body: "far"}, 200,
			`/long: another version answered: "far" is not in the body`},
		"one of several paths": {[]string{"/", "/redirect", "/private"}, Marker{}, 302, "/redirect: status 302"},
	} {
		timeout := 10 * time.Second
		if strings.HasSuffix(test.fault, "300ms") {
			timeout = 300 * time.Millisecond
		}
		prober := &Prober{Paths: test.paths, Timeout: timeout, Marker: test.marker, Now: time.Now}
		samples := prober.Probe(context.Background(), []rollout.Probe{{Endpoint: health.Candidate, URL: server.URL, Revision: "web-b"},
			{Endpoint: health.Main, URL: server.URL}})
		require.Len(t, samples, 2)
		assert.Equal(t, health.Candidate, samples[0].Endpoint)
		assert.Equal(t, test.status, samples[0].Status, name)
		assert.Equal(t, test.fault, samples[0].Fault, name)
		assert.Positive(t, samples[0].Latency)
		if test.status == 200 && test.paths[0] == "/" {
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
		prober.Paths, prober.Timeout, prober.Now = []string{"/"}, 10*time.Second, time.Now
		return prober.Probe(context.Background(), []rollout.Probe{{URL: url}})[0]
	}
	assert.Equal(t, "", probe(&Prober{Via: server.URL, Token: token, Private: true}, "https://web.example.com").Fault)
	assert.Equal(t, []string{"web.example.com"}, hosts)
	assert.Equal(t, []string{"Bearer token-1"}, authorizations)
	plain := probe(&Prober{Token: token, Private: true}, server.URL)
	assert.Equal(t, "/: a token is sent over https only: use the address that begins with https://", plain.Fault)
	assert.False(t, plain.Unreachable)
	leaky := func(context.Context) (string, error) { return "", errors.New("answer: refresh_token=abc") }
	unsent := probe(&Prober{Via: server.URL, Token: leaky, Private: true}, "https://web.example.com")
	assert.Equal(t, "/: no ID token could be obtained", unsent.Fault)
	assert.True(t, unsent.Unreachable, "nothing is known about the candidate")
	assert.Equal(t, `/: "" is not a URL to probe: use one such as https://SERVICE.run.app`, probe(&Prober{}, "").Fault)
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

// TestWorst checks what a sample keeps of the answers of its paths.
func TestWorst(t *testing.T) {
	t.Parallel()
	ok := health.Sample{Endpoint: health.Main, Latency: 2, Status: 200}
	slow := health.Sample{Endpoint: health.Main, Latency: 9, Status: 200}
	gone := health.Sample{Endpoint: health.Main, Latency: 1, Status: 404, Fault: "gone"}
	broken := health.Sample{Endpoint: health.Main, Latency: 3, Status: 500, Fault: "broken"}
	dark := health.Sample{Endpoint: health.Main, Latency: 4, Fault: "dark", Unreachable: true}
	for name, test := range map[string]struct {
		answers []health.Sample
		want    health.Sample
	}{
		"one path": {[]health.Sample{ok}, ok},
		"one path, broken": {[]health.Sample{broken}, health.Sample{Endpoint: health.Main, Latency: 3, Status: 500, Fault: "broken",
			Errors: 1}},
		"the longest latency": {[]health.Sample{ok, slow}, health.Sample{Endpoint: health.Main, Latency: 9, Status: 200, Requests: 2}},
		"the first fault": {[]health.Sample{ok, gone, broken}, health.Sample{Endpoint: health.Main, Latency: 3, Status: 404, Fault: "gone",
			Requests: 3, Errors: 1}},
		"all unreachable": {[]health.Sample{dark, dark}, health.Sample{Endpoint: health.Main, Latency: 4, Fault: "dark", Unreachable: true,
			Requests: 2}},
		"one was reached": {[]health.Sample{dark, ok}, health.Sample{Endpoint: health.Main, Latency: 4, Fault: "dark", Requests: 2}},
	} {
		assert.Equal(t, test.want, worst(test.answers), name)
	}
}

// TestLatencyIsThatOfTheAnswer checks that the refusal of a request without a token is not counted in the latency.
func TestLatencyIsThatOfTheAnswer(t *testing.T) {
	t.Parallel()
	var agent string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if agent = r.UserAgent(); r.Header.Get("Authorization") == "" {
			w.WriteHeader(http.StatusForbidden)
		}
	}))
	t.Cleanup(server.Close)
	begin := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	seconds := 0
	prober := &Prober{Paths: []string{"/"}, Timeout: 10 * time.Second, Via: server.URL,
		Token: func(context.Context) (string, error) { return "token", nil },
		Now:   func() time.Time { seconds++; return begin.Add(time.Duration(seconds) * time.Second) }}
	sample := prober.Probe(t.Context(), []rollout.Probe{{URL: "https://web.example.com"}})[0]
	assert.Equal(t, health.Sample{At: begin.Add(2 * time.Second), Latency: time.Second, Status: 200}, sample)
	assert.Equal(t, "procureflow-release-probe", agent)
}

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
		prober := &Prober{Paths: []string{"/", "/other"}, Timeout: time.Second, Token: test.token, Now: time.Now}
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
	prober := &Prober{Paths: []string{"/", "/other"}, Timeout: 10 * time.Second, Now: time.Now}
	probes := []rollout.Probe{{Endpoint: health.Candidate, URL: server.URL}}
	require.True(t, prober.Probe(context.Background(), probes)[0].Good())
	silent.Store(true)
	prober.Paths, prober.Timeout = prober.Paths[:1], time.Second // One of the two connections stays idle.
	assert.True(t, prober.Probe(context.Background(), probes)[0].Unreachable, "the old connection leaves it open")
	assert.False(t, prober.Probe(context.Background(), probes)[0].Unreachable, "the new connection shows that the server is silent")
}
