package guard_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/guard"
)

// attempts are a page's script: what a page can send without asking anybody, and what it sends once it has asked. It returns
// all that the page could read of the answers.
const attempts = `(async () => {
	const api = %q
	let read = ""
	for (const [path, options] of [
		["/get", {}], ["/opaque", {mode: "no-cors"}], ["/plain", {method: "POST", mode: "no-cors", headers: {"Content-Type": "text/plain"}, body: "{}"}],
		["/token", {method: "POST", headers: {"Content-Type": "application/x-www-form-urlencoded"}, body: "subject_token="}],
		["/asked", {method: "PUT", headers: {"Authorization": "Bearer guess"}, body: "{}"}], ["/cookies", {credentials: "include"}],
	]) {
		try { read += await (await fetch(api + path, options)).text() } catch {}
	}
	await new Promise(done => { const image = new Image(); image.onload = image.onerror = done; image.src = api + "/image" })
	await new Promise(done => { const script = document.createElement("script"); script.onload = script.onerror = done; script.src = api + "/script"; document.head.append(script) })
	await new Promise(done => {
		const frame = document.createElement("iframe"); frame.name = "target"; document.body.append(frame)
		const form = document.createElement("form"); form.method = "POST"; form.action = api + "/form"; form.target = "target"; document.body.append(form)
		frame.onload = done; form.submit()
	})
	try { read += window.frames[0].document.body.innerText } catch {}
	return read
})()`

// TestPageInABrowserGetsNothing visits two pages in a real browser: one of another origin, and one whose name was rebound to this
// machine. Both try to call the API. The same pages reach an unguarded API, so it is the guard that stops them.
func TestPageInABrowserGetsNothing(t *testing.T) {
	t.Parallel()
	browser := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			browser = found
			break
		}
	}
	if browser == "" {
		t.Skip("no browser is installed, so no page tried: apt-get install chromium")
	}
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<!doctype html><title>A page</title><body>"))
	}))
	t.Cleanup(page.Close)
	var guarded, open atomic.Int64
	closed := httptest.NewServer(guard.Require(token, api(&guarded)))
	t.Cleanup(closed.Close)
	bare := httptest.NewServer(api(&open))
	t.Cleanup(bare.Close)

	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(cancel)
	// The browser makes a socket in its temporary folder. A socket's path has at most 107 bytes, and TMPDIR may be longer.
	temporary, err := os.MkdirTemp("/tmp", "")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(temporary)) })
	ctx, cancel = chromedp.NewExecAllocator(ctx, append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(browser),
		chromedp.UserDataDir(t.TempDir()), chromedp.Env("TMPDIR="+temporary),
		chromedp.Flag("host-resolver-rules", "MAP rebind.example 127.0.0.1"),
		chromedp.NoSandbox, chromedp.DisableGPU)...) // A container's root has no namespaces for the browser's sandbox; the page is ours.
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	// Closed and not killed: the children of a killed browser go on writing into the folder that the test removes.
	t.Cleanup(func() { _ = chromedp.Cancel(ctx) })
	try := func(from, at string) (read string) {
		t.Helper()
		require.NoError(t, chromedp.Run(ctx, chromedp.Navigate(from),
			chromedp.Evaluate(fmt.Sprintf(attempts, at), &read,
				func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) })))
		return read
	}
	rebound := func(server *httptest.Server) string { return "http://rebind.example:" + port(t, server.URL) }

	try(page.URL, bare.URL)
	assert.GreaterOrEqual(t, open.Load(), int64(5), "a page of another origin reaches what nobody guards")
	assert.Contains(t, try(rebound(bare), rebound(bare)), "the-secret", "a rebound page reads what nobody guards")

	for name, test := range map[string]struct{ from, at string }{
		"another origin": {page.URL, closed.URL},
		"a rebound name": {rebound(closed), rebound(closed)},
	} {
		assert.NotContains(t, try(test.from, test.at), "the-secret", name)
		assert.Zero(t, guarded.Load(), "%s: nothing reaches the API", name)
	}
}
