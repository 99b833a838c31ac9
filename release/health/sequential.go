package health

import (
	"fmt"
	"math"
	"time"

	"github.com/guiofsaints/procureflow-platform/internal/plural"
)

// Counts is a number of requests and how many of them failed.
type Counts struct {
	Requests, Errors int
}

// Plus adds two counts.
func (c Counts) Plus(d Counts) Counts { return Counts{c.Requests + d.Requests, c.Errors + d.Errors} }

// Less subtracts counts, and stops at zero: Cloud Monitoring may count late, or never count a probe's answer.
func (c Counts) Less(d Counts) Counts {
	left := Counts{max(0, c.Requests-d.Requests), max(0, c.Errors-d.Errors)}
	left.Requests = max(left.Requests, left.Errors)
	return left
}

func (c Counts) ratio() float64 { return float64(c.Errors) / float64(max(1, c.Requests)) }

// falseAlarm is the highest chance that a release is taken back although its candidate is no worse than stable and within the limit. It
// holds for the whole release, however often one looks. Unseen is the highest chance that a candidate above the limit is called good.
const (
	falseAlarm = 0.01
	Unseen     = 0.05
)

// odds are the multiples tried for how much higher a worse candidate's odds of failing are than stable's. The true multiple is unknown,
// so each has its own test, with equal weight.
var odds = [...]float64{2, 4, 8, 16, 32, 64}

// Evidence is what a release has shown so far about its candidate's errors, for gate C. The package comment explains the numbers.
type Evidence struct {
	// limit is the highest share of failing requests that is good enough, above 0 and below 1.
	limit float64
	// compared is, for each of the odds, the logarithm of its e-value over all looks.
	compared [len(odds)]float64
	// probes are those of the candidate's own URL. candidate and stable are the requests that were split between the two. alone are
	// requests to the candidate in looks in which stable had no request.
	probes, candidate, stable, alone Counts
}

// NewEvidence returns the evidence before the first look. It moves a limit of 0 or 1 inward by 1e-4, because no number of requests
// could make it sure of either.
func NewEvidence(limit float64) Evidence { return Evidence{limit: min(max(limit, 1e-4), 1-1e-4)} }

// Look adds what is new since the last look: probes of the candidate's own URL, and requests to both revisions over the service's URL.
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

// logCompared returns the logarithm of the e-value of one look: how much likelier its split of the errors between the two revisions is
// when the candidate's odds are the given multiple of stable's than when both are the same.
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

// logSum returns the logarithm of a sum whose terms are given as logarithms.
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

// logAgainst returns the logarithm of the e-value against a share of failures, averaged over the alternatives with equal weights.
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

// worse returns the logarithm of the e-value against "the candidate is no worse than stable and, where stable had no requests, within the
// limit".
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

// seen returns all of the candidate's requests.
func (e Evidence) seen() Counts { return e.probes.Plus(e.candidate) }

// failsMore says that visitors meet more failures than the limit and than on stable. The probes' good answers do not make up for that.
func (e Evidence) failsMore() bool {
	return e.candidate.ratio() > max(e.limit, e.stable.ratio())
}

// Doubtful says that more requests failed than the limit, and not by a single failure. Looking longer decides; going on would be a guess.
func (e Evidence) Doubtful() bool { return e.seen().Errors > 1 && e.seen().ratio() > e.limit }

// good returns the logarithm of the e-value against "more of the candidate's requests fail than the limit".
func (e Evidence) good() float64 {
	return logAgainst(e.seen(), e.limit, []float64{0, e.limit / 16, e.limit / 8, e.limit / 4, e.limit / 2})
}

// sure returns an e-value as a percentage: 20 is 95 %.
func sure(log float64) float64 { return 100 * math.Max(0, 1-math.Exp(-log)) }

// Verdict judges the evidence: Fail when it is sure that the candidate is worse, Pass while it is sure that the candidate is good enough,
// else Inconclusive.
func (e Evidence) Verdict() Verdict {
	worse, good := e.worse(), e.good()
	what := fmt.Sprintf("%d of %s to the candidate failed (with its own probes, %d of %d)", e.candidate.Errors,
		plural.Of(e.candidate.Requests, "split request", "split requests"), e.seen().Errors, e.seen().Requests)
	if e.stable.Requests > 0 {
		what += fmt.Sprintf(", and %d of %d to stable", e.stable.Errors, e.stable.Requests)
	}
	switch {
	case worse >= -math.Log(falseAlarm):
		return verdict(Fail, "%s: the release is %.1f %% sure that the candidate is worse", what, sure(worse))
	case good >= -math.Log(Unseen) && e.failsMore():
		return verdict(Inconclusive, "%s: over %.1f %% of the split requests failed, and good probes do not make up for that", what, 100*e.limit)
	case good >= -math.Log(Unseen):
		return verdict(Pass, "%s: the release is %.1f %% sure that at most %.1f %% fail", what, sure(good), 100*e.limit)
	}
	return verdict(Inconclusive, "%s: the release is %.1f %% sure that at most %.1f %% fail, and needs %.0f %%", what, sure(good), 100*e.limit,
		100*(1-Unseen))
}

// Split subtracts the probes of the candidate's own URL from Cloud Monitoring's counts. The rest came over the service's URL and was
// split by chance, so that it compares with stable's requests. It includes this program's own probes of the service's URL.
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

// Slow judges the latency of real requests, if there are enough of them.
func Slow(metrics Metrics, candidate Counts, limits MetricLimits) (Verdict, bool) {
	if limits.P95 <= 0 || candidate.Requests < limits.MinLatencies || metrics.P95 <= limits.P95 {
		return Verdict{}, false
	}
	return verdict(Fail, "p95 of %s is %s, above %s", plural.Of(candidate.Requests, "request", "requests"),
		metrics.P95.Round(time.Millisecond), limits.P95), true
}
