// Package command is the command line for an environment's first run. It says which rights the run needs, whether the
// caller has them, and what exists already. It reads settings, a plan and a cloud, and changes none of them.
package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/guiofsaints/procureflow-platform/internal/cli"
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

// usageError is a wrong call, or settings or a plan that are wrong: nothing was asked.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// asUsage marks an error as a wrong call; nil stays nil.
func asUsage(err error) error {
	if err == nil {
		return nil
	}
	return usageError{err}
}

// Run runs one command line and returns the process's exit code.
func Run(ctx context.Context, args []string, streams Streams) int {
	a := &app{streams: streams}
	root := a.root()
	root.SetArgs(args)
	root.SetIn(streams.In)
	root.SetOut(streams.Out)
	root.SetErr(streams.Err)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return a.exit
	}
	fmt.Fprintln(streams.Err, "firstrun:", err)
	var wrong usageError
	if errors.As(err, &wrong) {
		return ExitUsage
	}
	return ExitFailed
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use: "firstrun", Short: "Prepare an environment's first run: check rights, find what exists", Long: long, Example: examples,
		Annotations:   map[string]string{cli.Codes: codes},
		SilenceErrors: true, SilenceUsage: true,
		RunE: func(command *cobra.Command, _ []string) error { return command.Help() },
		Args: func(command *cobra.Command, args []string) error {
			if len(args) > 0 {
				return cli.UnknownCommand(command, args[0])
			}
			return nil
		},
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetFlagErrorFunc(func(command *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w: see %s --help", cli.FlagError(command, err), command.CommandPath())}
	})
	root.PersistentFlags().StringVar(&a.folder, "dir", ".", "folder of Pulumi.yaml and the stack files")
	root.PersistentFlags().BoolVar(&a.json, "json", false, "print JSON for a script")
	root.AddCommand(a.preflight(), a.permissions(), a.adopt())
	for _, command := range append(root.Commands(), root) {
		check := command.Args
		command.Args = func(command *cobra.Command, args []string) error {
			err := check(command, args)
			if unknown := (*cli.UnknownError)(nil); err == nil || errors.As(err, &unknown) {
				return asUsage(err)
			}
			return usageError{fmt.Errorf("%w; usage: %s", err, command.UseLine())}
		}
	}
	cli.Dress(root)
	return root
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
	encoder := json.NewEncoder(a.streams.Out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(result)
}

// indented returns a list with one entry on each line.
func indented(entries []string) string {
	var text strings.Builder
	for _, entry := range entries {
		fmt.Fprintf(&text, "  %s\n", entry)
	}
	return text.String()
}
