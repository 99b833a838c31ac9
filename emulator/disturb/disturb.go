// Package disturb attaches to a request how the emulated cloud is to mishandle it. A fault injector attaches it, and the APIs
// read it.
package disturb

import (
	"context"
	"time"
)

// Disturbance changes how the cloud carries out one request. The zero value changes nothing. The fields about a service concern
// the Cloud Run service in the request's path. They do not affect other requests.
type Disturbance struct {
	// OperationDelay is how long the operation of the request runs. It counts only if it is longer than the cloud's own delay.
	OperationDelay time.Duration
	// HoldTraffic keeps the current traffic split in effect. The desired split is stored, and the service reports that it is not
	// ready. The next undisturbed write puts the desired split into effect.
	HoldTraffic bool
	// Conflict changes the service just before the request, as another client's write would. Its etag is then a new one.
	Conflict bool
	// LoseRevision is the short name of a revision of the service. It is deleted just before the request, even if it has traffic.
	LoseRevision string
	// MetricsLag is how old the newest time series in an answer are. It counts only if it is longer than the cloud's own lag.
	MetricsLag time.Duration
}

type key struct{}

// With returns a context that carries the disturbance. A fault injector passes it to the handler that it wraps.
func With(ctx context.Context, d Disturbance) context.Context {
	return context.WithValue(ctx, key{}, d)
}

// Of returns the disturbance in the context of a request.
func Of(ctx context.Context) Disturbance {
	d, _ := ctx.Value(key{}).(Disturbance)
	return d
}
