package command

import (
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/guiofsaints/procureflow-platform/internal/plural"
	"github.com/guiofsaints/procureflow-platform/release/audit"
	"github.com/guiofsaints/procureflow-platform/release/backtest"
	"github.com/guiofsaints/procureflow-platform/release/rollout"
	"github.com/guiofsaints/procureflow-platform/release/settings"
)

func (a *app) backtest() *cobra.Command {
	var simulated bool
	var visitors float64
	var times int
	var against string
	command := &cobra.Command{
		Use:   "backtest POLICY [JOURNAL...]",
		Short: "Say what another policy would have caught, missed, held or delayed in past releases",
		Long: "Reads the rollouts in audit files and judges their probes and metrics by the gates of the policy file's environment (--env).\n" +
			"It knows only what was recorded: where a rollout ended, the comparison ends.\n\n" +
			"With --simulated it simulates faults instead, each many times, with the real controller on a virtual clock. Visitors come at\n" +
			"random, and the candidate's fault begins with its first visitor, after the checks before traffic. It compares what the policy\n" +
			"rolls back, holds and releases with the environment's built-in policy, or with the policy of --against.\n\n" +
			"It calls no API and changes nothing.",
		Example: "  release backtest stricter.yaml ~/.local/state/procureflow/release-audit.jsonl --env prod\n" +
			"  release backtest stricter.yaml --simulated --visitors 0.5 --env prod",
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, arguments []string) error {
			environment, err := settings.Load(arguments[0], a.flags.environment)
			if err != nil {
				return usage("%v", err)
			}
			switch {
			case simulated && len(arguments) > 1:
				return usage("--simulated takes no journal: leave %s out", arguments[1])
			case simulated && (times < 1 || times > 10_000 || !(visitors >= 0) || visitors > 1000):
				return usage("--times is from 1 to 10000, and --visitors from 0 to 1000 a second")
			case simulated:
				return a.simulate(environment.Policy(), against, visitors, times)
			case len(arguments) == 1:
				return usage("backtest needs a journal, or --simulated")
			}
			return a.replay(environment.Policy(), arguments[1:])
		},
	}
	command.Flags().BoolVar(&simulated, "simulated", false, "run the simulation's faults instead of recorded rollouts")
	command.Flags().Float64Var(&visitors, "visitors", 1, "with --simulated: visitors a second; 0.002 are 5,000 a month")
	command.Flags().IntVar(&times, "times", 100, "with --simulated: releases of each fault")
	command.Flags().StringVar(&against, "against", "", "with --simulated: policy file to compare with; default: the built-in release.yaml")
	return command
}

// replay judges recorded rollouts by the policy.
func (a *app) replay(policy rollout.Policy, journals []string) error {
	var results []backtest.Result
	for _, journal := range journals {
		found, err := backtestJournal(journal, policy)
		if err != nil {
			return err
		}
		results = append(results, found...)
	}
	if a.flags.json {
		return a.print(results)
	}
	text := ""
	for _, result := range results {
		text += result.String() + "\n"
	}
	return a.write(text + plural.Of(len(results), "rollout", "rollouts") + "\n")
}

// simulate tries the simulation's faults under the policy and under the one to compare it with.
func (a *app) simulate(policy rollout.Policy, against string, visitors float64, times int) error {
	before, err := settings.Load(against, a.flags.environment)
	if err != nil {
		return usage("--against: %v", err)
	}
	tried := backtest.Try(before.Policy(), policy, visitors, times)
	if a.flags.json {
		return a.print(tried)
	}
	out := &strings.Builder{}
	fmt.Fprintf(out, "%s of each fault, with %g visitors a second. Each column: taken back/held/released in percent,\n"+
		"median time to the decision, visitors who met the fault until then.\n\n", plural.Of(times, "simulated release", "simulated releases"),
		visitors)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "FAULT OF THE CANDIDATE\tBEFORE\tWITH THE POLICY\tWHAT CHANGES")
	for _, one := range tried {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", one.Fault, one.Was, one.Is, one.Verdict())
	}
	_ = table.Flush()
	return a.write(out.String())
}

// backtestJournal replays each rollout of an audit file, in the order in which they began.
func backtestJournal(journal string, policy rollout.Policy) ([]backtest.Result, error) {
	file, err := os.Open(journal)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	lines, err := audit.Read(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", journal, err)
	}
	var order []string
	events := map[string][]rollout.Event{}
	for _, line := range lines {
		if line.Command != "rollout" {
			continue
		}
		if events[line.Run] == nil {
			order = append(order, line.Run)
		}
		events[line.Run] = append(events[line.Run], line.Event)
	}
	var results []backtest.Result
	for _, run := range order {
		if result, ok := backtest.Replay(policy, events[run]); ok {
			results = append(results, result)
		}
	}
	return results, nil
}
