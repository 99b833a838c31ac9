package watch

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/release/health"
	"github.com/guiofsaints/procureflow-platform/release/plan"
	"github.com/guiofsaints/procureflow-platform/release/report"
	"github.com/guiofsaints/procureflow-platform/release/rollout"
)

var begin = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

func at(seconds int) time.Time { return begin.Add(time.Duration(seconds) * time.Second) }

var rules = rollout.Rules{Steps: []rollout.Step{{Percent: 10, Bake: 5 * time.Minute}, {Percent: 100, Bake: 5 * time.Minute}},
	ErrorRatio: 0.02,
	P95:        2 * time.Second, BadRatio: 0.1, ProbeP95: time.Second, HoldFor: 10 * time.Minute}

// service returns the live service's status while the candidate has the given percent.
func service(percent int) rollout.Status {
	status := rollout.Status{Service: "web", RollbackTo: "web-a", Findings: []string{},
		State: plan.State{Phase: plan.Shifting, Stable: "web-a", Candidate: "web-b", Percent: percent},
		Effective: []plan.Target{{Revision: "web-b", Percent: percent, Tag: "candidate"}, {Revision: "web-b", Tag: "shifted"},
			{Revision: "web-a", Percent: 100 - percent, Tag: "stable"}}}
	if percent == 0 {
		status.State.Phase = plan.Prepared
	}
	return status
}

func idle(stable string, rejected ...string) rollout.Status {
	return rollout.Status{Service: "web", NoRollback: "there is nothing to go back to", Findings: []string{},
		State:     plan.State{Phase: plan.Idle, Stable: stable, Rejected: rejected},
		Effective: []plan.Target{{Revision: stable, Percent: 100, Tag: "stable"}}}
}

func event(seconds int, kind, answer string, percent int) rollout.Event {
	return rollout.Event{At: at(seconds), Kind: kind, Answer: answer, Percent: percent, Candidate: "web-b", Stable: "web-a"}
}

func probes(seconds, percent, until int) rollout.Event {
	e := event(seconds, "probes", "", percent)
	if until > 0 {
		end := at(until)
		e.Until = &end
	}
	e.Samples = []health.Sample{{Endpoint: health.Candidate, At: at(seconds), Latency: 80 * time.Millisecond, Status: 200}}
	return e
}

func ending(seconds int, outcome rollout.Outcome, why string) rollout.Event {
	e := event(seconds, "end", "", 0)
	e.Outcome, e.Why = outcome, []string{why}
	return e
}

func TestRead(t *testing.T) {
	t.Parallel()
	hook := event(3, "hook", "", 0)
	hook.Hook = &rollout.HookLine{Phase: "before", Job: "migrate", State: "started"}
	first := event(0, "begin", "accepted", 0)
	first.Rules = &rules
	shifted := []rollout.Event{first, event(60, "shift", "sent", 10), event(60, "shift", "accepted", 10)}
	for name, test := range map[string]struct {
		status rollout.Status
		events []rollout.Event
		now    int
		want   string // headline | what it waits for | until when | decide, ended
	}{
		"no release": {idle("web-a"), nil, 0, "web-a serves everything; no release is active |  |  | false true"},
		"released": {idle("web-b"), []rollout.Event{first, ending(9, rollout.Released, "ok")}, 10,
			"web-b released |  |  | false true"},
		"rolled back": {idle("web-a", "web-b"), []rollout.Event{first, ending(9, rollout.RolledBack, "bad")}, 10,
			"web-b rolled back |  |  | false true"},
		"released, and another revision serves since": {idle("web-x"), []rollout.Event{first, ending(9, rollout.Released, "ok")}, 10,
			"web-x serves everything; no release is active |  |  | false true"},
		"a release with its journal on another machine": {service(10), nil, 0, "web-b has 10 %, step 1 of 2 | web-b has 10 % |  | false false"},
		"before traffic": {service(0), []rollout.Event{first}, 5,
			"web-b is the candidate, and serves nobody yet | probes of the candidate's own URL, before anybody is served by it |  | false false"},
		"a hook": {service(0), []rollout.Event{first, hook}, 5,
			"web-b is the candidate, and serves nobody yet | the hook before traffic: job migrate |  | false false"},
		"just shifted": {service(10), shifted, 61,
			"web-b has 10 %, step 1 of 2 | 10 % has to stay healthy for 5 min | 12:06:00 | false false"},
		"the shift was sent and not answered": {service(0), shifted[:2], 61,
			"web-b is the candidate, and serves nobody yet | the change of the traffic takes effect |  | false false"},
		"baking": {service(10), append(shifted[:3:3], probes(120, 10, 363)), 121,
			"web-b has 10 %, step 1 of 2 | 10 % has to stay healthy for 5 min | 12:06:03 | false false"},
		"just shifted, with a decision after it": {service(10), append(shifted[:3:3], event(62, "decide", "", 10)), 63,
			"web-b has 10 %, step 1 of 2 | 10 % has to stay healthy for 5 min | 12:06:00 | false false"},
		"probes of another step": {service(10), append(shifted[:3:3], probes(120, 5, 363)), 121,
			"web-b has 10 %, step 1 of 2 | 10 % has to stay healthy for 5 min |  | false false"},
		"baking since it was accepted": {service(10), []rollout.Event{first, event(50, "shift", "sent", 10), event(60, "shift", "accepted", 10),
			probes(400, 10, 955)}, 401, "web-b has 10 %, step 1 of 2 | 10 % has to stay healthy for 5 min | 12:15:55 | false false"},
		"less than the first step": {service(5), nil, 0, "web-b has 5 % | web-b has 5 % |  | false false"},
		"the journal of another release": {service(10), []rollout.Event{{At: at(0), Kind: "begin", Answer: "accepted", Candidate: "web-x",
			Stable: "web-a"}}, 1, "web-b has 10 %, step 1 of 2 | web-b has 10 % |  | false false"},
		"baked this moment": {service(10), append(shifted[:3:3], probes(362, 10, 363)), 364,
			"web-b has 10 %, step 1 of 2 | 10 % has to stay healthy for 5 min |  | false false"},
		"holding": {service(10), append(shifted[:3:3], probes(400, 10, 963)), 401,
			"web-b has 10 %, step 1 of 2 | too little is known to pass or fail: more data | 12:16:03 | false false"},
		"silent": {service(10), shifted, 600,
			"web-b has 10 %, step 1 of 2 | the journal has no line since 12:01:00: if nobody drives the release any more, go on with `go`, or " +
				"end it with `back` |  | false false"},
		"held": {service(10), append(shifted[:3:3], ending(970, rollout.Held, "too little")), 5000,
			"web-b has 10 %, step 1 of 2 | a person has to decide: go on with `go`, or end it with `back` |  | true false"},
		"interrupted": {service(10), append(shifted[:3:3], ending(70, rollout.Interrupted, "a signal")), 5000,
			"web-b has 10 %, step 1 of 2 | the last command ended (interrupted) and nobody drives the release: go on with `go`, or end it with " +
				"`back` |  | true false"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := Read(Observation{At: at(test.now), Status: test.status, Runs: []report.Run{{Command: "rollout", Service: "s", Events: test.events}},
				Rules: rules, Rollback: "`back`", Resume: "`go`"})
			until := ""
			if s.Until != nil {
				until = s.Until.Format("15:04:05")
			}
			assert.Equal(t, test.want, fmt.Sprintf("%s | %s | %s | %t %t", s.Headline(), s.Waiting, until, s.NeedsDecision, s.Ended))
			text := s.Text(plain)
			assert.LessOrEqual(t, strings.Count(text, "\n"), 24, text)
			assert.NotContains(t, text, "\x1b")
			assert.NotEmpty(t, s.Line())
			back := "`back` goes to web-a"
			if test.status.RollbackTo == "" {
				back = "there is nothing to go back to"
			}
			assert.Equal(t, back, s.Rollback)
			assert.Equal(t, s.Key(), Read(Observation{At: at(test.now), Status: test.status, Runs: []report.Run{{Command: "rollout", Service: "s",
				Events: test.events}}, Rules: rules, Rollback: "`back`", Resume: "`go`"}).Key())
		})
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	first := event(0, "begin", "accepted", 0)
	first.Rules = &rules
	s := Read(Observation{At: at(121), Status: service(10), Rules: rules, Rollback: "`back`", Resume: "`go`",
		Runs: []report.Run{{Command: "rollout", Service: "s", Events: []rollout.Event{first, event(60, "shift", "accepted", 10), probes(120, 10,
			363)}}}})
	assert.Equal(t, `web  12:02:01 UTC
web-b has 10 %, step 1 of 2

✓ before traffic   ▶ 10 %   100 %

  90 %  ██████████████████··  web-a  stable
  10 %  ██··················  web-b  candidate shifted

within      Failed probes: 0 of 1 (0 %) (at most 10 %)
within      p95 of the probes: 80 ms (at most 1 s)

Waiting: 10 % has to stay healthy for 5 min, until 12:06:03 UTC, 4 min 2 s more
Rollback: `+"`back`"+` goes to web-a
`, s.Text(plain))
	// The runbook shows this text.
	runbook, err := os.ReadFile("../../docs/runbooks/rollout.md")
	require.NoError(t, err)
	shown, _, _ := strings.Cut(s.Text(plain), "Rollback: ")
	indented := strings.ReplaceAll("    "+strings.ReplaceAll(strings.TrimSpace(shown), "\n", "\n    "), "\n    \n", "\n\n")
	assert.Contains(t, string(runbook), indented)
	assert.Equal(t, "12:02:01  web-b has 10 %, step 1 of 2; web-a 90 %, web-b 10 %; waiting: 10 % has to stay healthy for 5 min, until "+
		"12:06:03", s.Line())
}

// TestTextsFromElsewhereStayOnTheirLine checks texts of services and APIs that hold line breaks and a terminal's commands.
func TestTextsFromElsewhereStayOnTheirLine(t *testing.T) {
	t.Parallel()
	const evil = "x\n\x1b[2J\x1b]0;t\x07\r::add-mask::prod\u202e"
	s := State{Waiting: evil, Why: []string{evil}, Findings: []string{evil}, Journal: evil,
		Split: []Share{{Revision: "a", Percent: 100, Tags: []string{evil}}},
		Gates: []report.Number{{Name: "errors", Value: evil, Stable: evil, State: "over"}}}
	for _, text := range []string{s.Text(plain), s.Line()} {
		assert.NotContains(t, text, "\x1b")
		assert.NotContains(t, text, "\r")
		assert.NotContains(t, text, "\n::")
		assert.NotContains(t, text, "\u202e")
		assert.Contains(t, text, "x [2J]0;t ::add-mask::prod")
	}
	assert.NotContains(t, s.Line(), "\n")
}
