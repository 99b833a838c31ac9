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
		ends   time.Duration // when the context ends; 0 means never, below 0 means before the wait begins
		passes time.Duration
		want   error
	}{
		"to the end":                       {time.Hour, 0, time.Hour, nil},
		"to the end, before the context's": {time.Hour, time.Hour + 1, time.Hour, nil},
		"zero":                             {0, 0, 0, nil},
		"negative":                         {-time.Hour, 0, 0, nil},
		"until the context ends":           {time.Hour, time.Minute, time.Minute, cause},
		"the context has ended":            {time.Hour, -1, 0, cause},
		"zero, and the context has ended":  {0, -1, 0, cause},
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

// TestForKeepsWhatEnded checks that a deadline can be told from a cancellation.
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
