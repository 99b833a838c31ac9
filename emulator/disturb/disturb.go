// Package disturb carries with a request in which way the emulated cloud is to carry it out badly. A fault injector says so; the
// APIs that can go wrong in that way ask.
package disturb

import (
	"context"
	"time"
)

// Disturbance changes how the cloud carries out one request. The zero value changes nothing. What it says of a service
// is about the Cloud Run service in the request's path; other requests are not touched by it.
type Disturbance struct {
	// OperationDelay is how long the operation that the request starts runs, when it is longer than the cloud's own delay.
	OperationDelay time.Duration
	// HoldTraffic leaves the split in effect: the desired one is stored, the service says that it is not ready, and the
	// next undisturbed write brings the two together.
	HoldTraffic bool
	// Conflict lets somebody else write the service just before the request, so that its etag is a new one.
	Conflict bool
	// LoseRevision is the short name of a revision of the service that is gone just before the request, traffic or not.
	LoseRevision string
	// MetricsLag is how far behind the answer to a read of time series is, when it is more than the cloud's own lag.
	MetricsLag time.Duration
}

type key struct{}

// With returns the context of a request that is carried out so. A fault injector hands it to the handler it wraps.
func With(ctx context.Context, d Disturbance) context.Context {
	return context.WithValue(ctx, key{}, d)
}

// Of is how the request of that context is to be carried out.
func Of(ctx context.Context) Disturbance {
	d, _ := ctx.Value(key{}).(Disturbance)
	return d
}
