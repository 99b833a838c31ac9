package command

import (
	"github.com/spf13/cobra"

	"github.com/guiofsaints/procureflow-platform/firstrun/adopt"
)

func (a *app) adopt() *cobra.Command {
	var out string
	command := &cobra.Command{
		Use: "adopt", Args: cobra.NoArgs,
		Short: "Find what exists already, write the file that imports it, and say what the next `up` would change or fail on",
		Long: "Find which planned resources exist already, and write the file that imports them:\n\n" +
			"  pulumi preview --json --show-sames | firstrun adopt --out import.json\n" +
			"  pulumi up --target '**pulumi:providers:**'\n" +
			"  pulumi import --file import.json --protect=false --generate-code=false\n\n" +
			"It also says what the `up` after that would change of the services that run, what it would fail on half-way, which command\n" +
			"keeps requests where they are, and what is there that the settings do not know. It exits with 1 where `up` should wait.",
		RunE: func(command *cobra.Command, _ []string) error {
			plan, err := adopt.ReadPlan(a.streams.In)
			if err != nil {
				return usageError{err}
			}
			clients, apis, err := a.connect(command.Context())
			if err != nil {
				return err
			}
			report, err := adopt.Find(command.Context(), clients, apis, plan)
			if err != nil {
				return err
			}
			if err := report.Write(out, plan); err != nil {
				return err
			}
			return a.print(report, report.Text(out), report.Good())
		},
	}
	command.Flags().StringVar(&out, "out", "import.json", "the import file to write")
	return command
}
