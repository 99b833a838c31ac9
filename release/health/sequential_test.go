package health

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

var releases = flag.Int("releases", 500, "how many releases each case of TestGateCKeepsItsPromises simulates")

// TestComparedIsAnEValue sums over every way in which the errors of a look may fall. The expectation is 1 while both revisions fail
// alike, and less while the candidate fails less. All guarantees of gate C rest on this.
func TestComparedIsAnEValue(t *testing.T) {
	t.Parallel()
	for _, look := range []struct{ n, m, errors int }{{1, 9, 1}, {10, 90, 5}, {50, 50, 20}, {90, 10, 3}, {3, 3, 6}, {5, 200, 30},
		{500, 4500, 50}} {
		for _, ratio := range odds {
			for truth, want := range map[float64]float64{1: 1, 0.5: math.NaN()} {
				expected, weight := 0.0, 0.0
				for k := max(0, look.errors-look.m); k <= min(look.errors, look.n); k++ {
					probability := math.Exp(logChoose(look.n, k) + logChoose(look.m, look.errors-k) - logChoose(look.n+look.m,
						look.errors) + float64(k)*math.Log(truth))
					weight += probability
					expected += probability * math.Exp(logCompared(Counts{look.n, k}, Counts{look.m, look.errors - k}, ratio))
				}
				if expected /= weight; math.IsNaN(want) {
					assert.LessOrEqual(t, expected, 1+1e-9, "%v, odds %v", look, ratio)
				} else {
					assert.InDelta(t, want, expected, 1e-6, "%v, odds %v", look, ratio)
				}
			}
		}
	}
}

// TestAgainstTheLimitIsAnEValue sums over every number of failures. The likelihood ratios have the expectation 1 at the limit.
func TestAgainstTheLimitIsAnEValue(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 20, 300} {
		for _, limit := range []float64{0.01, 0.02, 0.5} {
			for _, alternatives := range [][]float64{{0, limit / 16, limit / 2}, {limit + (1-limit)*0.02, limit + (1-limit)*0.9}} {
				expected := 0.0
				for k := 0; k <= n; k++ {
					expected += math.Exp(logChoose(n, k) + float64(k)*math.Log(limit) + float64(n-k)*math.Log1p(-limit) +
						logAgainst(Counts{n, k}, limit, alternatives))
				}
				assert.InDelta(t, 1, expected, 1e-6)
			}
		}
	}
}

// simulated is one release as gate C sees it: three steps of five minutes, a look every 30 s, a probe a second, and visitors.
type simulated struct{ stable, candidate, probed, perSecond, limit float64 }

// release reports whether gate C ever called the candidate worse, after what time, and whether it was good enough at the end of its
// first step.
func (s simulated) release(rng *rand.Rand) (alarm bool, at time.Duration, passed bool) {
	draw := func(mean, rate float64) Counts {
		failed := poisson(rng, mean*rate)
		return Counts{failed + poisson(rng, mean*(1-rate)), failed}
	}
	e := NewEvidence(s.limit)
	const look = 30 * time.Second
	elapsed := time.Duration(0)
	for step, share := range []float64{0.1, 0.5, 1} {
		for range 10 {
			elapsed += look
			requests := s.perSecond * look.Seconds()
			e.Look(draw(look.Seconds(), s.probed), draw(requests*share, s.candidate), draw(requests*(1-share), s.stable))
			if verdict := e.Verdict(); verdict.Outcome == Fail {
				return true, elapsed, false
			}
		}
		if step == 0 {
			passed = e.Verdict().Outcome == Pass
		}
	}
	return false, elapsed, passed
}

func poisson(rng *rand.Rand, mean float64) int {
	if mean > 50 {
		return max(0, int(math.Round(mean+math.Sqrt(mean)*rng.NormFloat64())))
	}
	limit, product, n := math.Exp(-mean), rng.Float64(), 0
	for product > limit {
		product *= rng.Float64()
		n++
	}
	return n
}

// TestGateCKeepsItsPromises simulates whole releases with thirty looks each. At most 1 % of the good candidates are called worse,
// whatever both revisions fail at and however many visitors come. At most 5 % of the candidates above the limit are called good
// enough. Bad candidates are found. docs/performance.md has the figures of 10,000 releases.
func TestGateCKeepsItsPromises(t *testing.T) {
	t.Parallel()
	const limit = 0.02
	for _, test := range []struct {
		name         string
		s            simulated
		mostAlarms   float64
		fewestAlarms float64
		mostGood     float64
	}{
		{"both never fail, nobody visits", simulated{0, 0, 0, 0.002, limit}, 0.01, 0, 1},
		{"both fail 1 in 1,000", simulated{0.001, 0.001, 0.001, 1, limit}, 0.01, 0, 1},
		{"both fail 1 %, few visit", simulated{0.01, 0.01, 0.01, 0.002, limit}, 0.01, 0, 1},
		{"both fail 1 %", simulated{0.01, 0.01, 0.01, 1, limit}, 0.01, 0, 1},
		{"both fail 1 %, many visit", simulated{0.01, 0.01, 0.01, 100, limit}, 0.01, 0, 1},
		{"both fail at the limit", simulated{limit, limit, limit, 1, limit}, 0.01, 0, 0.05},
		{"both fail at the limit, many visit", simulated{limit, limit, limit, 100, limit}, 0.01, 0, 0.05},
		{"stable fails more than the candidate", simulated{0.05, 0.01, 0.01, 10, limit}, 0.01, 0, 1},
		{"both fail 5 %, which the probes do not see", simulated{0.05, 0.05, 0, 10, limit}, 0.01, 0, 0.05},
		{"the candidate fails 5 %, nobody visits", simulated{0.001, 0.05, 0.05, 0.002, limit}, 1, 0.85, 0.05},
		{"the candidate fails 5 %", simulated{0.001, 0.05, 0.05, 1, limit}, 1, 0.95, 0.05},
		{"the candidate fails 5 %, which the probes do not see", simulated{0.001, 0.05, 0, 1, limit}, 1, 0.6, 0.2},
		{"the candidate fails 1 % of many, which the probes do not see", simulated{0.001, 0.01, 0, 100, limit}, 1, 0.99, 1},
		{"the candidate fails 30 %", simulated{0.001, 0.3, 0.3, 0.002, limit}, 1, 1, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			alarms, good, took := 0, 0, time.Duration(0)
			for seed := range *releases {
				alarm, at, passed := test.s.release(rand.New(rand.NewPCG(uint64(seed), 9)))
				if alarm {
					alarms++
					took += at
				}
				if passed {
					good++
				}
			}
			share := func(n int) float64 { return float64(n) / float64(*releases) }
			t.Logf("called worse %.2f %% (after %s), good enough after the first step %.2f %%", 100*share(alarms),
				(took / time.Duration(max(1, alarms))).Round(time.Second), 100*share(good))
			assert.LessOrEqual(t, share(alarms), test.mostAlarms)
			assert.GreaterOrEqual(t, share(alarms), test.fewestAlarms)
			assert.LessOrEqual(t, share(good), test.mostGood)
		})
	}
}

func TestEvidence(t *testing.T) {
	t.Parallel()
	type look struct{ probes, candidate, stable Counts }
	for name, test := range map[string]struct {
		limit   float64
		looks   []look
		outcome Outcome
		reason  string
	}{
		"nothing": {0.02, nil, Inconclusive,
			"0 of 0 split requests to the candidate failed (with its own probes, 0 of 0): the release is 0.0 % sure that at most 2.0 % fail, " +
				"and needs 95 %"},
		"probes alone": {0.02, []look{{probes: Counts{300, 0}}}, Pass,
			"0 of 0 split requests to the candidate failed (with its own probes, 0 of 300): the release is 99.5 % sure that at most 2.0 % fail"},
		"too few probes": {0.02, []look{{probes: Counts{60, 0}}}, Inconclusive,
			"0 of 0 split requests to the candidate failed (with its own probes, 0 of 60): the release is 63.5 % sure that at most 2.0 % fail, " +
				"and needs 95 %"},
		"two errors at 10 % of the traffic, and stable has no error": {0.02, []look{{candidate: Counts{20, 2}, stable: Counts{180, 0}}},
			Inconclusive,
			"2 of 20 split requests to the candidate failed (with its own probes, 2 of 20), and 0 of 180 to stable: the release is 0.0 % sure " +
				"that at most 2.0 % fail, and needs 95 %"},
		"four errors at 10 % of the traffic, and stable has no error": {0.02, []look{{candidate: Counts{20, 4}, stable: Counts{180, 0}}}, Fail,
			"4 of 20 split requests to the candidate failed (with its own probes, 4 of 20), and 0 of 180 to stable: the release is 99.9 % sure " +
				"that the candidate is worse"},
		"good probes and a bad path": {0.02, []look{{probes: Counts{600, 0}, candidate: Counts{30, 1}, stable: Counts{270, 1}}}, Inconclusive,
			"1 of 30 split requests to the candidate failed (with its own probes, 1 of 630), and 1 of 270 to stable: over 2.0 % of the split " +
				"requests failed, and good probes do not make up for that"},
		"candidate and stable fail at the same rate": {0.02, []look{{candidate: Counts{20, 4}, stable: Counts{180, 36}}}, Inconclusive,
			"4 of 20 split requests to the candidate failed (with its own probes, 4 of 20), and 36 of 180 to stable: the release is 0.0 % sure " +
				"that at most 2.0 % fail, and needs 95 %"},
		"a broken stable excuses the candidate's errors": {0.02,
			[]look{{candidate: Counts{100, 20}, stable: Counts{100, 20}}, {candidate: Counts{200, 40}}}, Inconclusive,
			"60 of 300 split requests to the candidate failed (with its own probes, 60 of 300), and 20 of 100 to stable: the release is 0.0 % " +
				"sure that at most 2.0 % fail, and needs 95 %"},
		"errors in the last step, stable was good before": {0.02,
			[]look{{candidate: Counts{100, 0}, stable: Counts{100, 0}}, {candidate: Counts{200, 40}}}, Fail,
			"40 of 300 split requests to the candidate failed (with its own probes, 40 of 300), and 0 of 100 to stable: the release is 100.0 % " +
				"sure that the candidate is worse"},
		"errors in the last step, stable was at the limit before": {0.02, []look{{stable: Counts{100, 2}}, {candidate: Counts{200, 40}}}, Fail,
			"40 of 200 split requests to the candidate failed (with its own probes, 40 of 200), and 2 of 100 to stable: the release is 100.0 % " +
				"sure that the candidate is worse"},
		"candidate and stable at the limit, and good probes": {0.02,
			[]look{{probes: Counts{900, 0}, candidate: Counts{50, 1}, stable: Counts{450, 9}}}, Pass,
			"1 of 50 split requests to the candidate failed (with its own probes, 1 of 950), and 9 of 450 to stable: the release is 100.0 % " +
				"sure that at most 2.0 % fail"},
		"a limit of 100 %": {1, []look{{probes: Counts{10, 10}}}, Inconclusive,
			"0 of 0 split requests to the candidate failed (with its own probes, 10 of 10): the release is 0.0 % sure that at most 100.0 % " +
				"fail, and needs 95 %"},
		"a limit of 0": {0, []look{{probes: Counts{1, 1}}}, Fail,
			"0 of 0 split requests to the candidate failed (with its own probes, 1 of 1): the release is 99.9 % sure that the candidate is worse"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := NewEvidence(test.limit)
			for _, l := range test.looks {
				e.Look(l.probes, l.candidate, l.stable)
			}
			assert.Equal(t, Verdict{test.outcome, []string{test.reason}}, e.Verdict())
		})
	}
}

func TestDoubtful(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		probes Counts
		want   bool
	}{{Counts{}, false}, {Counts{10, 1}, false}, {Counts{10, 2}, true}, {Counts{100, 2}, false}, {Counts{99, 2}, true}} {
		e := NewEvidence(0.02)
		e.Look(test.probes, Counts{}, Counts{})
		assert.Equal(t, test.want, e.Doubtful(), test.probes)
	}
}

// TestSplit checks that probes of the candidate's own URL are subtracted from the counts. Probes of the service's URL stay, because
// they are split like visitors' requests.
func TestSplit(t *testing.T) {
	t.Parallel()
	through := start.Add(4500 * time.Millisecond)
	everyPath := samples("CC")
	everyPath[0].Requests, everyPath[0].Errors, everyPath[1].Requests = 3, 2, 3
	for i, test := range []struct {
		metrics Metrics
		probes  []Sample
		want    Counts
	}{
		{Metrics{}, nil, Counts{}},
		{Metrics{Requests: 10, Through: through}, samples("ccccc"), Counts{5, 0}},
		{Metrics{Requests: 10, Through: through}, samples("cccccccccc"), Counts{5, 0}}, // The newest probes are not in the metrics yet.
		{Metrics{Requests: 10, Errors: 3, Through: through}, samples("mMmMm"), Counts{10, 3}},
		{Metrics{Requests: 10, Errors: 3, Through: through}, samples("CCc"), Counts{7, 1}},
		{Metrics{Requests: 10, Errors: 4, Through: through}, everyPath, Counts{4, 1}},
		{Metrics{Requests: 2, Errors: 2, Through: through}, samples("ccc"), Counts{2, 2}},
		// Cloud Monitoring may not count a probe without an answer.
	} {
		assert.Equal(t, test.want, Split(test.metrics, test.probes), i)
	}
}

func TestSlow(t *testing.T) {
	t.Parallel()
	limits := MetricLimits{P95: time.Second, MinLatencies: 50}
	for _, test := range []struct {
		p95      time.Duration
		requests int
		limits   MetricLimits
		slow     bool
	}{
		{1001 * time.Millisecond, 50, limits, true}, {time.Second, 50, limits, false}, {time.Minute, 49, limits, false}, {time.Minute, 50,
			MetricLimits{}, false}, {0, 50, limits, false},
	} {
		verdict, slow := Slow(Metrics{P95: test.p95}, Counts{Requests: test.requests}, test.limits)
		assert.Equal(t, test.slow, slow)
		if slow {
			assert.Equal(t, Verdict{Fail, []string{fmt.Sprintf("p95 of %d requests is %s, above 1s", test.requests, test.p95)}}, verdict)
		}
	}
}
