package command

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/internal/webpage/webpagetest"
	"github.com/guiofsaints/procureflow-platform/release/plan"
	"github.com/guiofsaints/procureflow-platform/release/rollout"
)

// held is the fast policy with a step at which a person has to decide. It has no limits for shares and percentiles, so that one
// probe is enough to go on: on a busy machine a short step has few.
const held = `environments:
  dev:
    steps: [{percent: 10, bake: 300ms}, {percent: 100, bake: 300ms}]
    inconclusive: hold
    holdFor: 100ms
    probe: {paths: [/], count: 5, pace: 10ms, interval: 10ms, warmup: 1s, p95: 0s, badRatio: 0}
`

// soon is how long a test waits at most, and often how frequently it looks.
const soon, often = 30 * time.Second, 50 * time.Millisecond

// watching starts a watch of a laptop's service. said returns what it has printed so far, and end stops it.
func watching(t *testing.T, l *laptop, flags ...string) (said func() string, end func() int) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	var out, errors lockedBuffer
	ended := make(chan int, 1)
	arguments := append([]string{"watch", "web", "--project", project, "--endpoint", l.api.URL + "/run/", "--probe-via", l.web.URL, "--env",
		"dev",
		"--policy", l.file("policy.yaml"), "--audit", l.file("audit.jsonl"), "--actor", "watcher"}, flags...)
	go func() { ended <- Run(ctx, arguments, Streams{Out: &out, Err: &errors}) }()
	return func() string { return out.String() + errors.String() }, func() int {
		cancel()
		return <-ended
	}
}

// TestWatchFollowsARelease starts a watch before the release. The watch shows the release's steps, and ends with its exit code.
func TestWatchFollowsARelease(t *testing.T) {
	t.Parallel()
	l := newLaptop(t, 0)
	said, end := watching(t, l, "--json", "--follow")
	require.Eventually(t, func() bool { return strings.Contains(said(), "web-blue") }, soon, often)
	require.NoError(t, os.WriteFile(l.file("policy.yaml"), []byte(held), 0o600))
	exit, out, errors := l.release(context.Background(), "rollout", "web")
	require.Equal(t, ExitHeld, exit, out+errors)
	require.Eventually(t, func() bool { return strings.Contains(said(), `"needsDecision":true`) }, soon, often, said())
	assert.Equal(t, ExitDone, end())
	var last struct {
		Waiting string
		Percent int
		Split   []struct {
			Revision string
			Percent  int
		}
	}
	lines := strings.Split(strings.TrimSpace(said()), "\n")
	require.NoError(t, json.Unmarshal([]byte(lines[len(lines)-1]), &last))
	assert.Equal(t, 10, last.Percent)
	assert.Contains(t, last.Waiting, "a person has to decide: go on with `release rollout web --region us-central1")
	assert.Equal(t, "web-blue", last.Split[0].Revision)
	assert.Equal(t, 90, last.Split[0].Percent)

	// Without --follow the watch ends with the release, and reports how it ended.
	said, end = watching(t, l)
	require.Eventually(t, func() bool { return strings.Contains(said(), "web-green has 10 %, step 1 of 2") }, soon, often)
	exit, out, errors = l.release(context.Background(), "rollback", "web")
	require.Equal(t, ExitDone, exit, out+errors)
	require.Eventually(t, func() bool { return strings.Contains(said(), "web-green rolled back") }, soon, often, said())
	assert.Equal(t, ExitRolledBack, end())
	assert.NotContains(t, said(), "\x1b", "a log has plain lines")
}

// TestWatchOnAPage opens the page in a browser and decides there: a held release goes on, and the next one is rolled back. A person
// without the right to change the service gets no buttons, and requests from elsewhere change nothing.
func TestWatchOnAPage(t *testing.T) {
	t.Parallel()
	ctx := webpagetest.Browser(t)
	l := newLaptop(t, 0)
	var denied atomic.Bool
	api := l.api.Config.Handler
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if denied.Load() && strings.HasSuffix(r.URL.Path, ":testIamPermissions") {
			_, _ = io.WriteString(w, "{}")
			return
		}
		api.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	l.api = front
	require.NoError(t, os.WriteFile(l.file("policy.yaml"), []byte(held), 0o600))
	exit, out, errors := l.release(context.Background(), "rollout", "web")
	require.Equal(t, ExitHeld, exit, out+errors)

	address := func(said func() string) string {
		var found string
		require.Eventually(t, func() bool {
			found = regexp.MustCompile(`http://127\.0\.0\.1:\d+/\w+/`).FindString(said())
			return found != ""
		}, 10*time.Second, 10*time.Millisecond)
		return found
	}
	denied.Store(true)
	said, end := watching(t, l, "--web")
	page := address(said)
	var text string
	require.NoError(t, chromedp.Run(ctx, chromedp.Navigate(page), chromedp.Text("main", &text, chromedp.ByQuery)))
	assert.Contains(t, text, "Your credentials may look at this service and not change it: that takes run.services.update.")
	assert.NotContains(t, text, "Roll back to")
	form := url.Values{"revision": {"web-green"}}
	post := func(page, action, origin string) int {
		request, err := http.NewRequest(http.MethodPost, page+action, strings.NewReader(form.Encode()))
		require.NoError(t, err)
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Header.Set("Origin", origin)
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		_ = response.Body.Close()
		return response.StatusCode
	}
	own := page[:strings.LastIndex(strings.TrimSuffix(page, "/"), "/")]
	assert.Equal(t, http.StatusForbidden, post(page, "rollback", own), "an action that the page did not offer")
	assert.Equal(t, ExitDone, end())

	denied.Store(false)
	said, end = watching(t, l, "--web")
	page = address(said)
	own = page[:strings.LastIndex(strings.TrimSuffix(page, "/"), "/")]
	assert.Equal(t, http.StatusForbidden, post(page, "rollback", "https://evil.example"))
	assert.Equal(t, http.StatusNotFound, post(own+"/guess/", "rollback", own))
	form.Set("revision", "web-old")
	assert.Equal(t, http.StatusConflict, post(page, "rollback", own), "the release has moved on since the page was loaded")
	assert.Equal(t, 10, l.status().State.Percent)

	webpagetest.Check(ctx, t, webpagetest.Axe(t), "watch", page)
	require.NoError(t, chromedp.Run(ctx, chromedp.Navigate(page), chromedp.Click("#do-proceed", chromedp.ByQuery)))
	require.Eventually(t, func() bool { return l.status().State.Percent == 100 }, soon, often)
	// The page updates itself.
	shows := func(selector, text string) {
		t.Helper()
		require.Eventually(t, func() bool {
			found := ""
			_ = chromedp.Run(ctx, chromedp.Evaluate(fmt.Sprintf(`document.querySelector(%q)?.innerText ?? ""`, selector), &found))
			return strings.Contains(found, text)
		}, soon, often, "%s with %s", selector, text)
	}
	shows(`[aria-current="step"]`, "100 %")
	shows("#do-rollback", "Roll back to web-blue")
	require.NoError(t, chromedp.Run(ctx, chromedp.Click("#do-rollback", chromedp.ByQuery)))
	require.Eventually(t, func() bool { return l.status().State.Stable == "web-blue" }, soon, often)
	shows("h1", "rolled back")
	assert.Equal(t, ExitDone, end())
	assert.Equal(t, plan.State{Phase: plan.Idle, Stable: "web-blue", Rejected: []string{"web-green"}}, l.status().State)
	runs, err := journal(l.file("audit.jsonl"))
	require.NoError(t, err)
	last := runs[len(runs)-1]
	assert.Equal(t, "rollback watcher rolled back", fmt.Sprint(last.Command, " ", last.Who, " ", last.Events[len(last.Events)-1].Outcome))
	assert.Equal(t, rollout.RolledBack, last.Events[len(last.Events)-1].Outcome)
}
