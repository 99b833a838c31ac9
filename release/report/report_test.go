package report

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/internal/webpage"
	"github.com/guiofsaints/procureflow-platform/release/health"
	"github.com/guiofsaints/procureflow-platform/release/plan"
	"github.com/guiofsaints/procureflow-platform/release/rollout"
)

var begin = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

const evil = `"><script>alert("who")</script>`

func at(seconds int) time.Time { return begin.Add(time.Duration(seconds) * time.Second) }

// failed is a rollout that was rolled back after ten minutes. It shifted 10 % after 60 s and 50 % after 360 s, and requests failed
// that no probe makes.
func failed() Run {
	blue := []plan.Target{{Revision: "web-blue", Percent: 100, Tag: "stable"}}
	split := func(percent int) []plan.Target {
		return []plan.Target{{Revision: "web-blue", Percent: 100 - percent, Tag: "stable"}, {Revision: "web-green", Percent: percent,
			Tag: "candidate"}}
	}
	back := []plan.Target{{Revision: "web-blue", Percent: 100, Tag: "stable"}, {Revision: "web-green", Tag: "rejected"}}
	image := func(letter string) string { return "us-docker.pkg.dev/p/r/web@sha256:" + strings.Repeat(letter, 64) }
	run := Run{Command: "rollout", Service: "projects/shop-prod/locations/us-central1/services/web", Environment: "prod",
		Who:    "ada, run 17 of deploy.yml",
		Commit: "0123456789abcdef0123456789abcdef01234567", Link: "https://github.com/o/r/actions/runs/17"}
	add := func(event rollout.Event) {
		event.Candidate, event.Stable = "web-green", "web-blue"
		run.Events = append(run.Events, event)
	}
	rules := rollout.Rules{Steps: []rollout.Step{{Percent: 10, Bake: 5 * time.Minute}, {Percent: 50, Bake: 5 * time.Minute}, {Percent: 100,
		Bake: 5 * time.Minute}},
		ErrorRatio: 0.02, P95: 2 * time.Second, BadRatio: 0.1, ProbeP95: time.Second, HoldFor: 10 * time.Minute}
	add(rollout.Event{At: at(0), Kind: "begin", Answer: "sent", Before: blue, After: split(0),
		Why: []string{"ready, to be probed before it serves anyone"}, Rules: &rules,
		Images: map[string]string{"web-blue": image("b"), "web-green": image("a")}})
	add(rollout.Event{At: at(1), Kind: "begin", Answer: "accepted", Before: blue, After: split(0)})
	probes := func(percent, from, to int, metrics, stable *health.Metrics) {
		event := rollout.Event{At: at(to), Kind: "probes", Percent: percent, Metrics: metrics, StableMetrics: stable}
		for second := from; second < to; second += 5 {
			event.Samples = append(event.Samples,
				health.Sample{Endpoint: health.Candidate, At: at(second), Latency: time.Duration(80+second%37) * time.Millisecond, Status: 200},
				health.Sample{Endpoint: health.Main, At: at(second), Latency: time.Duration(90+second%53) * time.Millisecond, Status: 200})
		}
		add(event)
	}
	probes(0, 2, 58, nil, nil)
	add(rollout.Event{At: at(59), Kind: "decide", After: split(0), Why: []string{"pass", "60 probes before traffic were good, p95 112ms"}})
	shift := func(second, percent int, why string) {
		add(rollout.Event{At: at(second), Kind: "shift", Answer: "sent", Percent: percent, After: split(percent), Why: []string{why}})
		add(rollout.Event{At: at(second), Kind: "shift", Answer: "accepted", Percent: percent, After: split(percent)})
	}
	shift(60, 10, "60 probes before traffic were good, p95 112ms")
	for minute := 1; minute <= 5; minute++ {
		probes(10, minute*60, minute*60+59, &health.Metrics{Requests: 110 * minute, Errors: minute / 3, P95: 150 * time.Millisecond,
			Through: at(minute * 60)},
			&health.Metrics{Requests: 990 * minute, Errors: minute, P95: 140 * time.Millisecond, Through: at(minute * 60)})
	}
	add(rollout.Event{At: at(360), Kind: "decide", Percent: 10, After: split(10), Why: []string{"pass",
		"1 of 250 split requests to the candidate failed: the release is 96.2 % sure that at most 2.0 % fail"}})
	shift(361, 50, "1 of 250 split requests failed")
	for minute := 6; minute <= 9; minute++ {
		probes(50, minute*60+1, minute*60+59, &health.Metrics{Requests: 550 * (minute - 5), Errors: 28 * (minute - 5),
			P95: time.Duration(160+30*minute) * time.Millisecond},
			&health.Metrics{Requests: 540 * (minute - 5), Errors: minute - 5, P95: 140 * time.Millisecond})
	}
	bad := health.Sample{Endpoint: health.Main, At: at(597), Latency: 50 * time.Millisecond, Status: 500, Fault: "/: status 500 " + evil}
	add(rollout.Event{At: at(598), Kind: "probes", Percent: 50, Samples: []health.Sample{bad}})
	add(rollout.Event{At: at(599), Kind: "decide", Percent: 50, After: split(50), Why: []string{"fail",
		"112 of 2200 split requests to the candidate failed, and 4 of 2160 to stable: the release is 100.0 % sure that the candidate is worse"}})
	add(rollout.Event{At: at(599), Kind: "rollback", Answer: "sent", Before: split(50), After: back, Why: []string{"it is worse"}})
	add(rollout.Event{At: at(600), Kind: "rollback", Answer: "accepted", Before: split(50), After: back})
	add(rollout.Event{At: at(602), Kind: "end", Outcome: rollout.RolledBack, After: back,
		Why: []string{"112 of 2200 split requests to the candidate failed, and 4 of 2160 to stable: the release is 100.0 % sure that the " +
			"candidate is worse"}})
	return run
}

func TestView(t *testing.T) {
	t.Parallel()
	v, err := newView(Release{[]Run{failed()}})
	require.NoError(t, err)
	assert.Equal(t, verdict{"bad", "↩", "rolled back"}, v.Verdict)
	assert.Equal(t, "web-green: rolled back", v.Heading)
	assert.Equal(t, "10 min 2 s", v.Duration)
	assert.Equal(t, "20261123-120000-web-green.html", v.file())
	assert.Equal(t, "us-docker.pkg.dev/p/r/web@sha256:"+strings.Repeat("a", 64), v.CandidateImage)
	assert.Equal(t, []Number{
		{"Failed probes", "0 of 48 (0 %)", "at most 10 %", "", "within", "good"},
		{"p95 of the probes", "115 ms", "at most 1 s", "", "within", "good"},
		{"Failed requests", "112 of 2200 (5.09 %)", "at most 2 %", "4 of 2160 (0.185 %)", "over", "bad"},
		{"p95 of the requests", "430 ms", "at most 2 s", "140 ms", "within", "good"},
	}, v.Gates)
	assert.Equal(t, []step{
		{"before traffic", "12 good, 0 bad", "112 ms", "–", "–", "–", "passed", "good"},
		{"10 %", "60 good, 0 bad", "114 ms", "1 of 550 (0.182 %)", "150 ms", "5 of 4950 (0.101 %)", "passed", "good"},
		{"50 %", "48 good, 0 bad; of the service's URL 1 bad", "115 ms", "112 of 2200 (5.09 %)", "430 ms", "4 of 2160 (0.185 %)", "failed",
			"bad"},
	}, v.Steps)
	var told []string
	for _, m := range v.Moments {
		told = append(told, m.After+" "+m.What+": "+strings.Join(m.Why, "; "))
	}
	assert.Equal(t, []string{
		"+1 s Tagged the candidate, without any traffic: ready, to be probed before it serves anyone",
		"+59 s Gate before traffic: passed: 60 probes before traffic were good, p95 112ms",
		"+60 s Shifted 10 % to the candidate: 60 probes before traffic were good, p95 112ms",
		"+6 min Gate at 10 %: passed: 1 of 250 split requests to the candidate failed: the release is 96.2 % sure that at most 2.0 % fail",
		"+6 min 1 s Shifted 50 % to the candidate: 1 of 250 split requests failed",
		"+9 min 59 s Gate at 50 %: failed: 112 of 2200 split requests to the candidate failed, and 4 of 2160 to stable: the release is " +
			"100.0 % sure that the candidate is worse",
		"+10 min Gave all requests back to the revision that served before: it is worse",
		"+10 min 2 s End: rolled back: 112 of 2200 split requests to the candidate failed, and 4 of 2160 to stable: the release is 100.0 % " +
			"sure that the candidate is worse",
	}, told)
	assert.Equal(t, []link{
		{"Workflow run", "https://github.com/o/r/actions/runs/17"},
		{"Logs of the candidate",
			"https://console.cloud.google.com/logs/query;query=resource.type=%22cloud_run_revision%22%0Aresource.labels.service_name=%22web%22" +
				"%0Aresource.labels.revision_name=%22web-green%22?project=shop-prod"},
		{"Metrics of the service", "https://console.cloud.google.com/run/detail/us-central1/web/metrics?project=shop-prod"},
		{"Revisions", "https://console.cloud.google.com/run/detail/us-central1/web/revisions?project=shop-prod"},
		{"Dashboards", "https://console.cloud.google.com/monitoring/dashboards?project=shop-prod"},
	}, v.Links)
}

// TestWarningsHaveWords checks the lines of the journal that are neither a write nor a decision.
func TestWarningsHaveWords(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string]string{"window": "Started outside of the release windows",
		"affinity": "Session affinity overrides the split"} {
		words, class := what(rollout.Event{Kind: kind, Why: []string{"because"}})
		assert.Equal(t, [2]string{want, "warn"}, [2]string{words, class})
	}
}

// TestLastChangeIsDrawn checks that the rollback, which is the last change, has its own width in the chart.
func TestLastChangeIsDrawn(t *testing.T) {
	t.Parallel()
	_, chart := newStory(failed().Events).traffic()
	last := chart.Areas[len(chart.Areas)-1]
	assert.Equal(t, 600.0, last.From)
	assert.Equal(t, 720.0, last.To)
	assert.Equal(t, "100 %", last.Text)
	assert.Equal(t, 0, last.Series)
}

// TestLastProbeIsDrawn checks that the line of many probes ends with the one that decided.
func TestLastProbeIsDrawn(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	event := rollout.Event{Kind: "probes", Percent: 10, At: at.Add(34 * time.Second)}
	for n := range 35 {
		event.Samples = append(event.Samples, health.Sample{Endpoint: health.Candidate, At: at.Add(time.Duration(n) * time.Second), Status: 200})
	}
	event.Samples[34].Status, event.Samples[34].Fault = 500, "status 500"
	_, chart := newStory([]rollout.Event{{At: at}, event}).errors()
	points := chart.Lines[0].Points
	assert.Equal(t, webpage.Point{At: 34, Value: 100.0 / 35}, points[len(points)-1])
}

// TestReleases checks which commands belong to a release: those about one candidate, until the release has ended.
func TestReleases(t *testing.T) {
	t.Parallel()
	run := func(command, service, candidate string, outcome rollout.Outcome) Run {
		return Run{Command: command, Service: service, Events: []rollout.Event{{At: begin, Kind: "begin", Candidate: candidate},
			{At: begin, Kind: "end", Candidate: candidate, Outcome: outcome}}}
	}
	releases := Releases([]Run{
		run("rollout", "web", "web-b", rollout.Held), run("rollout", "api", "api-b", rollout.Released), run("guard", "web", "", rollout.Refused),
		run("rollout", "web", "web-b", rollout.Released), run("rollback", "web", "", rollout.RolledBack),
		run("rollout", "web", "web-c", ""), run("rollback", "web", "web-c", rollout.RolledBack), run("rollout", "web", "web-c", rollout.Refused),
		{Command: "rollout"},
	})
	var list []string
	for _, release := range releases {
		text := ""
		for _, run := range release.Runs {
			text += fmt.Sprintf("%s %s %s, ", run.Command, run.Service, run.Events[1].Outcome)
		}
		list = append(list, text)
	}
	assert.Equal(t, []string{"rollout web held, rollout web released, ", "rollout api released, ", "guard web refused, ",
		"rollback web rolled back, ",
		"rollout web , rollback web rolled back, ", "rollout web refused, "}, list)
}

// TestJournalTextIsEscaped checks every text of a journal. Each comes from elsewhere: an API's message, a workflow's variable, an
// answer of the candidate.
func TestJournalTextIsEscaped(t *testing.T) {
	t.Parallel()
	run := failed()
	run.Who, run.Service, run.Environment, run.Commit, run.Link = evil, evil, evil, evil, "javascript:alert(1)"
	for i := range run.Events {
		event := &run.Events[i]
		event.Candidate, event.Stable, event.Etag = "c"+evil, "s"+evil, evil
		event.Why = append([]string{evil}, event.Why...)
		event.Images = map[string]string{"c" + evil: evil}
		for j := range event.After {
			event.After[j].Revision += evil
			event.After[j].Tag = evil
		}
	}
	run.Events = append(run.Events, rollout.Event{At: at(603), Kind: evil, Answer: evil}, rollout.Event{At: at(604), Kind: "hook",
		Hook: &rollout.HookLine{Job: evil, State: evil, Log: "javascript:alert(1)"}},
		rollout.Event{At: at(604), Kind: "end", Outcome: evil})
	index, files, err := Site([]Run{run}, "release-report.html", "release-report")
	require.NoError(t, err)
	live, err := Live(Release{[]Run{run}}, &Now{Title: evil, Steps: []NowStep{{Text: evil}}, Split: []Share{{Revision: evil, Tags: evil}},
		Waiting: evil, Until: evil, Note: evil,
		Buttons: []Button{{Action: "rollback", Text: evil, Revision: evil}}, Told: evil})
	require.NoError(t, err)
	require.Len(t, files, 1)
	assert.Regexp(t, `^20261123-120000-c[a-z-]+\.html$`, files[0].Name)
	for name, page := range map[string]string{"index": string(index), "page": string(files[0].Content), "live": string(live)} {
		assert.NotContains(t, page, "<script>alert", name)
		assert.NotContains(t, page, `="">`, name)
		assert.NotContains(t, page, "javascript:", name)
		assert.Contains(t, page, "&lt;script&gt;alert(&#34;who&#34;)&lt;/script&gt;", name)
	}
}

func TestPageIsSelfContained(t *testing.T) {
	t.Parallel()
	index, files, err := Site([]Run{failed(), failed()}, "release-report.html", "release-report")
	require.NoError(t, err)
	require.Len(t, files, 2)
	assert.Equal(t, "20261123-120000-web-green.html", files[0].Name)
	assert.Equal(t, "20261123-120000-web-green-2.html", files[1].Name)
	assert.Contains(t, string(index), `href="release-report/20261123-120000-web-green-2.html"`)
	for name, page := range map[string]string{"index": string(index), "page": string(files[0].Content)} {
		for _, absent := range []string{"<script", " src=", "@import", "<link", "style=", "url(http"} {
			assert.NotContains(t, page, absent, name)
		}
		assert.Contains(t, page, `content="default-src &#39;none&#39;; style-src &#39;sha256-`, name)
	}
	assert.Contains(t, string(files[0].Content), `href="../release-report.html"`)
	index, files, err = Site(nil, "release-report.html", "release-report")
	require.NoError(t, err)
	assert.Empty(t, files)
	assert.Contains(t, string(index), "The journal is empty.")
}

// TestIncompleteJournals covers a journal that ends anywhere, and an old one that lacks newer fields.
func TestIncompleteJournals(t *testing.T) {
	t.Parallel()
	whole := failed()
	for cut := 1; cut < len(whole.Events); cut++ {
		short := whole
		short.Events = whole.Events[:cut]
		_, err := Live(Release{[]Run{short}}, nil)
		require.NoError(t, err, cut)
	}
	short, err := Live(Release{[]Run{{Command: "rollback", Events: []rollout.Event{{At: begin, Kind: "rollback", Answer: "sent"}}}}}, nil)
	require.NoError(t, err)
	assert.Contains(t, string(short), "no end in the journal: still running, or cut off")
	assert.Contains(t, string(short), "(sent; the journal has no answer)")
	old := failed()
	old.Events[0].Rules, old.Events[0].Images = nil, nil
	page, err := Live(Release{[]Run{old}}, nil)
	require.NoError(t, err)
	assert.Contains(t, string(page), "not recorded")
	empty, err := Live(Release{}, nil)
	require.NoError(t, err)
	assert.Contains(t, string(empty), "<title>Release</title>")
}
