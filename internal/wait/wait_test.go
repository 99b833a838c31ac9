package wait_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/guiofsaints/procureflow-platform/internal/wait"
)

func TestFor(t *testing.T) {
	t.Parallel()
	cause := errors.New("interrupt signal received")
	for name, test := range map[string]struct {
		d      time.Duration
		ends   time.Duration // when the context does; 0 for never, below 0 for before the wait begins
		passes time.Duration
		want   error
	}{
		"to its end":                       {time.Hour, 0, time.Hour, nil},
		"to its end, and no longer":        {time.Hour, time.Hour + 1, time.Hour, nil},
		"no time":                          {0, 0, 0, nil},
		"less than no time":                {-time.Hour, 0, 0, nil},
		"as long as the context":           {time.Hour, time.Minute, time.Minute, cause},
		"not at all":                       {time.Hour, -1, 0, cause},
		"no time, and no context any more": {0, -1, 0, cause},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				switch {
				case test.ends < 0:
					cancel(cause)
				case test.ends > 0:
					time.AfterFunc(test.ends, func() { cancel(cause) })
				}
				begun := time.Now()
				assert.Equal(t, test.want, wait.For(ctx, test.d))
				assert.Equal(t, test.passes, time.Since(begun))
			})
		})
	}
}

// What a deadline ended is told from what somebody ended.
func TestForKeepsWhatEnded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		limited, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		assert.ErrorIs(t, wait.For(limited, time.Hour), context.DeadlineExceeded)
		ended, end := context.WithCancel(t.Context())
		end()
		assert.ErrorIs(t, wait.For(ended, time.Hour), context.Canceled)
	})
}
