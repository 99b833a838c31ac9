package notify

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const secret = "s3cr3t-in-the-address"

var message = Message{Event: RolledBack, Command: "rollout", At: time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC), Environment: "prod",
	Project: "shop-prod",
	Region:  "us-central1", Service: "web", Revision: "web-b", Digest: "sha256:b", Commit: strings.Repeat("c", 40), Who: "ann <x>",
	ApprovedBy: []string{"bob"},
	Reasons:    []string{"3 probes failed & more"}, Link: "https://ci.example/runs/7"}

// listener is a sink that keeps the messages that it gets.
type listener struct {
	*httptest.Server
	mutex  sync.Mutex
	got    []string
	answer func(http.ResponseWriter, *http.Request, int)
}

func listen(t *testing.T, answer func(w http.ResponseWriter, r *http.Request, attempt int)) *listener {
	t.Helper()
	l := &listener{answer: answer}
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		l.mutex.Lock()
		l.got = append(l.got, fmt.Sprintf("%s %s %s %s", r.Method, r.URL, r.Header.Get("Authorization"), body))
		attempt := len(l.got)
		l.mutex.Unlock()
		if l.answer != nil {
			l.answer(w, r, attempt)
		}
	}))
	t.Cleanup(l.Close)
	return l
}

// seen returns the messages so far.
func (l *listener) seen() []string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return slices.Clone(l.got)
}

func environment(of map[string]string) func(string) string {
	return func(name string) string { return of[name] }
}

// tell sends messages to the sinks, with a short time limit.
func tell(sinks []Sink, of map[string]string, limit time.Duration, messages ...Message) []error {
	n := start(sinks, environment(of), limit, time.Millisecond)
	for _, one := range messages {
		n.Tell(one)
	}
	return n.Wait(limit)
}

func TestMessagesOfSinks(t *testing.T) {
	t.Parallel()
	l := listen(t, nil)
	of := map[string]string{"HOOK": l.URL + "/" + secret, "TOKEN": "bearer-token"}
	assert.Empty(t, tell([]Sink{{Kind: Slack, Secret: "HOOK"}}, of, time.Minute, message))
	want := "*rollout of web in prod: rolled-back*\nrevision: web-b\ndigest: sha256:b\ncommit: " + message.Commit +
		"\nby: ann &lt;x&gt;\napproved by: bob\nproject: shop-prod, us-central1\n• 3 probes failed &amp; " +
		"more\n<https://ci.example/runs/7|what happened>\n"
	var text struct{ Text string }
	head, body, _ := strings.Cut(l.seen()[0], " {")
	assert.Equal(t, "POST /"+secret+" ", head)
	require.NoError(t, json.Unmarshal([]byte("{"+body), &text))
	assert.Equal(t, want, text.Text)

	assert.Empty(t, tell([]Sink{{Kind: Webhook, Secret: "HOOK", Token: "TOKEN"}}, of, time.Minute, message))
	assert.Equal(t, "POST /"+secret+` Bearer bearer-token {"version":1,"event":"rolled-back","command":"rollout","at":"2026-11-27T12:00:00Z",`+
		`"environment":"prod","project":"shop-prod","region":"us-central1","service":"web","revision":"web-b","digest":"sha256:b","commit":"`+
		message.Commit+`","who":"ann \u003cx\u003e","approvedBy":["bob"],`+
		`"reasons":["3 probes failed \u0026 more"],"link":"https://ci.example/runs/7"}`, l.seen()[1])
}

func TestPagerDuty(t *testing.T) {
	t.Parallel()
	l := listen(t, func(w http.ResponseWriter, _ *http.Request, _ int) { w.WriteHeader(http.StatusAccepted) })
	sink := Sink{Kind: PagerDuty, Secret: "KEY", Address: l.URL}
	sent := []Message{{Event: Started}, {Event: Held}, message, {Event: Unconfirmed, Environment: "prod", Service: "web"}, {Event: Released,
		Environment: "prod", Project: "shop-prod", Region: "us-central1", Service: "web"}}
	assert.Empty(t, tell([]Sink{sink}, map[string]string{"KEY": secret}, time.Minute, sent...))
	require.Len(t, l.seen(), 3, "a release that starts or is held pages nobody")
	var event struct {
		RoutingKey  string `json:"routing_key"`
		EventAction string `json:"event_action"`
		DedupKey    string `json:"dedup_key"`
		Payload     struct{ Summary, Severity string }
		Links       []map[string]string
	}
	var seen []string
	for _, got := range l.seen() {
		require.NoError(t, json.Unmarshal([]byte(got[strings.Index(got, "{"):]), &event))
		assert.Equal(t, secret, event.RoutingKey)
		seen = append(seen, event.EventAction+" "+event.Payload.Severity+" "+event.DedupKey)
	}
	assert.Equal(t, []string{"trigger error release/prod/shop-prod/us-central1/web", "trigger critical release/prod///web",
		"resolve info release/prod/shop-prod/us-central1/web"}, seen)
	assert.Equal(t, []map[string]string{{"href": "https://ci.example/runs/7", "text": "what happened"}}, event.Links,
		"the last message that has a link")
	assert.Equal(t, "rollout of web in prod: rolled-back; 3 probes failed & more", func() string {
		require.NoError(t, json.Unmarshal([]byte(l.seen()[0][strings.Index(l.seen()[0], "{"):]), &event))
		return event.Payload.Summary
	}())
}

func TestGitHubDeployment(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		known string
		want  []string
	}{
		"the job's own deployment": {known: `[{"id": 7}]`, want: []string{"GET /repos/acme/shop/deployments?",
			"POST /repos/acme/shop/deployments/7/statuses "}},
		"no deployment yet": {known: `[]`, want: []string{"GET /repos/acme/shop/deployments?", "POST /repos/acme/shop/deployments ",
			"POST /repos/acme/shop/deployments/8/statuses "}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := listen(t, func(w http.ResponseWriter, r *http.Request, _ int) {
				if r.Method == http.MethodGet {
					_, _ = io.WriteString(w, test.known)
					return
				}
				w.WriteHeader(http.StatusCreated)
				_, _ = io.WriteString(w, `{"id": 8}`)
			})
			of := map[string]string{"GITHUB_TOKEN": secret, "GITHUB_REPOSITORY": "acme/shop", "GITHUB_API_URL": l.URL}
			assert.Empty(t, tell([]Sink{{Kind: GitHubDeployment}}, of, time.Minute, message))
			require.Len(t, l.seen(), len(test.want))
			for i, want := range test.want {
				assert.True(t, strings.HasPrefix(l.seen()[i], want), l.seen()[i])
				assert.Contains(t, l.seen()[i], " Bearer "+secret)
			}
			last := l.seen()[len(l.seen())-1]
			assert.Contains(t, last, `"state":"failure"`)
			assert.Contains(t, last, `"log_url":"https://ci.example/runs/7"`)
		})
	}
	of := map[string]string{"GITHUB_TOKEN": secret}
	errs := tell([]Sink{{Kind: GitHubDeployment}}, of, time.Minute, message)
	assert.EqualError(t, errors.Join(errs...), "notify[0], github-deployment by GITHUB_TOKEN: GITHUB_REPOSITORY is not set: this sink is "+
		"for workflows")
	of["GITHUB_REPOSITORY"] = "acme/shop"
	errs = tell([]Sink{{Kind: GitHubDeployment}}, of, time.Minute, Message{Event: Failed})
	assert.EqualError(t, errors.Join(errs...), "notify[0], github-deployment by GITHUB_TOKEN: the commit is not known: give --commit")
	for event, state := range map[string]string{Started: "in_progress", Released: "success", Held: "pending", RolledBack: "failure",
		Failed:      "failure",
		Unconfirmed: "failure", Refused: "error", Superseded: "error", Interrupted: "error"} {
		assert.Equal(t, state, githubState(event), event)
	}
}

// TestSinksThatMisbehave checks that each faulty sink costs its own time limit and a warning, and that no error repeats the secret.
func TestSinksThatMisbehave(t *testing.T) {
	t.Parallel()
	elsewhere := listen(t, nil)
	for name, test := range map[string]struct {
		answer   func(http.ResponseWriter, *http.Request, int)
		limit    time.Duration
		attempts int
		want     string
	}{
		"it hangs": {limit: 2 * time.Second, attempts: 1, want: "given up: it did not answer in time",
			answer: func(_ http.ResponseWriter, r *http.Request, _ int) { <-r.Context().Done() }},
		"it refuses": {attempts: 1, want: "it answered 403: look at the variable's value, which may be old",
			answer: func(w http.ResponseWriter, _ *http.Request, _ int) { w.WriteHeader(http.StatusForbidden) }},
		"it is overloaded": {attempts: 3, want: "given up after 3 attempts: it answered 503",
			answer: func(w http.ResponseWriter, _ *http.Request, _ int) { w.WriteHeader(http.StatusServiceUnavailable) }},
		"it is overloaded for a moment": {attempts: 2, answer: func(w http.ResponseWriter, _ *http.Request, attempt int) {
			if attempt == 1 {
				w.WriteHeader(http.StatusTooManyRequests)
			}
		}},
		"it asks to wait for longer than the limit": {limit: time.Minute, attempts: 1, want: "given up: it answered 429",
			answer: func(w http.ResponseWriter, _ *http.Request, _ int) {
				w.Header().Set("Retry-After", "3600")
				w.WriteHeader(http.StatusTooManyRequests)
			}},
		"it answers 300": {attempts: 1, want: "it answered 300, a redirect, which is not followed: set the variable to " +
			"the address that it leads to",
			answer: func(w http.ResponseWriter, _ *http.Request, _ int) { w.WriteHeader(http.StatusMultipleChoices) }},
		"it answers 400": {attempts: 1, want: "it answered 400: look at the variable's value, which may be old",
			answer: func(w http.ResponseWriter, _ *http.Request, _ int) { w.WriteHeader(http.StatusBadRequest) }},
		"it closes the connection": {attempts: 3, want: "given up after 3 attempts: EOF",
			answer: func(http.ResponseWriter, *http.Request, int) { panic(http.ErrAbortHandler) }},
		"it redirects": {attempts: 1, want: "it answered 307, a redirect, which is not followed: set the variable to the address that " +
			"it leads to",
			answer: func(w http.ResponseWriter, r *http.Request, _ int) {
				http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
			}},
		"it accepts the message and never ends its answer": {limit: 2 * time.Second, attempts: 1, answer: func(w http.ResponseWriter,
			r *http.Request, _ int) {
			w.WriteHeader(http.StatusOK)
			_, _ = io.WriteString(w, "o")
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := listen(t, test.answer)
			if test.limit == 0 {
				test.limit = time.Minute
			}
			errs := tell([]Sink{{Kind: Webhook, Secret: "HOOK", Token: "TOKEN"}}, map[string]string{"HOOK": l.URL + "/" + secret, "TOKEN": secret},
				test.limit, message)
			assert.Len(t, l.seen(), test.attempts)
			if test.want == "" {
				assert.Empty(t, errs)
				return
			}
			require.Len(t, errs, 1)
			assert.EqualError(t, errs[0], "notify[0], webhook by HOOK: "+test.want)
			assert.NotContains(t, errs[0].Error(), secret)
		})
	}
	assert.Empty(t, elsewhere.seen(), "the target of a redirect gets nothing")
}

// TestAnswersOfGitHub checks that an answer that never ends is given up like one that never begins, and that one that is cut off is
// asked for again.
func TestAnswersOfGitHub(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		ends  bool
		limit time.Duration
		want  string
	}{
		"never ends": {ends: false, limit: 50 * time.Millisecond, want: "given up: it did not answer in time"},
		"cut off":    {ends: true, limit: time.Minute, want: "given up after 3 attempts: its answer cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := listen(t, func(w http.ResponseWriter, r *http.Request, _ int) {
				_, _ = io.WriteString(w, "[")
				if !test.ends {
					w.(http.Flusher).Flush()
					<-r.Context().Done()
				}
			})
			of := map[string]string{"GITHUB_TOKEN": secret, "GITHUB_REPOSITORY": "acme/shop", "GITHUB_API_URL": l.URL}
			errs := tell([]Sink{{Kind: GitHubDeployment}}, of, test.limit, message)
			assert.EqualError(t, errors.Join(errs...), "notify[0], github-deployment by GITHUB_TOKEN: "+test.want)
		})
	}
}

// TestRedirectFromHTTPSToHTTP checks that the redirect is not followed, because plain http would show the secret.
func TestRedirectFromHTTPSToHTTP(t *testing.T) {
	t.Parallel()
	plain := listen(t, nil)
	safe := httptest.NewTLSServer(http.RedirectHandler(plain.URL, http.StatusFound))
	defer safe.Close()
	n := start([]Sink{{Kind: Slack, Secret: "HOOK"}}, environment(map[string]string{"HOOK": safe.URL}), time.Minute, time.Millisecond)
	n.client.Transport = safe.Client().Transport
	n.Tell(message)
	assert.EqualError(t, errors.Join(n.Wait(time.Minute)...), "notify[0], slack by HOOK: it answered 302, a redirect, which is not followed: "+
		"set the variable to the address that it leads to")
	assert.Empty(t, plain.seen())
}

// TestHangingSinkDelaysNobody checks that a sink that hangs delays neither the other sinks nor the sender.
func TestHangingSinkDelaysNobody(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	hanging := listen(t, func(http.ResponseWriter, *http.Request, int) { <-release })
	good := listen(t, nil)
	n := start([]Sink{{Kind: Webhook, Secret: "HANGING"}, {Kind: Webhook, Secret: "GOOD"}},
		environment(map[string]string{"HANGING": hanging.URL, "GOOD": good.URL}), 100*time.Millisecond, time.Millisecond)
	for range 100 { // more than any command sends
		n.Tell(message)
	}
	errs := n.Wait(100 * time.Millisecond)
	close(release)
	require.NotEmpty(t, errs)
	assert.Contains(t, errs[0].Error(), "notify[0], webhook by HANGING: given up: ")
	assert.NotEmpty(t, good.seen())
	n.Tell(message) // has no effect any more
	assert.Equal(t, errs, n.Wait(time.Minute))
}

func TestBadSinks(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		sink Sink
		want string
	}{
		{Sink{Kind: GitHubDeployment}, ""},
		{Sink{Kind: PagerDuty, Secret: "KEY", On: []string{Failed}, Address: "https://events.eu.pagerduty.com/v2/enqueue"}, ""},
		{Sink{Kind: "teams", Secret: "https://hooks.example/" + secret, Token: "x", Address: "y", On: []string{"rolled back"}},
			"kind is \"teams\": use slack, webhook, pagerduty or github-deployment\n" +
				"secret has to be the name of an environment variable, such as RELEASE_SLACK_URL: the file holds no secret\n" +
				"token has to be the name of an environment variable: the file holds no secret\ntoken is set, and only a webhook has one: remove it\n" +
				"address is for pagerduty; that of a teams is a secret\naddress: this is not an address: use one such as https://example.com/hook\n" +
				"on: \"rolled back\": use started, released, held, rolled-back, refused, superseded, failed, interrupted, unconfirmed"},
		{Sink{Kind: Slack}, "secret has to be the name of an environment variable, such as RELEASE_SLACK_URL: the file holds no secret"},
		{Sink{Kind: PagerDuty, Secret: "KEY", Address: "http://events.pagerduty.com"}, "address: the address has to begin with https://"},
	} {
		err := test.sink.Validate()
		if test.want == "" {
			assert.NoError(t, err)
			continue
		}
		assert.EqualError(t, err, test.want)
		assert.NotContains(t, err.Error(), secret)
	}
	for value, want := range map[string]string{
		"":                       "the variable is not set, so that nobody is told: set it, or take the sink out of the release policy",
		"http://hooks.example/x": "the address has to begin with https://",
		"http://localhost/x":     "the address has to begin with https://",
		"http://192.0.2.7/x":     "the address has to begin with https://",
		"ftp://127.0.0.1/x":      "the address has to begin with https://",
		"hooks.example/x":        "this is not an address: use one such as https://example.com/hook",
		"https://a b/" + secret:  "this is not an address: use one such as https://example.com/hook",
	} {
		errs := tell([]Sink{{Kind: Slack, Secret: "HOOK"}}, map[string]string{"HOOK": value}, time.Minute, message)
		assert.EqualError(t, errors.Join(errs...), "notify[0], slack by HOOK: "+want)
	}
}

func TestLongMessage(t *testing.T) {
	t.Parallel()
	long := Message{Reasons: []string{strings.Repeat("é", maxReason+1)}}
	for range maxReasons {
		long.Reasons = append(long.Reasons, "x")
	}
	got := long.normal()
	assert.Len(t, got.Reasons, maxReasons)
	assert.Equal(t, strings.Repeat("é", maxReason)+"…", got.Reasons[0])
	longest := Message{Reasons: []string{strings.Repeat("é", maxReason)}}
	assert.Equal(t, longest.Reasons, longest.normal().Reasons)
	assert.NotNil(t, got.ApprovedBy, "a list in JSON")
}

// TestPauses checks that the pauses between attempts double, unless the sink asks for longer ones. An attempt that the time limit
// ends says nothing about the sink.
func TestPauses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answers []int // 0 for no answer before the limit
		retry   string
		at      []time.Duration
		want    string
	}{
		"the last answer counts": {[]int{503, 502, 500}, "", []time.Duration{0, time.Second, 3 * time.Second},
			"given up after 3 attempts: it answered 500"},
		"the sink sends Retry-After": {[]int{503, 503, 200}, "3", []time.Duration{0, 3 * time.Second, 9 * time.Second}, ""},
		"then it hangs":              {[]int{503, 0}, "", []time.Duration{0, time.Second}, "given up: it answered 503"},
		"longer than the limit":      {[]int{503}, "10", []time.Duration{0}, "given up: it answered 503"},
		"as long as the limit":       {[]int{503, 503}, "4", []time.Duration{0, 4 * time.Second}, "given up: it answered 503"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				begun := time.Now()
				var at []time.Duration
				n := start([]Sink{{Kind: GitHubDeployment, On: []string{RolledBack}}}, environment(map[string]string{"GITHUB_TOKEN": secret,
					"GITHUB_REPOSITORY": "acme/shop"}), 10*time.Second, time.Second)
				n.client.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
					if r.Method == http.MethodPost {
						return &http.Response{StatusCode: 201, Body: http.NoBody}, nil
					}
					assert.Equal(t, "https://api.github.com/repos/acme/shop/deployments", strings.TrimSuffix(r.URL.String(), "?"+r.URL.RawQuery))
					at = append(at, time.Since(begun))
					status := test.answers[len(at)-1]
					if status == 0 {
						<-r.Context().Done()
						return nil, r.Context().Err()
					}
					return &http.Response{StatusCode: status, Header: http.Header{"Retry-After": {test.retry}},
						Body: io.NopCloser(strings.NewReader(`[{"id": 7}]`))}, nil
				})
				n.Tell(message)
				errs := errors.Join(n.Wait(time.Minute)...)
				assert.Equal(t, test.at, at)
				if test.want == "" {
					assert.NoError(t, errs)
					return
				}
				assert.EqualError(t, errs, "notify[0], github-deployment by GITHUB_TOKEN: "+test.want)
			})
		})
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
