package console

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/faults"
	"github.com/guiofsaints/procureflow-platform/emulator/google/run"
	"github.com/guiofsaints/procureflow-platform/emulator/metrics"
	"github.com/guiofsaints/procureflow-platform/internal/webpage"
	"github.com/guiofsaints/procureflow-platform/internal/webpage/webpagetest"
	"github.com/guiofsaints/procureflow-platform/sandbox/statedir"
)

const (
	web  = "projects/procureflow-dev/locations/us-central1/services/procureflow-web"
	evil = `"><script>alert(1)</script>`
	blue = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
)

// cloud is a service whose traffic a test shifts.
type cloud struct {
	traffic    []run.Target
	behaviours map[string]run.Behaviour
}

func (c *cloud) Services() []run.Service {
	return []run.Service{{Name: web, Project: "procureflow-dev", Location: "us-central1", ID: "procureflow-web", Traffic: c.traffic,
		Revisions: map[string]run.Revision{"web-blue": {Name: "web-blue", Image: "registry/web@" + blue},
			"web-green": {Name: "web-green", Image: "registry/web@" + strings.ReplaceAll(blue, "1", "2")}}}}
}
func (c *cloud) Behaviour(digest string) run.Behaviour { return c.behaviours[digest] }
func (c *cloud) SetBehaviour(digest string, behaviour run.Behaviour) error {
	if err := behaviour.Check(digest); err != nil {
		return err
	}
	c.behaviours[digest] = behaviour
	return nil
}

// busy returns a console after ninety seconds of visitors. A candidate got 10 % of the requests, and lost them because one in four
// of its answers failed.
func busy(t *testing.T) (*Console, *cloud) {
	t.Helper()
	dir, err := statedir.Open(t.TempDir())
	require.NoError(t, err)
	now := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	c := &cloud{behaviours: map[string]run.Behaviour{strings.ReplaceAll(blue, "1", "2"): {ErrorRate: 0.05, Path: "/"}}}
	page := &Console{Dir: dir, Run: c, Metrics: &metrics.Recorder{}, Faults: faults.New(faults.Options{}),
		Now:     func() time.Time { return now },
		Address: func(string) string { return "http://127.0.0.1:4000/" }}
	for second := range 90 {
		green := 0
		if second >= 30 && second < 70 {
			green = 10
		}
		c.traffic = []run.Target{{Revision: "web-blue", Percent: 100 - green, Tag: "stable"}, {Revision: "web-green", Percent: green,
			Tag: "candidate"}}
		for visitor := range 20 {
			key := metrics.Key{Service: web, Revision: "web-blue", Class: "2xx"}
			if visitor < green/5 {
				key.Revision = "web-green"
				if second%2 == 0 && visitor == 0 {
					key.Class = "5xx"
				}
			}
			page.Metrics.Record(key, now, 20*time.Millisecond)
		}
		page.Look()
		now = now.Add(time.Second)
	}
	require.NoError(t, page.Faults.Set("by-hand", faults.Fault{Effect: faults.Drop, Path: "/crm/**"}))
	require.NoError(t, Keep(dir, Note{Stack: "dev", Operation: "up", At: now, Idle: 0.5, Expected: 0.8, Worst: 161.2, Budget: 10,
		Dearest:  []Cost{{"service-web-service", 160.1}, {"web-uptime", 1.1}},
		Findings: []Finding{{"run-nonroot", "advisory", "service-web-service", "the image's user is not known" + evil}}}))
	require.NoError(t, os.WriteFile(JournalFile(dir), []byte(
		`{"command":"rollout","service":"projects/p/locations/l/services/web","run":"A","at":"2026-11-27T12:00:00Z","kind":"begin","candidate":"web-green","future":{"x":1}}`+"\n"+
			`{"command":"rollout","run":"A","at":"2026-11-27T12:00:40Z","kind":"end","outcome":"rolled back","why":["20 of 80 failed `+
			strings.ReplaceAll(evil, `"`, `\"`)+`"]}`+"\n{torn"), 0o600))
	return page, c
}

func TestPage(t *testing.T) {
	t.Parallel()
	page, c := busy(t)
	get := func() string {
		w := httptest.NewRecorder()
		page.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		require.Equal(t, http.StatusOK, w.Code)
		return w.Body.String()
	}
	text := get()
	for _, part := range []string{
		`<td role="cell" data-of="Share" class="number">100 %</td><td role="cell" data-of="Answers" class="number">1720</td>` +
			`<td role="cell" data-of="Failed" class="number good-text">0</td><td role="cell" data-of="Behaviour">healthy</td>`,
		`class="number">80</td><td role="cell" data-of="Failed" class="number bad-text">20 (25 %)</td><td role="cell" data-of="Behaviour">5 % of / fail</td>`,
		"161.20 USD", "over the budget", "Budget: 10.00 USD", "run-nonroot", `<span class="badge bad">rolled back</span>`, "by-hand: drop",
		"Switch on",
		"Traffic by revision over the last minutes. Now: web-blue 100 %, web-green 0 %.", "20 of them failed.",
		"&lt;script&gt;alert(1)&lt;/script&gt;",
	} {
		assert.Contains(t, text, part)
	}
	assert.NotContains(t, text, "<script>alert")

	post := func(path string, form url.Values) int {
		r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		page.ServeHTTP(w, r)
		return w.Code
	}
	assert.Equal(t, http.StatusSeeOther, post("/behaviour", url.Values{"digest": {blue}, "kind": {"all"}}))
	assert.Equal(t, run.Behaviour{ErrorRate: 1}, c.behaviours[blue])
	assert.Equal(t, http.StatusBadRequest, post("/behaviour", url.Values{"digest": {"latest"}, "kind": {"all"}}))
	assert.Equal(t, http.StatusBadRequest, post("/behaviour", url.Values{"digest": {blue}, "kind": {"odd"}}))
	assert.Equal(t, http.StatusSeeOther, post("/fault", url.Values{"name": {"quota"}, "do": {"on"}}))
	assert.Len(t, page.Faults.List(), 2)
	assert.Contains(t, get(), "hit 0 of 0 calls")
	assert.Equal(t, http.StatusSeeOther, post("/fault", url.Values{"name": {"by-hand"}, "do": {"off"}}))
	assert.Equal(t, http.StatusSeeOther, post("/fault", url.Values{"name": {"quota"}, "do": {"off"}}))
	assert.Empty(t, page.Faults.List())
	assert.Equal(t, http.StatusBadRequest, post("/fault", url.Values{"name": {"none"}, "do": {"on"}}))
	assert.Equal(t, http.StatusNotFound, post("/other", nil))
	for _, one := range switches {
		assert.Equal(t, http.StatusSeeOther, post("/fault", url.Values{"name": {one.Name}, "do": {"on"}}), one.Name)
	}
}

// TestPageInABrowser checks the page in a browser, and presses one of its buttons.
func TestPageInABrowser(t *testing.T) {
	t.Parallel()
	ctx := webpagetest.Browser(t)
	page, c := busy(t)
	server := httptest.NewServer(webpage.Private("secret", page))
	t.Cleanup(server.Close)
	webpagetest.Check(ctx, t, webpagetest.Axe(t), "console", server.URL+"/secret/")
	require.NoError(t, chromedp.Run(ctx, chromedp.Navigate(server.URL+"/secret/"), chromedp.Click("#web-blue-slow", chromedp.ByQuery),
		chromedp.WaitVisible("#web-blue-healthy", chromedp.ByQuery)))
	assert.Equal(t, run.Behaviour{Latency: 3 * time.Second}, c.behaviours[blue])
	response, err := http.Get(server.URL + "/")
	require.NoError(t, err)
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	assert.NotContains(t, string(body), "procureflow")
}
