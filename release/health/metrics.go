package health

import (
	"math"
	"time"
)

// Metrics is what Cloud Monitoring says about one revision over one window, the program's own probes included.
type Metrics struct {
	// Requests and Errors (responses of class 5xx) in the window.
	Requests, Errors int
	// P95 is the 95th percentile of the request latency over the window; 0 when unknown.
	P95 time.Duration
	// Through is the end of the newest point: sampling and delivery lag by three to four minutes. Zero without any point.
	Through time.Time
}

// MetricLimits are gate C's.
type MetricLimits struct {
	// ErrorRatio is the highest share of 5xx among real requests, 0 to 1.
	ErrorRatio float64
	// P95 is the highest 95th percentile of latency; 0 for no limit.
	P95 time.Duration
	// MinRequests and MinLatencies are the fewest real requests from which the error ratio and the p95 say anything.
	MinRequests, MinLatencies int
}

// FromMetrics is gate C: errors and latency of real requests. probes are this program's own samples, which count in the revision's
// metrics like any request: those of the candidate's URL all, those of the service's URL by the candidate's percent. They are taken
// out, so that a canary that nobody visits is inconclusive instead of healthy.
func FromMetrics(metrics Metrics, probes []Sample, percent int, limits MetricLimits) Verdict {
	own, ownErrors := 0, 0
	split, splitErrors := 0, 0
	for _, sample := range probes {
		requests, errors := sample.counted()
		switch {
		case sample.At.After(metrics.Through): // Not in the metrics yet.
		case sample.Endpoint == Candidate:
			own, ownErrors = own+requests, ownErrors+errors
		default:
			split, splitErrors = split+requests, splitErrors+errors
		}
	}
	own, ownErrors = own+most(split, percent), ownErrors+splitErrors*percent/100
	requests, errors := max(0, metrics.Requests-own), max(0, metrics.Errors-ownErrors)
	requests = max(requests, errors) // A probe without an answer may not have been counted as a request.
	if requests < limits.MinRequests {
		return verdict(Inconclusive, "%d real requests (and %d probes) seen by Cloud Monitoring, fewer than %d", requests, own, limits.MinRequests)
	}
	if ratio := float64(errors) / float64(max(requests, 1)); ratio > limits.ErrorRatio {
		return verdict(Fail, "%d of %d real requests failed (%.1f %%), more than %.1f %%", errors, requests, 100*ratio, 100*limits.ErrorRatio)
	}
	if limits.P95 <= 0 {
		return verdict(Pass, "%d of %d real requests failed", errors, requests)
	}
	if requests < limits.MinLatencies || metrics.P95 == 0 {
		return verdict(Inconclusive, "%d of %d real requests failed; %d are needed to judge latency", errors, requests, limits.MinLatencies)
	}
	if metrics.P95 > limits.P95 {
		return verdict(Fail, "p95 of %d requests is %s, above %s", requests, round(metrics.P95), limits.P95)
	}
	return verdict(Pass, "%d of %d real requests failed, p95 %s", errors, requests, round(metrics.P95))
}

// most is how many of some requests a percent of them is, three standard deviations of luck included: too many real requests must
// not be claimed.
func most(requests, percent int) int {
	n, share := float64(requests), float64(percent)/100
	return min(requests, int(math.Ceil(n*share+3*math.Sqrt(n*share*(1-share)))))
}
