package engine

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"

	"github.com/guiofsaints/procureflow-platform/sandbox/journal"
	"github.com/guiofsaints/procureflow-platform/sandbox/pulumicli"
)

// workspace is the Automation API's workspace, without its needless questions to the CLI. Each question starts a process, which
// takes a tenth of a second or more.
type workspace struct {
	auto.Workspace
	engine *Engine
}

// StackOutputs returns nothing. The Automation API asks for the outputs twice after every update, and nobody here reads them.
func (workspace) StackOutputs(context.Context, string) (auto.OutputMap, error) { return nil, nil }

// SelectStack does nothing if the stack is selected already.
func (w workspace) SelectStack(ctx context.Context, name string) error {
	if w.engine.isSelected(name) {
		return nil
	}
	return w.Workspace.SelectStack(ctx, name)
}

// isSelected reports whether a stack exists and the CLI's commands that name no stack are about it.
func (e *Engine) isSelected(stack string) bool {
	if _, err := os.Stat(e.checkpoint(stack)); err != nil {
		return false
	}
	notes, _ := filepath.Glob(e.options.Dir.Path("pulumi", "home", "workspaces", "*.json"))
	return slices.ContainsFunc(notes, func(path string) bool {
		var note struct{ Stacks map[string]string } // by backend
		data, err := os.ReadFile(path)
		return err == nil && json.Unmarshal(data, &note) == nil &&
			note.Stacks[e.backendURL()] == "organization/"+e.project+"/"+stack
	})
}

// journaledCLI is the CLI of the Automation API. The commands that may change many resources keep the stack's state in the journal, in
// which each change is a line. Every other command uses the file backend, which has the same state.
type journaledCLI struct {
	pulumicli.CLI
	journal *journal.Service
}

func (c journaledCLI) Run(ctx context.Context, dir string, stdin io.Reader, stdout, stderr []io.Writer, env []string, args ...string,
) (string, string, int, error) {
	if len(args) > 1 && args[0] == "stack" && args[1] == "history" {
		// The Automation API asks after every update, for the number of its changes, which the journal knows.
		changes := map[string]int{}
		for kind, count := range c.journal.Changes() {
			changes[string(kind)] = count
		}
		summary, err := json.Marshal([]auto.UpdateSummary{{ResourceChanges: &changes}})
		return string(summary), "", 0, err
	}
	if len(args) == 0 || args[0] != "up" && args[0] != "destroy" || slices.Contains(args, "--preview-only") {
		return c.CLI.Run(ctx, dir, stdin, stdout, stderr, env, args...)
	}
	said, complained, code, err := c.CLI.Run(ctx, dir, stdin, stdout, stderr, slices.Concat(env, c.journal.Environment()), args...)
	if finished := c.journal.Finish(); finished != nil { // The engine's own error is the last one, because it knows more.
		err = errors.Join(finished, err)
	}
	return said, complained, code, err
}
