package command

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/guiofsaints/procureflow-platform/release/audit"
	"github.com/guiofsaints/procureflow-platform/release/backtest"
	"github.com/guiofsaints/procureflow-platform/release/rollout"
	"github.com/guiofsaints/procureflow-platform/release/settings"
)

func (a *app) backtest() *cobra.Command {
	return &cobra.Command{
		Example: "  release backtest stricter.yaml ~/.local/state/procureflow/release-audit.jsonl --env prod",
		Use:     "backtest POLICY JOURNAL...",
		Short:   "Say what another policy would have made of recorded rollouts: caught, missed, held or delayed", Args: cobra.MinimumNArgs(2),
		Long: "Reads the rollouts in audit files and puts their probes and metrics before the gates of the policy file's environment " +
			"(--env). It knows\n" +
			"what was recorded: where a rollout ended, so does what can be said of it. Nothing is asked of any API, and nothing is changed.",
		RunE: func(_ *cobra.Command, arguments []string) error {
			environment, err := settings.Load(arguments[0], a.flags.environment)
			if err != nil {
				return usage("%v", err)
			}
			var results []backtest.Result
			for _, journal := range arguments[1:] {
				found, err := backtestJournal(journal, environment.Policy())
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
			return a.write(text + fmt.Sprintf("%d rollouts\n", len(results)))
		},
	}
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
