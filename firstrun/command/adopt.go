package command

import (
	"github.com/spf13/cobra"

	"github.com/guiofsaints/procureflow-platform/firstrun/adopt"
)

func (a *app) adopt() *cobra.Command {
	var out string
	command := &cobra.Command{
		Use: "adopt", Short: "Find which planned resources exist already, and write the file that imports them", Args: cobra.NoArgs,
		Long: "Find which planned resources exist already, and write the file that imports them:\n\n" +
			"  pulumi preview --json | firstrun adopt --out import.json\n" +
			"  pulumi up --target '**pulumi:providers:**'\n" +
			"  pulumi import --file import.json --protect=false --generate-code=false",
		RunE: func(command *cobra.Command, _ []string) error {
			planned, err := adopt.ReadPlan(a.streams.In)
			if err != nil {
				return usageError{err}
			}
			clients, apis, err := a.connect(command.Context())
			if err != nil {
				return err
			}
			adoptions, later, err := adopt.Find(command.Context(), clients, apis, planned)
			if err != nil {
				return err
			}
			return adopt.Write(out, planned, adoptions, later, a.streams.Out)
		},
	}
	command.Flags().StringVar(&out, "out", "import.json", "the import file to write")
	return command
}
