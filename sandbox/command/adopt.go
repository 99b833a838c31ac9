package command

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

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
		Long: "Find what exists before the first `up`, write the file that imports it, and say what that `up` would change or fail on.\n\n" +
			"Exit codes: 0 nothing stands in the way, or it is imported; 1 `up` should wait, and the output says why; 2 the call or the\n" +
			"settings are wrong; 3 the operation failed.",
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
	plan := make([]adopt.Planned, 0, len(steps))
	for _, step := range steps {
		if adopt.Counts(string(step.Op)) {
			plan = append(plan, plannedOf(step))
		}
	}
	client := stack.HTTP()
	report, err := adopt.Find(ctx, adopt.Clients{Google: client, GitHub: client}, adopt.Emulated(stack.API()), plan)
	if err != nil {
		return err
	}
	path, err := filepath.Abs(out)
	if err != nil {
		return err
	}
	if err := report.Write(path, plan); err != nil {
		return err
	}
	fmt.Fprint(a.streams.Out, report.Text(path))
	if !apply {
		if !report.Good() {
			a.exit = ExitNo
		}
		if len(report.Existing) > 0 {
			fmt.Fprintln(a.streams.Out, "Nothing was changed. `sandbox adopt STACK --import` takes them into the state.")
		}
		return nil
	}
	if len(report.Existing) == 0 {
		return nil
	}
	var providers []string
	for _, adoption := range report.Existing {
		providers = append(providers, adoption.Provider)
	}
	if err := stack.Import(ctx, path, providers); err != nil {
		return errors.Join(err, fmt.Errorf("the import file is left at %s", path))
	}
	return nil
}

func plannedOf(step apitype.StepEventMetadata) adopt.Planned {
	p := adopt.Planned{URN: step.URN, Type: step.Type, New: step.Op == apitype.OpCreate}
	if step.New != nil {
		p.Parent, p.Inputs, p.Provider = step.New.Parent, step.New.Inputs, adopt.ProviderURN(step.New.Provider)
	}
	return p
}
