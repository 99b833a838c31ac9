package engine

import (
	"context"
	"errors"
	"io"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"

	"github.com/guiofsaints/procureflow-platform/sandbox/journal"
	"github.com/guiofsaints/procureflow-platform/sandbox/pulumicli"
)

// workspace is the Automation API's, without what that asks the CLI after every update: for the stack's outputs, twice. Nobody here reads
// them, and each answer is a process that opens the state's secrets.
type workspace struct{ auto.Workspace }

// StackOutputs returns nothing.
func (workspace) StackOutputs(context.Context, string) (auto.OutputMap, error) { return nil, nil }

// journaledCLI is the CLI of the Automation API. The commands that may change many resources keep the stack's state in the journal, in
// which each change is a line. Every other command uses the file backend, which has the same state.
type journaledCLI struct {
	pulumicli.CLI
	journal *journal.Service
}

func (c journaledCLI) Run(ctx context.Context, dir string, stdin io.Reader, stdout, stderr []io.Writer, env []string, args ...string,
) (string, string, int, error) {
	if len(args) == 0 || args[0] != "up" && args[0] != "destroy" || slices.Contains(args, "--preview-only") {
		return c.CLI.Run(ctx, dir, stdin, stdout, stderr, env, args...)
	}
	said, complained, code, err := c.CLI.Run(ctx, dir, stdin, stdout, stderr, slices.Concat(env, c.journal.Environment()), args...)
	if finished := c.journal.Finish(); finished != nil { // The engine's own error is the last one, because it knows more.
		err = errors.Join(finished, err)
	}
	return said, complained, code, err
}
