package health

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/guiofsaints/procureflow-platform/internal/plural"
)

// Outcome is what a gate says.
type Outcome string

const (
	// Pending says that too little has been seen yet, and that nothing speaks against the candidate.
	Pending Outcome = "pending"
	// Pass lets the rollout go on.
	Pass Outcome = "pass"
	// Fail requires a rollback.
	Fail Outcome = "fail"
	// Inconclusive says that there is no data to judge by, and that waiting alone may not bring any.
	Inconclusive Outcome = "inconclusive"
)

// Verdict is an outcome and the reasons for it, in words that a report can print.
type Verdict struct {
	Outcome Outcome  `json:"outcome"`
	Reasons []string `json:"reasons,omitempty"`
}

func verdict(outcome Outcome, format string, arguments ...any) Verdict {
	return Verdict{outcome, []string{fmt.Sprintf(format, arguments...)}}
}

// All joins the verdicts of several gates. One Fail makes it Fail, else one Pending makes it Pending, else one Inconclusive makes it
// Inconclusive. The reasons are those of the gates that decided.
func All(verdicts ...Verdict) Verdict {
	for _, outcome := range []Outcome{Fail, Pending, Inconclusive, Pass} {
		joined := Verdict{Outcome: outcome}
		found := false
		for _, one := range verdicts {
			if one.Outcome == outcome {
				found, joined.Reasons = true, append(joined.Reasons, one.Reasons...)
			}
		}
		if found {
			return joined
		}
	}
	return Verdict{Outcome: Pass}
}

// Endpoint is one of the two places that are probed.
type Endpoint string

const (
	// Candidate is the URL of the candidate's tag: every probe reaches the candidate.
	Candidate Endpoint = "candidate"
	// Main is the service's URL, over which requests are split.
	Main Endpoint = "main"
)

// Sample is one probe. It holds no header, body or token.
type Sample struct {
	Endpoint Endpoint `json:"endpoint"`
	// At is when the request was made. Latency is the time until the whole answer was there; in JSON, in nanoseconds.
	At      time.Time     `json:"at"`
	Latency time.Duration `json:"latency"`
	// Status is the HTTP status, 0 when there was no answer.
	Status int `json:"status,omitempty"`
	// Fault says what is wrong with the answer; empty for a good one.
	Fault string `json:"fault,omitempty"`
	// Unreachable says that the request reached no server: no name, no connection, or no token to send. If that is so at every endpoint,
	// the fault is on the prober's side, and the samples say nothing about the candidate.
	Unreachable bool `json:"unreachable,omitempty"`
	// Requests is how many requests were made, one per path; 0 means one. Errors is how many of them had a status of 5xx.
	Requests int `json:"requests,omitempty"`
	Errors   int `json:"errors,omitempty"`
}

// counted returns the requests and errors that Cloud Monitoring counts for the sample.
func (s Sample) counted() (requests, errors int) {
	requests, errors = max(1, s.Requests), s.Errors
	if s.Status >= 500 {
		errors = max(1, errors)
	}
	return requests, errors
}

// Good says whether the probe was answered correctly.
func (s Sample) Good() bool { return s.Fault == "" }

// Limits are the limits of gates A and B for probes.
type Limits struct {
	// Probes is how many good answers gate A needs. 59 good ones in a row show with 95 % confidence that fewer than 5 % are bad (ln 0.05
	// / ln 0.95); fewer than 1 % takes 299.
	Probes int
	// P95 is the candidate's highest 95th percentile of latency; 0 for no limit. It is judged from minSamples on.
	P95 time.Duration
	// Consecutive is how many failures in a row of one endpoint fail gate B; 0 for no limit.
	Consecutive int
	// BadRatio is the candidate's highest share of bad probes in a step, 0 to 1; 0 for no limit. It is judged from minSamples on. It
	// catches a candidate that fails often but never Consecutive times in a row.
	BadRatio float64
}

// minSamples is the fewest samples that a share or a percentile is judged from. With fewer, one in twenty is less than one sample, and
// the 95th percentile is simply the maximum. Nothing passes with fewer.
const minSamples = 20

// Needed returns how many samples of a step the limits need before they can be judged.
func (l Limits) Needed() int {
	if l.BadRatio > 0 || l.P95 > 0 {
		return minSamples
	}
	return 1
}

// Unreachable says whether a round of probes reached nothing at all, and returns the last reason.
func Unreachable(round []Sample) (string, bool) {
	for _, sample := range round {
		if !sample.Unreachable {
			return "", false
		}
	}
	if len(round) == 0 {
		return "", false
	}
	return round[len(round)-1].Fault, true
}

// BeforeTraffic is gate A. It passes after enough good and fast answers in a row from the candidate's own URL. The first bad probe starts
// the row again, because any network loses a request now and then. The second one fails the gate: nobody is served by the candidate yet,
// so failing early costs nothing.
func BeforeTraffic(samples []Sample, limits Limits) Verdict {
	counted := only(samples, Candidate)
	bad, from := 0, 0
	for i, sample := range counted {
		if sample.Good() {
			continue
		}
		if bad++; bad == 2 {
			return verdict(Fail, "2 of %d probes before traffic failed, the last one: %s", i+1, sample.Fault)
		}
		from = i + 1
	}
	counted = counted[from:]
	if len(counted) < limits.Probes {
		return verdict(Pending, "%d of %s before traffic %s good", len(counted), probes(limits.Probes),
			plural.Word(len(counted), "was", "were"))
	}
	if needed := limits.Needed(); len(counted) < needed && limits.P95 > 0 {
		return verdict(Pending, "%d of the %s before traffic that a p95 needs", len(counted), probes(needed))
	}
	if slow, tooSlow := slowness(counted, limits); tooSlow {
		return slow
	}
	return verdict(Pass, "%s before traffic %s good, p95 %s", probes(len(counted)), plural.Word(len(counted), "was", "were"),
		round(P95(counted)))
}

// Probes is gate B over one step. Too many failures in a row at either endpoint fail it at once. Too high a share of failures, or too
// slow answers, of the candidate fail it when there are enough samples to say so; before that it is inconclusive. mainBroken says that
// the service's URL was broken before the candidate had any traffic. Its failures then do not count, because the candidate may be the
// repair.
func Probes(samples []Sample, limits Limits, mainBroken bool) Verdict {
	candidate, service := only(samples, Candidate), only(samples, Main)
	var verdicts []Verdict
	for _, endpoint := range []struct {
		name    string
		samples []Sample
		judged  bool
	}{{"the candidate's URL", candidate, true}, {"the service's URL", service, !mainBroken}} {
		if streak, fault := failing(endpoint.samples); endpoint.judged && limits.Consecutive > 0 && streak >= limits.Consecutive {
			verdicts = append(verdicts, verdict(Fail, "%s of %s in a row failed, the last one: %s", probes(streak), endpoint.name, fault))
		}
	}
	if len(verdicts) > 0 {
		return All(verdicts...)
	}
	if len(candidate) == 0 {
		return verdict(Pending, "the candidate has not been probed yet")
	}
	if bad := faults(candidate); limits.BadRatio > 0 && len(candidate) >= minSamples &&
		float64(bad)/float64(len(candidate)) > limits.BadRatio {
		return verdict(Fail, "%d of %d probes of the candidate's URL failed, more than %.0f %%", bad, len(candidate), 100*limits.BadRatio)
	}
	if streak, fault := failing(candidate); streak > 0 {
		return verdict(Pending, "the last probe of the candidate's URL failed: %s", fault)
	}
	if slow, tooSlow := slowness(candidate, limits); tooSlow {
		return slow
	}
	if len(candidate) < limits.Needed() {
		return verdict(Inconclusive, "%s of the candidate's URL; a decision needs %d", probes(len(candidate)), limits.Needed())
	}
	good := len(samples) - faults(samples)
	return verdict(Pass, "%d of %s %s good, p95 of the candidate %s", good, probes(len(samples)), plural.Word(good, "was", "were"),
		round(P95(candidate)))
}

func probes(n int) string { return plural.Of(n, "probe", "probes") }

func faults(samples []Sample) (bad int) {
	for _, sample := range samples {
		if !sample.Good() {
			bad++
		}
	}
	return bad
}

// failing returns how many samples at the end failed in a row, and the last fault.
func failing(samples []Sample) (streak int, fault string) {
	for i := len(samples) - 1; i >= 0 && !samples[i].Good(); i-- {
		if streak++; streak == 1 {
			fault = samples[i].Fault
		}
	}
	return streak, fault
}

func slowness(samples []Sample, limits Limits) (Verdict, bool) {
	if limits.P95 <= 0 || len(samples) < minSamples {
		return Verdict{}, false
	}
	if p95 := P95(samples); p95 > limits.P95 {
		return verdict(Fail, "p95 of %d probes of the candidate is %s, above %s", len(samples), round(p95), limits.P95), true
	}
	return Verdict{}, false
}

// P95 returns the 95th percentile of the latencies by nearest rank, 0 without samples.
func P95(samples []Sample) time.Duration {
	if len(samples) == 0 {
		return 0
	}
	latencies := make([]time.Duration, len(samples))
	for i, sample := range samples {
		latencies[i] = sample.Latency
	}
	slices.Sort(latencies)
	return latencies[int(math.Ceil(0.95*float64(len(latencies))))-1]
}

func only(samples []Sample, endpoint Endpoint) []Sample {
	var list []Sample
	for _, sample := range samples {
		if sample.Endpoint == endpoint {
			list = append(list, sample)
		}
	}
	return list
}

func round(d time.Duration) time.Duration { return d.Round(time.Millisecond) }
