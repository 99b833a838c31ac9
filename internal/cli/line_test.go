package cli

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestLine checks that lines come one after the other, and that the last one needs no line break.
func TestLine(t *testing.T) {
	t.Parallel()
	in := bufio.NewReader(strings.NewReader("yes\n\nno"))
	for _, want := range []string{"yes\n", "\n"} {
		line, err := Line(t.Context(), in)
		require.NoError(t, err)
		assert.Equal(t, want, line)
	}
	line, err := Line(t.Context(), in)
	require.ErrorIs(t, err, io.EOF)
	assert.Equal(t, "no", line)
}

// TestLineIsNotWaitedForAfterTheEnd checks that a context that ends also ends the wait for somebody who types nothing.
func TestLineIsNotWaitedForAfterTheEnd(t *testing.T) {
	t.Parallel()
	in, typed := io.Pipe()
	defer typed.Close()
	ctx, stop := context.WithCancelCause(t.Context())
	why := errors.New("interrupt signal received")
	reading := make(chan struct{})
	go func() {
		<-reading
		stop(why)
	}()
	_, err := Line(ctx, bufio.NewReader(&announced{in, reading}))
	assert.ErrorIs(t, err, why)
}

// announced is a reader that says when it is read for the first time.
type announced struct {
	io.Reader
	reading chan struct{}
}

func (a *announced) Read(to []byte) (int, error) {
	close(a.reading)
	return a.Reader.Read(to)
}
