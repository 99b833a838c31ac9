package health

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

var start = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// samples returns one probe for each letter, a second apart: c and m are good probes of the candidate's URL and the service's (main)
// URL, C and M bad ones, and s is a slow good one of the candidate's.
func samples(letters string) []Sample {
	var list []Sample
	for i, letter := range letters {
		sample := Sample{Endpoint: Candidate, At: start.Add(time.Duration(i) * time.Second), Latency: 100 * time.Millisecond, Status: 200}
		switch letter {
		case 'm', 'M':
			sample.Endpoint = Main
		case 's':
			sample.Latency = 3 * time.Second
		}
		if letter == 'C' || letter == 'M' {
			sample.Status, sample.Fault = 503, "status 503"
		}
		list = append(list, sample)
	}
	return list
}

func repeat(letters string, times int) string {
	repeated := ""
	for range times {
		repeated += letters
	}
	return repeated
}

func TestBeforeTraffic(t *testing.T) {
	t.Parallel()
	limits := Limits{Probes: 40, P95: time.Second}
	for name, test := range map[string]struct {
		samples string
		limits  Limits
		outcome Outcome
		reason  string
	}{
		"nothing yet":          {"", limits, Pending, "0 of 40 probes before traffic were good"},
		"not enough":           {repeat("c", 39), limits, Pending, "39 of 40 probes before traffic were good"},
		"enough":               {repeat("c", 40), limits, Pass, "40 probes before traffic were good, p95 100ms"},
		"first one bad":        {"C", limits, Pending, "0 of 40 probes before traffic were good"},
		"first two bad":        {"CC", limits, Fail, "2 of 2 probes before traffic failed, the last one: status 503"},
		"one bad, then enough": {"ccC" + repeat("c", 40), limits, Pass, "40 probes before traffic were good, p95 100ms"},
		"one bad, not enough":  {repeat("c", 39) + "C" + repeat("c", 39), limits, Pending, "39 of 40 probes before traffic were good"},
		"a second one bad":     {"C" + repeat("c", 39) + "C", limits, Fail, "2 of 41 probes before traffic failed, the last one: status 503"},
		"last one bad":         {repeat("c", 39) + "C", limits, Pending, "0 of 40 probes before traffic were good"},
		"probes of the service's URL do not count": {repeat("c", 39) + repeat("m", 20), limits, Pending,
			"39 of 40 probes before traffic were good"},
		"the service's URL may fail": {repeat("cM", 40), limits, Pass, "40 probes before traffic were good, p95 100ms"},
		"two of forty slow":          {repeat("c", 38) + "ss", limits, Pass, "40 probes before traffic were good, p95 100ms"},
		"three of forty slow":        {repeat("c", 37) + "sss", limits, Fail, "p95 of 40 probes of the candidate is 3s, above 1s"},
		"no limit for latency":       {repeat("s", 40), Limits{Probes: 40}, Pass, "40 probes before traffic were good, p95 3s"},
		"too few probes for a p95": {repeat("c", 19), Limits{Probes: 19, P95: time.Second}, Pending,
			"19 of the 20 probes before traffic that a p95 needs"},
		"just enough probes for a p95": {repeat("s", 20), Limits{Probes: 19, P95: time.Second}, Fail,
			"p95 of 20 probes of the candidate is 3s, above 1s"},
		"no probes asked for": {"", Limits{}, Pass, "0 probes before traffic were good, p95 0s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, Verdict{test.outcome, []string{test.reason}}, BeforeTraffic(samples(test.samples), test.limits))
		})
	}
}

func TestProbes(t *testing.T) {
	t.Parallel()
	few := func(count int) []string {
		return []string{fmt.Sprintf("%d probes of the candidate's URL; a decision needs 20", count)}
	}
	const inARow = "3 probes of the candidate's URL in a row failed, the last one: status 503"
	const mainInARow = "3 probes of the service's URL in a row failed, the last one: status 503"
	for name, test := range map[string]struct {
		samples    string
		mainBroken bool
		outcome    Outcome
		reasons    []string
	}{
		"nothing yet":       {"", false, Pending, []string{"the candidate has not been probed yet"}},
		"good":              {repeat("cm", 20), false, Pass, []string{"40 of 40 probes were good, p95 of the candidate 100ms"}},
		"good, one too few": {repeat("cm", 19), false, Inconclusive, few(19)},
		"one bad": {"cmCm" + repeat("cm", 18), false, Pass,
			[]string{"39 of 40 probes were good, p95 of the candidate 100ms"}},
		"one bad, at the end": {"cmcmCm", false, Pending,
			[]string{"the last probe of the candidate's URL failed: status 503"}},
		"two in a row": {"cmCmCm", false, Pending,
			[]string{"the last probe of the candidate's URL failed: status 503"}},
		"three in a row": {"cmCmCmCm", false, Fail, []string{inARow}},
		"three, not in a row": {"CmCmcmCm", false, Pending,
			[]string{"the last probe of the candidate's URL failed: status 503"}},
		"three in a row, then good":              {"CmCmCmcm", false, Inconclusive, few(4)},
		"the service's URL fails three in a row": {"cMcMcM", false, Fail, []string{mainInARow}},
		"the service's URL fails two in a row": {repeat("cm", 18) + "cMcM", false, Pass,
			[]string{"38 of 40 probes were good, p95 of the candidate 100ms"}},
		"both": {"CMCMCM", false, Fail, []string{inARow, mainInARow}},
		"the service's URL failed before the rollout": {repeat("cM", 20), true, Pass,
			[]string{"20 of 40 probes were good, p95 of the candidate 100ms"}},
		"the service's URL failed before, and the candidate fails": {"CMCMCM", true, Fail, []string{inARow}},
		"alternating endpoints": {"CmcMCmcM", false, Inconclusive, few(4)},
		"slow": {repeat("c", 18) + "ss", false, Fail,
			[]string{"p95 of 20 probes of the candidate is 3s, above 1s"}},
		"over the ratio": {repeat("ccccCc", 4), false, Fail,
			[]string{"4 of 24 probes of the candidate's URL failed, more than 10 %"}},
		"over the ratio, with just enough probes": {repeat("ccccC", 3) + "ccccc", false, Fail,
			[]string{"3 of 20 probes of the candidate's URL failed, more than 10 %"}},
		"over the ratio, with too few probes": {repeat("ccccCc", 3), false, Inconclusive, few(18)},
		"at the ratio": {repeat("ccccCccccc", 2), false, Pass,
			[]string{"18 of 20 probes were good, p95 of the candidate 100ms"}},
		"slow, too few": {repeat("s", 19), false, Inconclusive, few(19)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := Probes(samples(test.samples), Limits{P95: time.Second, Consecutive: 3, BadRatio: 0.1}, test.mainBroken)
			assert.Equal(t, Verdict{test.outcome, test.reasons}, got)
		})
	}
}

// TestLimitsNeeded checks the number of samples that the limits need. Without a share or a percentile it is one.
func TestLimitsNeeded(t *testing.T) {
	t.Parallel()
	assert.Equal(t, 1, Limits{Consecutive: 3}.Needed())
	assert.Equal(t, 20, Limits{BadRatio: 0.1}.Needed())
	assert.Equal(t, 20, Limits{P95: time.Second}.Needed())
	assert.Equal(t, Pass, Probes(samples("c"), Limits{Consecutive: 3}, false).Outcome)
	assert.Equal(t, Pass, Probes(samples(repeat("cC", 30)+"c"), Limits{Consecutive: 3}, false).Outcome, "no limit for the share of bad ones")
}

func TestUnreachable(t *testing.T) {
	t.Parallel()
	out, in := Sample{Fault: "no route", Unreachable: true}, Sample{Fault: "status 503", Status: 503}
	for _, test := range []struct {
		round []Sample
		why   string
		dark  bool
	}{{nil, "", false}, {[]Sample{out}, "no route", true}, {[]Sample{out, out}, "no route", true}, {[]Sample{out, in}, "",
		false}, {[]Sample{in, out}, "", false}, {[]Sample{{}}, "", false}} {
		why, dark := Unreachable(test.round)
		assert.Equal(t, test.why, why)
		assert.Equal(t, test.dark, dark)
	}
}

// TestSamplesCountRequestsAndErrors checks what Cloud Monitoring counts for a sample. Its errors are the statuses from 500 on.
func TestSamplesCountRequestsAndErrors(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		sample           Sample
		requests, errors int
	}{{Sample{Status: 499}, 1, 0}, {Sample{Status: 500}, 1, 1}, {Sample{Status: 599}, 1, 1}, {Sample{}, 1,
		0}, {Sample{Requests: 3, Errors: 2, Status: 500}, 3, 2}} {
		requests, errors := test.sample.counted()
		assert.Equal(t, test.requests, requests)
		assert.Equal(t, test.errors, errors)
	}
}

// TestProbesWithoutALimit checks that a number without a limit is not judged, and that a latency equal to the limit passes.
func TestProbesWithoutALimit(t *testing.T) {
	t.Parallel()
	slow := samples(repeat("s", 20))
	assert.Equal(t, Fail, Probes(slow, Limits{P95: 3*time.Second - 1}, false).Outcome)
	for _, limits := range []Limits{{}, {P95: 3 * time.Second}, {BadRatio: 0.5}} {
		assert.Equal(t, Pass, Probes(slow, limits, false).Outcome, limits)
	}
	assert.NotEqual(t, Fail, Probes(samples(repeat("C", 20)), Limits{}, false).Outcome)
}

// TestProbesAtTheLimit checks that a share equal to the limit passes, in spite of rounding in binary fractions.
func TestProbesAtTheLimit(t *testing.T) {
	t.Parallel()
	for percent := 1; percent < 50; percent++ {
		letters := repeat("Cc", percent) + repeat("c", 100-2*percent)
		limits := Limits{Consecutive: 3, BadRatio: float64(percent) / 100}
		assert.Equal(t, Pass, Probes(samples(letters), limits, false).Outcome, percent)
		assert.Equal(t, Fail, Probes(samples("C"+letters[:99]), limits, false).Outcome, percent)
	}
}

func TestAll(t *testing.T) {
	t.Parallel()
	pass, fail := verdict(Pass, "p"), verdict(Fail, "f")
	pending, inconclusive := verdict(Pending, "w"), verdict(Inconclusive, "i")
	for want, verdicts := range map[*Verdict][]Verdict{
		{Outcome: Pass}: {},
		{Outcome: Pass, Reasons: []string{"p", "p"}}:    {pass, pass},
		{Outcome: Inconclusive, Reasons: []string{"i"}}: {pass, inconclusive},
		{Outcome: Pending, Reasons: []string{"w"}}:      {pass, inconclusive, pending},
		{Outcome: Fail, Reasons: []string{"f", "f"}}:    {fail, pass, inconclusive, pending, fail},
	} {
		assert.Equal(t, *want, All(verdicts...))
	}
}

func TestP95(t *testing.T) {
	t.Parallel()
	assert.Equal(t, time.Duration(0), P95(nil))
	assert.Equal(t, 100*time.Millisecond, P95(samples("c")))
	var list []Sample
	for i := 100; i >= 1; i-- {
		list = append(list, Sample{Latency: time.Duration(i)})
	}
	assert.Equal(t, time.Duration(95), P95(list))
}
