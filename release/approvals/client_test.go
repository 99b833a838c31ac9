package approvals_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/release/approvals"
)

const token = "ghs_thisIsTheSecret"

// answer is one answer of GitHub.
type answer struct {
	status int
	body   string
	header [2]string
}

// serve runs a server in place of GitHub. It answers each path with the path's next answer, and repeats the last one.
func serve(t *testing.T, answers map[string][]answer) (client approvals.Client, calls map[string]int, waits *[]time.Duration) {
	t.Helper()
	calls, waits = map[string]int{}, new([]time.Duration)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+token || r.Method != http.MethodGet ||
			r.Header.Get("Accept") != "application/vnd.github+json" || r.Header.Get("X-GitHub-Api-Version") != "2022-11-28" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		list := answers[r.URL.Path]
		if len(list) == 0 {
			http.NotFound(w, r)
			return
		}
		a := list[min(calls[r.URL.Path], len(list)-1)]
		calls[r.URL.Path]++
		if a.header[0] != "" {
			w.Header().Set(a.header[0], a.header[1])
		}
		w.WriteHeader(a.status)
		_, _ = w.Write([]byte(a.body))
	}))
	t.Cleanup(server.Close)
	return approvals.Client{API: server.URL + "/", Token: token, Sleep: func(ctx context.Context, d time.Duration) error {
		*waits = append(*waits, d)
		return ctx.Err()
	}}, calls, waits
}

const (
	runPath     = "/repos/acme/shop/actions/runs/77"
	reviewsPath = runPath + "/approvals"
)

func TestAsk(t *testing.T) {
	t.Parallel()
	good := answer{status: 200, body: run}
	reviews := answer{status: 200, body: "[" + review("approved", bob, "production") + "," + review("approved", ann,
		"production-approval") + "]"}
	for name, c := range map[string]struct {
		run, reviews []answer
		calls        int // The calls of both paths together.
		wrong        string
		refused      bool
	}{
		"approved":         {run: []answer{good}, reviews: []answer{reviews}, calls: 2},
		"failing at first": {run: []answer{{status: 502}, {status: 429}, good}, reviews: []answer{{status: 500}, reviews}, calls: 5},
		"always failing":   {run: []answer{{status: 503}}, calls: 4, wrong: "GET " + runPath + ": 503 Service Unavailable"},
		"no such run":      {calls: 0, wrong: "404 Not Found; the token needs actions: read"},
		"forbidden": {run: []answer{good}, reviews: []answer{{status: 403, body: "secret detail"}}, calls: 2,
			wrong: "GET " + reviewsPath + ": 403 Forbidden"},
		"a redirect": {run: []answer{{status: 301, header: [2]string{"Location", "/repos/evil/shop"}}}, calls: 1,
			wrong: "301 Moved Permanently"},
		"nothing": {run: []answer{good}, reviews: []answer{{status: 200}}, calls: 2,
			wrong: "answered something else than expected", refused: true},
		"null": {run: []answer{good}, reviews: []answer{{status: 200, body: "null"}}, calls: 2,
			wrong: "only the people who started the run", refused: true},
		"reviews that are not a list": {run: []answer{good}, reviews: []answer{{status: 200, body: `{"message": "hello"}`}}, calls: 2,
			wrong: "answered something else", refused: true},
		"two documents": {run: []answer{{status: 200, body: run + run}}, calls: 1, wrong: "answered something else", refused: true},
		"an id that is a text": {run: []answer{{status: 200, body: strings.Replace(run, `77`, `"77"`, 1)}}, calls: 1,
			wrong: "answered something else", refused: true},
		"two pages": {run: []answer{good}, reviews: []answer{{status: 200, body: reviews.body,
			header: [2]string{"Link", `<https://x/?page=2>; rel="next"`}}}, calls: 2,
			wrong: "more than one page", refused: true},
		"a list of pages that cannot be read": {run: []answer{{status: 200, body: run, header: [2]string{"Link", `rel="next"`}}}, calls: 1,
			wrong: "Link", refused: true},
		"the largest answer": {run: []answer{{status: 200, body: strings.Repeat(" ", 4<<20-len(run)) + run}}, reviews: []answer{reviews},
			calls: 2},
		"too large an answer": {run: []answer{{status: 200, body: strings.Repeat(" ", 4<<20) + run}}, calls: 1,
			wrong:   "larger than 4194304 bytes",
			refused: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, calls, waits := serve(t, map[string][]answer{runPath: c.run, reviewsPath: c.reviews})
			verdict, err := client.Ask(t.Context(), question)
			assert.Equal(t, c.calls, calls[runPath]+calls[reviewsPath])
			assert.Equal(t, c.wrong == "", verdict.Approved)
			if c.wrong != "" {
				require.ErrorContains(t, err, c.wrong)
				assert.Equal(t, c.refused, errors.Is(err, approvals.ErrRefused))
				assert.Equal(t, err.Error(), verdict.Reason)
				assert.NotContains(t, err.Error(), token)
				assert.NotContains(t, err.Error(), "secret detail")
				return
			}
			require.NoError(t, err)
			assert.Equal(t, []approvals.Approver{{Environment: "production-approval", Login: "ann", ID: 2},
				{Environment: "production", Login: "bob", ID: 3}}, verdict.By)
			if c.calls == 5 {
				assert.Equal(t, []time.Duration{2 * time.Second, 4 * time.Second, 2 * time.Second}, *waits)
			}
		})
	}
}

// TestBrokenConnectionIsRetried checks that a call is repeated after its connection broke, because that says nothing about the run.
func TestBrokenConnectionIsRetried(t *testing.T) {
	t.Parallel()
	client, _, _ := serve(t, map[string][]answer{runPath: {{status: 200, body: run}}, reviewsPath: {{status: 200, body: "[" +
		review("approved", bob, "production") + "," + review("approved", ann, "production-approval") + "]"}}})
	broken := 0
	client.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
		switch broken++; broken {
		case 1:
			return nil, errors.New("connection refused")
		case 2:
			return &http.Response{StatusCode: 200, Body: io.NopCloser(iotest.ErrReader(errors.New("connection reset")))}, nil
		}
		return http.DefaultTransport.RoundTrip(r)
	})
	verdict, err := client.Ask(t.Context(), question)
	require.NoError(t, err)
	assert.True(t, verdict.Approved)
	assert.Equal(t, 4, broken)
}

func TestTokenIsNotSentElsewhere(t *testing.T) {
	t.Parallel()
	never := func(*http.Request) (*http.Response, error) {
		t.Error("a request was sent")
		return nil, errors.New("no")
	}
	for name, c := range map[string]struct {
		api, token, wrong string
		ask               approvals.Question
	}{
		"plain http":     {api: "http://api.github.com", token: token, ask: question, wrong: "a token is sent over https only"},
		"http elsewhere": {api: "http://192.0.2.7", token: token, ask: question, wrong: "192.0.2.7: a token is sent over https only"},
		"http, IPv6":     {api: "http://[2001:db8::1]:80", token: token, ask: question, wrong: "a token is sent over https only"},
		"ftp to here":    {api: "ftp://127.0.0.1", token: token, ask: question, wrong: "a token is sent over https only"},
		"a negative run": {api: "https://api.github.com", token: token, ask: approvals.Question{Run: -1, Repository: "acme/shop"},
			wrong: "give a run's id"},
		"localhost":  {api: "http://localhost:1", token: token, ask: question, wrong: "a token is sent over https only"},
		"no URL":     {api: "api.github.com", token: token, ask: question, wrong: "GITHUB_API_URL is not the URL of an API"},
		"a password": {api: "https://u:p@api.github.com", token: token, ask: question, wrong: "GITHUB_API_URL is not the URL of an API"},
		"no token":   {api: "https://api.github.com", ask: question, wrong: "GITHUB_TOKEN is empty"},
		"a path outside": {api: "https://api.github.com", token: token, ask: approvals.Question{Run: 1, Repository: "acme/shop/../../x"},
			wrong: "give a run's id and OWNER/NAME"},
		"no run": {api: "https://api.github.com", token: token, ask: approvals.Question{Repository: "acme/shop"},
			wrong: "give a run's id"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := approvals.Client{API: c.api, Token: c.token, Transport: roundTrip(never)}
			verdict, err := client.Ask(t.Context(), c.ask)
			require.ErrorContains(t, err, c.wrong)
			assert.False(t, verdict.Approved)
			assert.NotContains(t, err.Error(), token)
		})
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
