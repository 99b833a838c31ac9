package rehearse

import (
	"context"
	"sync"
	"time"
)

// clock is the rehearsal's own time. It passes when somebody sleeps, and a little with each request to the APIs. Visitors come while it
// passes.
type clock struct {
	mu  sync.Mutex
	now time.Time
	// meanwhile is called for each slice of time that passes. It is not called again while it runs.
	meanwhile func()
	busy      bool
}

// slice is the time between two rounds of visitors.
const slice = 500 * time.Millisecond

func newClock() *clock { return &clock{now: time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)} }

// Now returns the time in the rehearsal.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Sleep moves the time on, in slices.
func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	for ; d > 0 && ctx.Err() == nil; d -= slice {
		c.pass(min(d, slice))
	}
	return ctx.Err()
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	c.now = c.now.Add(d)
	meanwhile := c.meanwhile
	if c.busy || meanwhile == nil {
		c.mu.Unlock()
		return
	}
	c.busy = true
	c.mu.Unlock()
	meanwhile()
	c.mu.Lock()
	c.busy = false
	c.mu.Unlock()
}

// during sets the function that is called while time passes.
func (c *clock) during(meanwhile func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.meanwhile = meanwhile
}
