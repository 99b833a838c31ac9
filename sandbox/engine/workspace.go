package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"

	"github.com/guiofsaints/procureflow-platform/sandbox/journal"
	"github.com/guiofsaints/procureflow-platform/sandbox/pulumicli"
	"github.com/guiofsaints/procureflow-platform/sandbox/statedir"
)

// workspace is the Automation API's workspace, without its needless questions to the CLI. Each question starts a process, which
// takes a tenth of a second or more.
type workspace struct {
	auto.Workspace
	engine *Engine
}

// StackOutputs returns nothing. The Automation API asks for the outputs twice after every update, and nobody here reads them.
func (workspace) StackOutputs(context.Context, string) (auto.OutputMap, error) { return nil, nil }

// SelectStack notes which stack the CLI's commands that name none are about. [Engine.Pulumi] tells the CLI before it runs such a command.
// The sandbox's own commands name their stack.
func (w workspace) SelectStack(_ context.Context, name string) error {
	return statedir.WriteFile(w.engine.selectedPath(), []byte(name), 0o600)
}

func (e *Engine) selectedPath() string { return e.options.Dir.Path("pulumi", "selected") }

// selectNoted makes the CLI select the stack of the sandbox's last command, if args name no stack and the CLI has not heard of it.
func (e *Engine) selectNoted(ctx context.Context, args []string) error {
	if slices.ContainsFunc(args, func(arg string) bool {
		name, _, _ := strings.Cut(arg, "=")
		return name == "--stack" || name == "-s"
	}) {
		return nil
	}
	name, err := os.ReadFile(e.selectedPath())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	if _, err := os.Stat(e.checkpoint(string(name))); err == nil {
		code, err := e.run(ctx, nil, io.Discard, e.options.Out, "--non-interactive", "stack", "select", "--stack", string(name))
		if err == nil && code != 0 {
			err = fmt.Errorf("select stack %s: the CLI ended with %d", name, code)
		}
		if err != nil {
			return err
		}
	}
	return os.Remove(e.selectedPath())
}

// journaledCLI is the CLI of the Automation API. The commands that may change many resources keep the stack's state in the journal, in
// which each change is a line. Every other command uses the file backend, which has the same state.
type journaledCLI struct {
	pulumicli.CLI
	journal *journal.Service
}

// previewFirst is the key of a context in which an update begins with a preview.
type previewFirst struct{}

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
	if ctx.Value(previewFirst{}) != nil {
		// The Automation API skips the preview of every update. With it the CLI previews and updates in one process.
		args = slices.DeleteFunc(slices.Clone(args), func(arg string) bool { return arg == "--skip-preview" })
	}
	c.journal.Begin()
	said, complained, code, err := c.CLI.Run(ctx, dir, stdin, stdout, stderr, slices.Concat(env, c.journal.Environment()), args...)
	if finished := c.journal.Finish(); finished != nil { // The engine's own error is the last one, because it knows more.
		err = errors.Join(finished, err)
	}
	return said, complained, code, err
}
