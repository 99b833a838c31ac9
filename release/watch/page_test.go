package watch

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/guiofsaints/procureflow-platform/release/report"
	"github.com/guiofsaints/procureflow-platform/release/rollout"
)

// midway is the state in the middle of the first step, after more events.
func midway(now int, status rollout.Status, more ...rollout.Event) State {
	first := event(0, "begin", "accepted", 0)
	first.Rules = &rules
	events := append([]rollout.Event{first, event(60, "shift", "accepted", 10)}, more...)
	return Read(Observation{At: at(now), Status: status, Runs: []report.Run{{Command: "rollout", Service: "s", Events: events}}, Rules: rules,
		Rollback: "`back`", Resume: "`go`"})
}

// A button acts once, on the release that the person saw, and only for a person who may act.
func TestPageActs(t *testing.T) {
	t.Parallel()
	baking := midway(121, service(10), probes(120, 10, 363))
	held := midway(5000, service(10), ending(970, rollout.Held, "too little"))
	ended := midway(10, idle("web-b"), ending(9, rollout.Released, "ok"))
	ended.Candidate = "web-b"
	for name, test := range map[string]struct {
		state              State
		mayNot             bool
		method, path, body string
		code               int
		acted, says        string
	}{
		"rollback": {state: baking, method: "POST", path: "/rollback", body: "revision=web-b", code: 303,
			acted: "rollback of web-b"},
		"proceed when asked to": {state: held, method: "POST", path: "/proceed", body: "revision=web-b", code: 303,
			acted: "proceed of web-b"},
		"proceed while the release bakes": {state: baking, method: "POST", path: "/proceed", body: "revision=web-b", code: 409,
			says: "moved on"},
		"proceed before any traffic": {state: before(held), method: "POST", path: "/proceed", body: "revision=web-b", code: 409,
			says: "moved on"},
		"rollback of another revision": {state: baking, method: "POST", path: "/rollback", body: "revision=web-c", code: 409, says: "moved on"},
		"rollback without a revision":  {state: baking, method: "POST", path: "/rollback", code: 409, says: "moved on"},
		"rollback after the end":       {state: ended, method: "POST", path: "/rollback", body: "revision=web-b", code: 409, says: "moved on"},
		"without the permission": {state: baking, mayNot: true, method: "POST", path: "/rollback", body: "revision=web-b", code: 403,
			says: "your account may not write"},
		"a link":             {state: baking, method: "GET", path: "/rollback?revision=web-b", code: 404},
		"another action":     {state: baking, method: "POST", path: "/delete", body: "revision=web-b", code: 404},
		"the page":           {state: baking, method: "GET", path: "/", code: 200, says: "Roll back to web-a"},
		"the page's header":  {state: baking, method: "HEAD", path: "/", code: 200},
		"a form to the page": {state: baking, method: "POST", path: "/", body: "revision=web-b", code: 404},
		"another page":       {state: baking, method: "GET", path: "/x", code: 404},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			acted := ""
			page := Page{State: func() State { return test.state }, Told: func() string { return "" },
				May: func() (bool, string) { return !test.mayNot, "your account may not write" },
				Act: func(action Action, state State) { acted += fmt.Sprintf("%s of %s", action, state.Candidate) }}
			request := httptest.NewRequest(test.method, test.path, strings.NewReader(test.body))
			request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			recorder := httptest.NewRecorder()
			page.ServeHTTP(recorder, request)
			assert.Equal(t, test.code, recorder.Code, recorder.Body)
			assert.Equal(t, test.acted, acted)
			assert.Contains(t, recorder.Body.String(), test.says)
		})
	}
}

func before(s State) State {
	s.Percent = 0
	return s
}

// The page offers what the person may do, and says else why it offers nothing.
func TestPageShows(t *testing.T) {
	t.Parallel()
	baking := midway(121, service(10), probes(120, 10, 363))
	baking.Findings = []string{"a finding"}
	held := midway(5000, service(10), ending(970, rollout.Held, "too little"))
	for name, test := range map[string]struct {
		state        State
		may          bool
		shows, hides []string
	}{
		"a step": {baking, true, []string{"Waiting: 10 % has to stay healthy for 5 min.", "Until 12:06:03 UTC, 4 min 2 s more.",
			"10 % for 5 min", "Roll back to web-a", "a finding", "told so"}, []string{"Proceed with web-b", "your account may not write"}},
		"a decision": {held, true, []string{"Proceed with web-b", "Roll back to web-a"}, []string{"your account may not write", "Until "}},
		"no right":   {held, false, []string{"your account may not write"}, []string{"Proceed with web-b", "Roll back to web-a"}},
		"nothing to do": {midway(10, idle("web-b"), ending(9, rollout.Released, "ok")), false, nil,
			[]string{"your account may not write", "Roll back to", "Waiting:"}},
	} {
		recorder := httptest.NewRecorder()
		Page{State: func() State { return test.state }, Told: func() string { return "told so" },
			May: func() (bool, string) { return test.may, "your account may not write" }}.ServeHTTP(recorder,
			&http.Request{Method: http.MethodGet, URL: &url.URL{Path: "/"}})
		for _, text := range test.shows {
			assert.Contains(t, recorder.Body.String(), text, name)
		}
		for _, text := range test.hides {
			assert.NotContains(t, recorder.Body.String(), text, name)
		}
	}
}

// A terminal colours what is over, what a person has to decide, and how a release ended, and has room for five revisions.
func TestTextIsColoured(t *testing.T) {
	t.Parallel()
	paint := func(class, text string) string { return "<" + class + " " + text + ">" }
	s := State{Service: "web", At: at(0), Candidate: "web-b", Stable: "web-a", Percent: 10, Rollback: "go back",
		Steps: []Step{{Percent: 5, Done: true}, {Percent: 10, Current: true}, {Percent: 100}}, Step: 2,
		Gates: []report.Number{{Class: "bad", State: "over", Name: "p95", Value: "2 s", Limit: "at most 1 s", Stable: "80 ms"},
			{Class: "good", State: "within", Name: "errors", Value: "0 %", Limit: "at most 2 %"}}}
	for i := range 6 {
		s.Split = append(s.Split, Share{Revision: fmt.Sprint("r", i), Percent: max(0, 100-100*i), Tags: []string{"tag"}})
	}
	assert.Equal(t, `web  12:00:00 UTC
<warn web-b has 10 %, step 2 of 3>

<good ✓ before traffic>   <good ✓ 5 %>   <warn ▶ 10 %>   100 %

 100 %  ████████████████████  r0  tag
   0 %  ····················  r1  tag
   0 %  ····················  r2  tag
   0 %  ····················  r3  tag
   0 %  ····················  r4  tag
       and 1 more with tags

<bad over      >  p95: 2 s (at most 1 s, stable: 80 ms)
<good within    >  errors: 0 % (at most 2 %)

Rollback: go back
`, s.Text(paint))
	assert.Equal(t, "12:00:00  web-b has 10 %, step 2 of 3; r0 100 %; over: p95 2 s (at most 1 s)", s.Line())

	s.Gates, s.Split, s.Steps, s.Why, s.Waiting = nil, nil, nil, []string{"it is slow"}, "a person has to decide"
	s.NeedsDecision, s.Outcome = true, rollout.Held
	assert.Equal(t, "web  12:00:00 UTC\n<warn web-b has 10 %, step 2 of 0>\n\n\nWaiting: a person has to decide\nBecause: it is slow\n"+
		"Rollback: go back\n", s.Text(paint))
	assert.Equal(t, "12:00:00  web-b has 10 %, step 2 of 0; ; waiting: a person has to decide", s.Line())

	s.Ended, s.Outcome = true, rollout.RolledBack
	assert.Contains(t, s.Text(paint), "<bad web-b rolled back>")
	assert.Equal(t, "12:00:00  web-b rolled back; : it is slow", s.Line())
	s.Ended, s.Outcome, s.NeedsDecision, s.Phase = true, "", false, "unknown"
	assert.Contains(t, s.Text(paint), "<plain no release is active, and the traffic is split by hand>")
	until := at(0).Add(time.Minute)
	s.Ended, s.Until = false, &until
	assert.Contains(t, s.Line(), "; waiting: a person has to decide, until 12:01:00")
}
