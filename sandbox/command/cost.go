package command

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/guiofsaints/procureflow-platform/internal/cli"
	"github.com/guiofsaints/procureflow-platform/sandbox/cost"
	"github.com/guiofsaints/procureflow-platform/sandbox/dryrun"
	"github.com/guiofsaints/procureflow-platform/sandbox/rehearse"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

func (a *app) cost() *cobra.Command {
	var before string
	var measured []string
	var asJSON bool
	command := &cobra.Command{
		Use: "cost STACK", Short: "Say what the stack costs in a month: idle, expected and at worst, by resource", Args: stackArgument,
		Long: "Say what the stack costs in a month: without visitors, with the expected load, and with everything busy all the time.\n\n" +
			"The expected load is services.KEY.load of the settings, or --measured. The command starts nothing. Prices come from\n" +
			"sandbox/cost/prices.json, each with its source and date; the policy worst-case-cost decides whether the worst case is too much.",
		RunE: func(_ *cobra.Command, args []string) error {
			loads, err := measuredLoads(measured)
			if err != nil {
				return cli.Blame(err)
			}
			folder, err := a.folder()
			if err != nil {
				return err
			}
			after, err := a.estimate(folder, args[0], loads)
			if err != nil {
				return err
			}
			for _, stale := range cost.Prices().Stale(time.Now()) {
				fmt.Fprintln(a.streams.Err, "warning:", stale)
			}
			if before == "" {
				return a.show(asJSON, after, func() error { return after.Write(a.streams.Out) })
			}
			was, err := a.estimate(before, args[0], loads)
			if err != nil {
				return err
			}
			change := cost.Compare(was, after)
			return a.show(asJSON, change, func() error { return change.Write(a.streams.Out) })
		},
	}
	command.Flags().StringVar(&before, "before", "", "folder of other settings, to compare with: what the change costs")
	command.Flags().StringArrayVar(&measured, "measured", nil, "SERVICE=REQUESTS:MILLISECONDS, the measured load of a service in a month; "+
		"may be repeated")
	command.Flags().BoolVar(&asJSON, "json", false, "print the costs as JSON")
	return command
}

// show prints a value as JSON, or as text for people.
func (a *app) show(asJSON bool, value any, text func() error) error {
	if !asJSON {
		return text()
	}
	return a.streams.JSON(value)
}

// estimate computes what a stack costs with the settings in folder.
func (a *app) estimate(folder, stack string, measured map[string]cost.Load) (cost.Estimate, error) {
	document, err := settingsOf(folder, stack)
	if err != nil {
		return cost.Estimate{}, err
	}
	resources, err := dryrun.Register(a.program(folder), folder, stack, document)
	if err != nil {
		return cost.Estimate{}, err
	}
	settings, err := stacks.Parse(document, stack)
	if err != nil {
		return cost.Estimate{}, err
	}
	return cost.Of(stack, resources, rehearse.Loads(settings, measured)), nil
}

func measuredLoads(flags []string) (map[string]cost.Load, error) {
	loads := map[string]cost.Load{}
	for _, flag := range flags {
		name, numbers, _ := strings.Cut(flag, "=")
		first, second, _ := strings.Cut(numbers, ":")
		requests, err := strconv.ParseFloat(first, 64)
		milliseconds, err2 := strconv.ParseFloat(second, 64)
		if name == "" || err != nil || err2 != nil || !(requests >= 0) || !(milliseconds > 0) {
			return nil, fmt.Errorf("--measured %q: write SERVICE=REQUESTS:MILLISECONDS, for example procureflow-web=2000000:120", flag)
		}
		loads[name] = cost.Load{Requests: requests, Milliseconds: milliseconds, From: "measured"}
	}
	return loads, nil
}
