package command

import (
	"github.com/spf13/cobra"

	"github.com/guiofsaints/procureflow-platform/firstrun/adopt"
	"github.com/guiofsaints/procureflow-platform/internal/cli"
)

func (a *app) adopt() *cobra.Command {
	var out string
	command := &cobra.Command{
		Use: "adopt", Args: cobra.NoArgs,
		Short: "Find what exists already, write the file that imports it, and say what the next `up` would change or fail on",
		Long: "Find what exists already, write the file that imports it, and say what the next `up` would change or fail on.\n\n" +
			"It reads the plan from standard input. For the `up` after the import it lists changes of running services, problems that\n" +
			"would stop `up` half-way, and the command that keeps requests where they are. It also names existing resources that the\n" +
			"settings do not know. It ends with 1 if `up` should wait.",
		Example: "  pulumi preview --json --show-sames | firstrun adopt --out import.json\n" +
			"  pulumi up --target '**pulumi:providers:**'\n" +
			"  pulumi import --file import.json --protect=false --generate-code=false",
		RunE: func(command *cobra.Command, _ []string) error {
			plan, err := adopt.ReadPlan(a.streams.In)
			if err != nil {
				return cli.Blame(err)
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
	return cli.Uses(command, "json")
}
