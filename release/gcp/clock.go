package gcp

import (
	"context"
	"time"

	"github.com/guiofsaints/procureflow-platform/internal/wait"
)

// Clock is the machine's clock. It implements rollout.Clock.
type Clock struct{}

// Now returns the time in UTC.
func (Clock) Now() time.Time { return time.Now().UTC() }

// Sleep waits for a time. It returns the context's cause if the context ends first.
func (Clock) Sleep(ctx context.Context, d time.Duration) error {
	return wait.For(ctx, d)
}
