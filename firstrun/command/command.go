// Package command is the command line for an environment's first run. It says which rights the run needs, whether the
// caller has them, and what exists already. It reads settings, a plan and a cloud, and changes none of them.
package command

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/guiofsaints/procureflow-platform/internal/cli"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

// Exit codes, which mean the same for every subcommand.
const (
	ExitDone   = 0 // Nothing stands in the way.
	ExitFound  = 1 // Something is missing, would be lost or would be refused: the output says what, and what to do.
	ExitUsage  = 2 // The call, the settings or the plan are wrong. Nothing was asked.
	ExitFailed = 3 // The cloud could not be asked, so nothing is known.
)

const long = `Prepare an environment's first run: list the rights that it needs, check yours, and find resources that exist already.

The command changes nothing. It asks Google Cloud with your login ("gcloud auth application-default login"), and GitHub with the
token in GITHUB_TOKEN. If SANDBOX_APIS is set ("sandbox env"), it asks the sandbox instead.`

const examples = `  firstrun permissions prod       the permissions and roles that the first run of prod takes
  firstrun preflight prod         whether you have them
  pulumi preview --json --show-sames | firstrun adopt --out import.json`

const codes = `Exit codes: 0 nothing stands in the way; 1 something is missing, would be lost or would be refused, and the output says what;
2 the call, the settings or the plan are wrong, and nothing was asked; 3 the cloud could not be asked.
"go run" turns every code but 0 into 1: if the code matters, build the command first, or use "go tool".`

// Streams are the command's standard streams.
type Streams = cli.Streams

// app is one invocation.
type app struct {
	streams Streams
	// folder holds Pulumi.yaml and the stack files.
	folder string
	json   bool
	exit   int
}

// Run runs one command line and returns the process's exit code.
func Run(ctx context.Context, args []string, streams Streams) int {
	a := &app{streams: streams}
	err := cli.Execute(ctx, a.root(), args, streams)
	if err == nil {
		return a.exit
	}
	fmt.Fprintln(streams.Err, "firstrun:", err)
	if cli.Blamed(err) {
		return ExitUsage
	}
	return ExitFailed
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use: "firstrun", Short: "Prepare an environment's first run: check rights, find what exists", Long: long, Example: examples,
		Annotations:   map[string]string{cli.Codes: codes},
		SilenceErrors: true,
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.PersistentFlags().StringVar(&a.folder, "folder", "", "folder of Pulumi.yaml and the stack files (default: the repository's)")
	cli.Rename(root, "dir", "folder")
	root.PersistentFlags().BoolVar(&a.json, "json", false, "print JSON for a script")
	root.AddCommand(a.preflight(), a.permissions(), a.adopt())
	cli.Dress(root)
	return root
}

// application returns the folder of Pulumi.yaml and the stack files: the flag's, else the working folder, else the repository's.
func (a *app) application() (string, error) {
	if a.folder != "" {
		return a.folder, nil
	}
	if _, err := os.Stat("Pulumi.yaml"); err == nil {
		return ".", nil
	}
	return stacks.Application()
}

// settings reads a stack's settings. Stand-ins are an error unless filled says to put values in their place.
func (a *app) settings(stack string, filled bool) (stacks.Settings, error) {
	folder, err := a.application()
	if err != nil {
		return stacks.Settings{}, cli.Blame(err)
	}
	settings, err := stacks.Read(folder, stack, filled)
	return settings, cli.Blame(err)
}

// print writes a result, and ends with ExitFound where it is not good.
func (a *app) print(result any, text string, good bool) error {
	if !good {
		a.exit = ExitFound
	}
	if !a.json {
		_, err := fmt.Fprint(a.streams.Out, text)
		return err
	}
	return a.streams.JSON(result)
}

// indented returns a list with one entry on each line.
func indented(entries []string) string {
	var text strings.Builder
	for _, entry := range entries {
		fmt.Fprintf(&text, "  %s\n", entry)
	}
	return text.String()
}
