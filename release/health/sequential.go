package health

import (
	"fmt"
	"math"
	"time"
)

// Counts are requests and how many of them failed.
type Counts struct {
	Requests, Errors int
}

// Plus adds.
func (c Counts) Plus(d Counts) Counts { return Counts{c.Requests + d.Requests, c.Errors + d.Errors} }

// Less subtracts, and never goes below nothing: what Cloud Monitoring counts may arrive late, or a probe's answer not be counted at all.
func (c Counts) Less(d Counts) Counts {
	left := Counts{max(0, c.Requests-d.Requests), max(0, c.Errors-d.Errors)}
	left.Requests = max(left.Requests, left.Errors)
	return left
}

func (c Counts) ratio() float64 { return float64(c.Errors) / float64(max(1, c.Requests)) }

// FalseAlarm is the highest chance that a whole release, looked at however often, is taken back though its candidate is no worse than
// what served before and within the limit. Unseen is the highest chance that a candidate above the limit is called good.
const (
	FalseAlarm = 0.01
	Unseen     = 0.05
)

// odds are how many times the candidate's odds of failing may be those of stable, if it is worse. Nobody knows beforehand, so that each
// has a test of its own and all count the same.
var odds = [...]float64{2, 4, 8, 16, 32, 64}

// Evidence is what a release has shown so far about its candidate's errors: gate C. See the package's comment for what its numbers are.
type Evidence struct {
	// limit is the highest share of failing requests that is good enough, above 0 and below 1.
	limit float64
	// compared is, for each of the odds, the logarithm of its e-value over all looks.
	compared [len(odds)]float64
	// probes are those of the candidate's own URL; candidate and stable the requests that were split between the two; alone those of the
	// candidate that no request of stable stood beside.
	probes, candidate, stable, alone Counts
}

// NewEvidence has seen nothing. A limit of none or of all failures is taken as one in ten thousand or all but that: nothing could ever
// be sure of it.
func NewEvidence(limit float64) Evidence { return Evidence{limit: min(max(limit, 1e-4), 1-1e-4)} }

// Look adds what is new since the last one: probes of the candidate's own URL, and requests of both revisions that came over the
// service's URL.
func (e *Evidence) Look(probes, candidate, stable Counts) {
	e.probes, e.candidate, e.stable = e.probes.Plus(probes), e.candidate.Plus(candidate), e.stable.Plus(stable)
	switch {
	case candidate.Requests > 0 && stable.Requests > 0:
		for i, ratio := range odds {
			e.compared[i] += logCompared(candidate, stable, ratio)
		}
	case e.stable.Requests == 0 || e.stable.ratio() <= e.limit:
		e.alone = e.alone.Plus(candidate)
	}
}

// logCompared is the logarithm of the e-value of one look: how much likelier its split of the errors between the two revisions is when
// the candidate's odds are the given multiple of stable's than when both are the same.
func logCompared(candidate, stable Counts, ratio float64) float64 {
	errors := candidate.Errors + stable.Errors
	if errors == 0 {
		return 0
	}
	first, last := max(0, errors-stable.Requests), min(errors, candidate.Requests)
	plain, tilted := make([]float64, 0, last-first+1), make([]float64, 0, last-first+1)
	for k := first; k <= last; k++ {
		log := logChoose(candidate.Requests, k) + logChoose(stable.Requests, errors-k)
		plain = append(plain, log)
		tilted = append(tilted, log+float64(k)*math.Log(ratio))
	}
	return float64(candidate.Errors)*math.Log(ratio) + logSum(plain) - logSum(tilted)
}

func logChoose(n, k int) float64 {
	a, _ := math.Lgamma(float64(n + 1))
	b, _ := math.Lgamma(float64(k + 1))
	c, _ := math.Lgamma(float64(n - k + 1))
	return a - b - c
}

// logSum is the logarithm of a sum of which the logarithms are given.
func logSum(logs []float64) float64 {
	highest := math.Inf(-1)
	for _, log := range logs {
		highest = math.Max(highest, log)
	}
	if math.IsInf(highest, -1) {
		return highest
	}
	sum := 0.0
	for _, log := range logs {
		sum += math.Exp(log - highest)
	}
	return highest + math.Log(sum)
}

// logAgainst is the logarithm of the e-value against a share of failures, mixed over the alternatives with equal weights.
func logAgainst(c Counts, share float64, alternatives []float64) float64 {
	good, bad := float64(c.Requests-c.Errors), float64(c.Errors)
	logs := make([]float64, 0, len(alternatives))
	for _, p := range alternatives {
		log := good * (math.Log1p(-p) - math.Log1p(-share))
		if bad > 0 {
			log += bad * (math.Log(p) - math.Log(share))
		}
		logs = append(logs, log-math.Log(float64(len(alternatives))))
	}
	return logSum(logs)
}

// worse is the logarithm of the e-value against "the candidate is no worse than stable, and where it stood alone within the limit".
func (e Evidence) worse() float64 {
	compared := make([]float64, 0, len(odds))
	for _, log := range e.compared {
		compared = append(compared, log-math.Log(float64(len(odds))))
	}
	var above []float64
	for _, part := range []float64{0.02, 0.05, 0.1, 0.2, 0.5, 0.9} {
		above = append(above, e.limit+(1-e.limit)*part)
	}
	return logSum([]float64{logSum(compared), logAgainst(e.alone, e.limit, above), logAgainst(e.probes, e.limit, above)}) - math.Log(3)
}

// seen are all of the candidate's requests.
func (e Evidence) seen() Counts { return e.probes.Plus(e.candidate) }

// troubled says that visitors meet more failures than the limit, and than beside it: the probes' good answers do not make up for that.
func (e Evidence) troubled() bool {
	return e.candidate.ratio() > max(e.limit, e.stable.ratio())
}

// Doubtful says that more failed than the limit, and not by one failure alone: looking on decides it, going on would be a guess.
func (e Evidence) Doubtful() bool { return e.seen().Errors > 1 && e.seen().ratio() > e.limit }

// good is the logarithm of the e-value against "more of the candidate's requests fail than the limit".
func (e Evidence) good() float64 {
	return logAgainst(e.seen(), e.limit, []float64{0, e.limit / 16, e.limit / 8, e.limit / 4, e.limit / 2})
}

// sure is an e-value as people read it: 1 in 20 is 95 %.
func sure(log float64) float64 { return 100 * math.Max(0, 1-math.Exp(-log)) }

// Verdict is what the evidence says now: Fail once it is sure that the candidate is worse, Pass while it is sure that it is good enough,
// else Inconclusive.
func (e Evidence) Verdict() Verdict {
	worse, good := e.worse(), e.good()
	what := fmt.Sprintf("%d of %d split requests and, with its own probes, %d of %d requests to the candidate failed", e.candidate.Errors,
		e.candidate.Requests,
		e.seen().Errors, e.seen().Requests)
	if e.stable.Requests > 0 {
		what += fmt.Sprintf(", %d of %d beside it", e.stable.Errors, e.stable.Requests)
	}
	switch {
	case worse >= -math.Log(FalseAlarm):
		return verdict(Fail, "%s: it is worse, by evidence of %.1f %% over all looks", what, sure(worse))
	case good >= -math.Log(Unseen) && e.troubled():
		return verdict(Inconclusive, "%s: more than %.1f %% of the split ones, which good probes do not make up for", what, 100*e.limit)
	case good >= -math.Log(Unseen):
		return verdict(Pass, "%s: it is %.1f %% sure that at most %.1f %% do", what, sure(good), 100*e.limit)
	}
	return verdict(Inconclusive, "%s: it is %.1f %% sure that at most %.1f %% do, which takes %.0f %%", what, sure(good), 100*e.limit,
		100*(1-Unseen))
}

// Split takes the probes of the candidate's own URL out of what Cloud Monitoring counted for it. What is left came over the service's
// URL and was split by chance, this program's own probes of that URL among it, so that it compares with what stable got.
func Split(metrics Metrics, probes []Sample) Counts {
	own := Counts{}
	for _, sample := range probes {
		if sample.Endpoint == Candidate && !sample.At.After(metrics.Through) { // Later ones are not in the metrics yet.
			requests, errors := sample.counted()
			own = own.Plus(Counts{requests, errors})
		}
	}
	return Counts{metrics.Requests, metrics.Errors}.Less(own)
}

// Slow judges the latency of real requests, where there are enough of them.
func Slow(metrics Metrics, candidate Counts, limits MetricLimits) (Verdict, bool) {
	if limits.P95 <= 0 || candidate.Requests < limits.MinLatencies || metrics.P95 <= limits.P95 {
		return Verdict{}, false
	}
	return verdict(Fail, "p95 of %d requests is %s, above %s", candidate.Requests, metrics.P95.Round(time.Millisecond), limits.P95), true
}
