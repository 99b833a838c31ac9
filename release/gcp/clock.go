package gcp

import (
	"context"
	"time"
)

// Clock is the real one. It implements rollout.Clock.
type Clock struct{}

// Now is time.Now in UTC.
func (Clock) Now() time.Time { return time.Now().UTC() }

// Sleep waits, or returns the context's error when that ends first.
func (Clock) Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
