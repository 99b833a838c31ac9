package report

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/release/health"
	"github.com/guiofsaints/procureflow-platform/release/plan"
	"github.com/guiofsaints/procureflow-platform/release/rollout"
)

var begin = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// failed is a rollout that shifted 10 % after 10 s, saw three bad probes and was back after 30 s.
func failed() Run {
	at := func(seconds int) time.Time { return begin.Add(time.Duration(seconds) * time.Second) }
	blue := []plan.Target{{Revision: "web-blue", Percent: 100, Tag: "stable"}}
	split := []plan.Target{{Revision: "web-blue", Percent: 90, Tag: "stable"}, {Revision: "web-green", Percent: 10, Tag: "candidate"}}
	back := []plan.Target{{Revision: "web-blue", Percent: 100, Tag: "stable"}, {Revision: "web-green", Tag: "rejected"}}
	bad := health.Sample{Endpoint: health.Candidate, At: at(28), Latency: 50 * time.Millisecond, Status: 500, Fault: "/: status 500"}
	return Run{Command: "rollout", Service: "projects/p/locations/r/services/web", Environment: "dev",
		Who: `<script>alert("who")</script>`, Events: []rollout.Event{
			{At: at(0), Kind: "begin", Answer: "sent", Before: blue, After: blue},
			{At: at(0), Kind: "begin", Answer: "accepted", Before: blue, After: blue},
			{At: at(10), Kind: "shift", Answer: "accepted", Percent: 10, Before: blue, After: split,
				Why: []string{"60 probes before traffic were good, p95 80ms"}},
			{At: at(29), Kind: "probes", Samples: []health.Sample{
				{Endpoint: health.Candidate, At: at(15), Latency: 100 * time.Millisecond, Status: 200}, {Endpoint: health.Main, At: at(15),
					Latency: 200 * time.Millisecond, Status: 200}, bad, bad, bad}},
			{At: at(29), Kind: "decide", Percent: 10, After: split, Why: []string{"fail", "3 probes in a row failed"}},
			{At: at(30), Kind: "rollback", Answer: "accepted", Before: split, After: back},
			{At: at(40), Kind: "end", Outcome: rollout.RolledBack, After: back, Why: []string{"3 probes in a row failed"}},
		}}
}

func TestView(t *testing.T) {
	t.Parallel()
	v := newView(failed())
	assert.Equal(t, "rolled back", v.Outcome)
	assert.Equal(t, []band{
		{Revision: "web-blue", Path: "M0.0 0.0L0.0 0.0L0.0 0.0L150.0 0.0L150.0 16.0L450.0 16.0L450.0 0.0L600.0 0.0L600.0 160.0L450.0 " +
			"160.0L450.0 160.0L150.0 160.0L150.0 160.0L0.0 160.0L0.0 160.0L0.0 160.0Z", Pattern: 0, Last: 100},
		{Revision: "web-green", Path: "M0.0 0.0L0.0 0.0L0.0 0.0L150.0 0.0L150.0 0.0L450.0 0.0L450.0 0.0L600.0 0.0L600.0 0.0L450.0 " +
			"0.0L450.0 16.0L150.0 16.0L150.0 0.0L0.0 0.0L0.0 0.0L0.0 0.0Z", Pattern: 1},
	}, v.Bands)
	assert.Equal(t, 2, v.Good)
	assert.Equal(t, 3, v.Bad)
	assert.Equal(t, "200ms", v.Limit)
	assert.Equal(t, point{X: 225, Y: 80, Title: "12:00:15 candidate 100ms "}, v.Points[0])
	assert.Equal(t, point{X: 420, Y: 120, Bad: true, Title: "12:00:28 candidate 50ms /: status 500"}, v.Points[4])
	var kinds []string
	for _, decision := range v.Decisions {
		kinds = append(kinds, decision.Kind)
	}
	assert.Equal(t, []string{"begin", "shift", "gate at 10 %", "rollback", "rolled back"}, kinds)
}

func TestPageStandsAlone(t *testing.T) {
	t.Parallel()
	raw, err := Render([]Run{failed()})
	require.NoError(t, err)
	page := string(raw)
	for _, absent := range []string{"http://", "https://", "<script", "src=", "@import", "<link"} {
		assert.NotContains(t, page, absent)
	}
	assert.Contains(t, page, "&lt;script&gt;alert(&#34;who&#34;)&lt;/script&gt;")
	assert.Contains(t, page, "web-blue, 100 % at the end")
	assert.Equal(t, 3, strings.Count(page, `class="bad"`))
	empty, err := Render(nil)
	require.NoError(t, err)
	assert.Contains(t, string(empty), "The audit file is empty.")
	short, err := Render([]Run{{Command: "rollback", Events: []rollout.Event{{At: begin, Kind: "rollback", Answer: "sent"}}}})
	require.NoError(t, err)
	assert.Contains(t, string(short), "<h2>rollback: cut off</h2>", "a run that a crash cut off")
}
