// Package wait lets time pass, and no longer than a context lasts.
package wait

import (
	"context"
	"time"
)

// For waits for d. It returns the context's cause as soon as the context ends, and at once when it has ended already, however
// short d is.
func For(ctx context.Context, d time.Duration) error {
	if ctx.Err() != nil { // A select with two channels that are ready chooses by chance.
		return context.Cause(ctx)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
