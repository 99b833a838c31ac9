package cli

import (
	"bufio"
	"context"
)

// Line returns the next line that a person types, with its line break. It stops waiting when the context ends, for example by Ctrl-C, and
// returns the context's cause. Nothing else may read in afterwards: the line that comes then is lost.
func Line(ctx context.Context, in *bufio.Reader) (string, error) {
	type typed struct {
		line string
		err  error
	}
	read := make(chan typed, 1)
	go func() {
		line, err := in.ReadString('\n')
		read <- typed{line, err}
	}()
	select {
	case <-ctx.Done():
		return "", context.Cause(ctx)
	case got := <-read:
		return got.line, got.err
	}
}
