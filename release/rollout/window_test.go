package rollout_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/release/rollout"
	"github.com/guiofsaints/procureflow-platform/release/windows"
)

// tuesdays returns windows on Tuesdays. The clock's epoch is a Monday at noon.
func tuesdays() windows.Windows {
	return windows.Windows{Zone: time.UTC, Open: []windows.Span{{Days: []time.Weekday{time.Tuesday}, From: 9 * 60, To: 16 * 60}}}
}

func TestReleaseStartsInItsWindow(t *testing.T) {
	t.Parallel()
	const closed = "it is Mon 2026-11-23 12:00 UTC, outside of the windows Tue 09:00-16:00 (UTC); the next window opens Tue 2026-11-24 " +
		"09:00 UTC"
	s := deployed(revision{})
	c := s.controller()
	c.Policy.Windows = tuesdays()
	result := c.Rollout(context.Background(), rollout.Request{})
	assert.Equal(t, rollout.Refused, result.Outcome)
	assert.Equal(t, []string{closed, "release then, or now with `release rollout web --outside-window WHY`, which is journaled"}, result.Why)
	assert.Zero(t, s.writes)
	back := c.Rollback(context.Background(), rollout.Back{To: "web-b", Why: "a rollback is never held"})
	assert.Equal(t, rollout.RolledBack, back.Outcome, back.Why)

	s = deployed(revision{badFrom: 30 * time.Second})
	c = s.controller()
	c.Policy.Windows = tuesdays()
	result = c.Rollout(context.Background(), rollout.Request{OutsideWindow: "the shop is down"})
	assert.Equal(t, rollout.RolledBack, result.Outcome, "a gate's rollback is allowed, too")
	assert.Contains(t, result.Why, "started outside of the release windows: the shop is down")
	require.Equal(t, "window", s.events[0].Kind)
	assert.Equal(t, []string{closed, "started outside of the release windows: the shop is down"}, s.events[0].Why)
	assert.NotNil(t, s.events[0].Rules, "the first line has the rules")

	s = deployed(revision{})
	c = s.controller()
	c.Policy.Windows = tuesdays()
	s.pass(24 * time.Hour)
	assert.Equal(t, rollout.Released, c.Rollout(context.Background(), rollout.Request{}).Outcome)
}

// TestActiveReleaseContinuesOutsideWindows checks that a release that has begun goes on, because a split that stays overnight is
// worse than the end of the release. A release that a person took back begins again, and needs a window.
func TestActiveReleaseContinuesOutsideWindows(t *testing.T) {
	t.Parallel()
	s := deployed(revision{})
	s.serves(of("web-a", 90, "stable"), of("web-b", 10, "candidate"), of("web-b", 0, "shifted"))
	c := s.controller()
	c.Policy.Windows = tuesdays()
	result := c.Rollout(context.Background(), rollout.Request{})
	assert.Equal(t, rollout.Released, result.Outcome, result.Why)

	s = deployed(revision{})
	s.serves(of("web-a", 100, "stable"), of("web-b", 0, "candidate"), of("web-b", 0, "shifted"))
	c = s.controller()
	c.Policy.Windows = tuesdays()
	result = c.Rollout(context.Background(), rollout.Request{Retry: true})
	assert.Equal(t, rollout.Refused, result.Outcome, result.Why)
	assert.Zero(t, s.writes)
}
