package health

import "time"

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
	// ErrorRatio is the highest share of failing requests that is good enough, 0 to 1.
	ErrorRatio float64
	// P95 is the highest 95th percentile of latency; 0 for no limit.
	P95 time.Duration
	// MinRequests are the fewest requests over the service's URL without which nothing passes, however many probes there are.
	// MinLatencies are the fewest from which the p95 says anything.
	MinRequests, MinLatencies int
}
