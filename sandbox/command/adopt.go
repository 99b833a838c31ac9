package command

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/spf13/cobra"

	"github.com/guiofsaints/procureflow-platform/firstrun/adopt"
	"github.com/guiofsaints/procureflow-platform/sandbox/engine"
)

func (a *app) adopt() *cobra.Command {
	var out string
	var apply bool
	command := &cobra.Command{
		Use: "adopt STACK", Short: "Find what exists before the first `up`, and write the file that imports it", Args: stackArgument,
		RunE: func(command *cobra.Command, args []string) error {
			return a.withStack(command.Context(), "adopt", args[0], func(ctx context.Context, stack *engine.Stack) error {
				return a.adoptStack(ctx, stack, out, apply)
			})
		},
	}
	command.Flags().StringVar(&out, "out", "import.json", "the import file to write")
	command.Flags().BoolVar(&apply, "import", false, "import it too; without this nothing changes")
	return command
}

func (a *app) adoptStack(ctx context.Context, stack *engine.Stack, out string, apply bool) error {
	steps, err := stack.Planned(ctx)
	if err != nil {
		return err
	}
	planned := make([]adopt.Planned, 0, len(steps))
	for _, step := range steps {
		if adopt.Counts(string(step.Op), step.Type) {
			planned = append(planned, plannedOf(step))
		}
	}
	client := stack.HTTP()
	adoptions, later, err := adopt.Find(ctx, adopt.Clients{Google: client, GitHub: client}, adopt.Emulated(stack.API()), planned)
	if err != nil {
		return err
	}
	path, err := filepath.Abs(out)
	if err != nil {
		return err
	}
	if err := adopt.Write(path, planned, adoptions, later, a.streams.Out); err != nil {
		return err
	}
	if !apply {
		fmt.Fprintln(a.streams.Out, "Nothing was changed. `sandbox adopt STACK --import` takes them into the state.")
		return nil
	}
	if len(adoptions) == 0 {
		return nil
	}
	var providers []string
	for _, adoption := range adoptions {
		providers = append(providers, adoption.Provider)
	}
	if err := stack.Import(ctx, path, providers); err != nil {
		return errors.Join(err, fmt.Errorf("the import file is left at %s", path))
	}
	return nil
}

func plannedOf(step apitype.StepEventMetadata) adopt.Planned {
	p := adopt.Planned{URN: step.URN, Type: step.Type}
	if step.New != nil {
		p.Custom, p.Parent, p.Inputs, p.Provider = step.New.Custom, step.New.Parent, step.New.Inputs, step.New.Provider
		// A provider is referred to by its URN and, after a separator, its id.
		if cut := strings.LastIndex(p.Provider, "::"); cut >= 0 {
			p.Provider = p.Provider[:cut]
		}
	}
	return p
}
