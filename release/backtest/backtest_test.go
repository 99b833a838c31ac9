package backtest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/release/backtest"
	"github.com/guiofsaints/procureflow-platform/release/health"
	"github.com/guiofsaints/procureflow-platform/release/rollout"
	"github.com/guiofsaints/procureflow-platform/release/settings"
)

var start = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

// tape is a recorded rollout, step by step: probes of the candidate, one a second, with c for a good one, C for a bad one and x for
// one that reached nothing.
type tape struct {
	at     time.Time
	events []rollout.Event
}

func record() *tape { return &tape{at: start} }

func (r *tape) step(percent int, letters string) *tape {
	event := rollout.Event{Kind: "probes", Candidate: "web-b", Percent: percent}
	for _, letter := range letters {
		sample := health.Sample{Endpoint: health.Candidate, At: r.at, Latency: 100 * time.Millisecond, Status: 200}
		if letter == 'C' {
			sample.Status, sample.Fault = 500, "status 500"
		}
		if letter == 'x' {
			sample.Status, sample.Fault, sample.Unreachable = 0, "no route to host", true
		}
		event.Samples = append(event.Samples, sample)
		r.at = r.at.Add(time.Second)
	}
	event.At = r.at
	r.events = append(r.events, event)
	return r
}

func (r *tape) counted(percent int, candidate, stable health.Metrics) *tape {
	candidate.Through = r.at
	r.events = append(r.events, rollout.Event{Kind: "decide", At: r.at, Percent: percent, Metrics: &candidate, StableMetrics: &stable})
	return r
}

func (r *tape) end(outcome rollout.Outcome, why string) []rollout.Event {
	return append(r.events, rollout.Event{Kind: "end", At: r.at, Candidate: "web-b", Outcome: outcome, Why: []string{why}})
}

func policy() rollout.Policy {
	return rollout.Policy{Steps: []rollout.Step{{Percent: 10, Bake: time.Minute}, {Percent: 100, Bake: time.Minute}}, Warmup: 10 * time.Second,
		Probes: health.Limits{Probes: 30, P95: time.Second, Consecutive: 3,
			BadRatio: 0.1}, Metrics: health.MetricLimits{ErrorRatio: 0.02}, Inconclusive: rollout.Proceed}
}

func TestReplay(t *testing.T) {
	t.Parallel()
	good := func(n int) string { return strings.Repeat("c", n) }
	for name, test := range map[string]struct {
		events []rollout.Event
		policy func(*rollout.Policy)
		want   string
	}{
		"released by both policies": {record().step(0, good(30)).step(10, good(61)).step(100, good(61)).end(rollout.Released, ""), nil,
			"2026-11-27T12:00:00Z web-b: released at 100 % after 2m32s; as well"},
		"a slow start is not a failure": {record().step(0, "CCCCC"+good(30)).step(10, good(61)).step(100, good(61)).end(rollout.Released, ""),
			nil,
			"2026-11-27T12:00:00Z web-b: released at 100 % after 2m37s; as well"},
		"delayed": {record().step(0, good(30)).step(10, good(31)).step(100, good(31)).end(rollout.Released, ""), nil,
			"2026-11-27T12:00:00Z web-b: released at 100 % after 1m32s; as well, 1m0s later"},
		"rolled back earlier": {record().step(0, good(30)).step(10, good(30)+"CcCcCcCcCcCCC").end(rollout.RolledBack, "3 in a row"), nil,
			"2026-11-27T12:00:00Z web-b: rolled back at 10 % after 1m13s; caught 7s earlier, at 10 %: 4 of 37 probes of the candidate's " +
				"URL failed, more than 10 %"},
		"rolled back before traffic": {record().step(0, good(20)+"CCC"+good(30)).step(10, good(30)).end(rollout.RolledBack, "slow"), nil,
			"2026-11-27T12:00:00Z web-b: rolled back at 10 % after 1m23s; caught 1m2s earlier, at 0 %: 2 of 22 probes before traffic " +
				"failed, the last one: status 500"},
		"rolled back, where it was released": {record().step(0, good(30)).step(10, good(61)).counted(10,
			health.Metrics{Requests: 91, Errors: 6}, health.Metrics{Requests: 270}).
			step(100, good(61)).end(rollout.Released, ""), nil,
			"2026-11-27T12:00:00Z web-b: released at 100 % after 2m32s; taken back at 10 % after 1m31s: 6 of 30 split requests to the " +
				"candidate failed (with its own probes, 6 of 91), and 0 of 270 to stable: the release is 100.0 % sure that the candidate is worse"},
		"missed": {record().step(0, good(30)).step(10, good(30)+"CC").end(rollout.RolledBack, "2 in a row"), nil,
			"2026-11-27T12:00:00Z web-b: rolled back at 10 % after 1m2s (2 in a row); missed until there: 0 of 0 split requests to the " +
				"candidate failed (with its own probes, 1 of 31): the release is 0.0 % sure that at most 2.0 % fail, and needs 95 %"},
		"held": {record().step(0, good(30)).step(10, good(61)).counted(10, health.Metrics{Requests: 61}, health.Metrics{}).step(100,
			good(61)).end(rollout.Released, ""),
			func(p *rollout.Policy) { p.Inconclusive = rollout.Hold },
			"2026-11-27T12:00:00Z web-b: released at 100 % after 2m32s; held at 10 % after 1m31s: 0 of 0 split requests to the candidate " +
				"failed (with its own probes, 0 of 61): the release is 64.1 % sure that at most 2.0 % fail, and needs 95 %"},
		"a prober without a network": {record().step(0, good(30)).step(10, good(30)+"xxxxx"+good(26)).step(100,
			good(61)).end(rollout.Released, ""), nil,
			"2026-11-27T12:00:00Z web-b: released at 100 % after 2m32s; as well"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := policy()
			if test.policy != nil {
				test.policy(&p)
			}
			result, ok := backtest.Replay(p, test.events)
			assert.True(t, ok)
			assert.Equal(t, test.want, result.String())
		})
	}
	_, ok := backtest.Replay(policy(), record().end(rollout.Refused, "split by hand"))
	assert.False(t, ok, "a journal without probes has no result")
}

// TestTry compares policies: one that bakes half as long decides sooner and catches less, and the same policy changes nothing.
func TestTry(t *testing.T) {
	t.Parallel()
	careful, err := settings.Load("", "prod")
	require.NoError(t, err)
	hasty, err := settings.Load("", "dev")
	require.NoError(t, err)
	hooked := careful
	hooked.Before = []settings.Hook{{Job: "migrate", Timeout: time.Minute}}
	hooked.Windows = &settings.Windows{TimeZone: "UTC", Open: []settings.Open{{Days: []string{"sun"}, From: "03:00", To: "03:01"}}}
	for _, one := range backtest.Try(careful.Policy(), hooked.Policy(), 1, 1) {
		assert.Equal(t, "the same", one.Verdict(), "%s: hooks and windows do not count", one.Fault)
	}
	verdicts := map[string]string{}
	for _, one := range backtest.Try(careful.Policy(), hasty.Policy(), 1, 10) {
		verdicts[one.Fault] = one.Verdict()
		assert.Equal(t, 100, one.Was.Back+one.Was.Held+one.Was.Released, one.Fault)
	}
	assert.Len(t, verdicts, len(backtest.Faults))
	assert.Contains(t, verdicts["none"], " earlier")
	assert.Contains(t, verdicts["5 % fail, unprobed"], "misses ")
	assert.Equal(t, "the same", verdicts["all fail"])
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	was := backtest.Summary{Back: 50, Held: 20, Released: 30, Median: 100 * time.Second}
	for want, tried := range map[string]backtest.Tried{
		"the same": {Fault: "5 % fail", Was: was, Is: backtest.Summary{Back: 54, Held: 16, Released: 30,
			Median: 108 * time.Second}},
		"catches 30 % more": {Fault: "5 % fail", Was: was, Is: backtest.Summary{Back: 80, Held: 20, Median: 100 * time.Second}},
		"misses 20 % more, 40s later": {Fault: "5 % fail", Was: was, Is: backtest.Summary{Back: 30, Held: 20, Released: 50,
			Median: 140 * time.Second}},
		"10 % more false alarms, holds 20 % fewer, 50s earlier": {Fault: "none", Was: was, Is: backtest.Summary{Back: 60, Released: 40,
			Median: 50 * time.Second}},
	} {
		assert.Equal(t, want, tried.Verdict())
	}
}
