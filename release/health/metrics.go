package health

import "time"

// Metrics is what Cloud Monitoring says about one revision over one window. It includes the controller's own probes.
type Metrics struct {
	// Requests is the number of requests in the window, and Errors how many of them were answered with 5xx.
	Requests, Errors int
	// P95 is the 95th percentile of the request latency over the window; 0 when unknown.
	P95 time.Duration
	// Through is the end of the newest point, which is three to four minutes old because of sampling and delivery. Zero without any
	// point.
	Through time.Time
}

// MetricLimits are the limits of gate C.
type MetricLimits struct {
	// ErrorRatio is the highest share of failing requests that is good enough, 0 to 1.
	ErrorRatio float64
	// P95 is the highest 95th percentile of latency; 0 for no limit.
	P95 time.Duration
	// MinRequests is the fewest requests over the service's URL with which a candidate may pass, however many probes there are.
	// MinLatencies is the fewest requests from which the p95 is judged.
	MinRequests, MinLatencies int
}
