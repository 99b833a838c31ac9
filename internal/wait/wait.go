// Package wait waits for a time, but no longer than a context lasts.
package wait

import (
	"context"
	"time"
)

// For waits for d. If the context ends earlier, or has ended already, it returns the context's cause at once.
func For(ctx context.Context, d time.Duration) error {
	if ctx.Err() != nil { // If both channels are ready, a select chooses by chance.
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
