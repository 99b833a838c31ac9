package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/guiofsaints/procureflow-platform/internal/cli"
	"github.com/guiofsaints/procureflow-platform/sandbox/engine"
	"github.com/guiofsaints/procureflow-platform/sandbox/statedir"
)

// TestFail checks the exit code of each error, and that an interrupt is not reported as the failure of the interrupted
// step.
func TestFail(t *testing.T) {
	t.Parallel()
	interrupted, interrupt := context.WithCancelCause(context.Background())
	interrupt(fmt.Errorf("interrupt signal received: %w", context.Canceled))
	for _, test := range []struct {
		ctx  context.Context
		err  error
		says string
		code int
	}{
		{context.Background(), errors.New("disk full"), "disk full", ExitFailed},
		{context.Background(), cli.Blame(errors.New("no stack")), "no stack", ExitUsage},
		{context.Background(), &engine.UsageError{Message: "no settings"}, "no settings", ExitUsage},
		{context.Background(), &statedir.BusyError{}, (&statedir.BusyError{}).Error(), ExitBusy},
		{interrupted, fmt.Errorf("the cloud did not answer: %w", context.Cause(interrupted)), "interrupted: run the command again to go on",
			ExitInterrupted},
		{interrupted, fmt.Errorf("compile the policy pack: %w", &exec.ExitError{}), "interrupted: run the command again to go on",
			ExitInterrupted},
		{interrupted, errors.New("disk full"), "disk full", ExitInterrupted},
	} {
		var errs bytes.Buffer
		a := &app{streams: Streams{Err: &errs}}
		assert.Equal(t, test.code, a.fail(test.ctx, test.err), test.says)
		assert.Equal(t, "sandbox: "+test.says+"\n", errs.String())
	}
}
