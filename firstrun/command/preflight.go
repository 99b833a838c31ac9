package command

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/guiofsaints/procureflow-platform/firstrun/preflight"
	"github.com/guiofsaints/procureflow-platform/internal/plural"
)

func (a *app) preflight() *cobra.Command {
	return &cobra.Command{
		Use: "preflight STACK", Short: "Say whether you may do an environment's first run, and if not, what you lack", Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			base, err := a.sandbox()
			if err != nil {
				return err
			}
			settings, err := a.settings(args[0], base != "") // The sandbox runs with stand-ins.
			if err != nil {
				return err
			}
			endpoints := preflight.Endpoints{}
			if base != "" {
				endpoints = preflight.Endpoints{Projects: base + "/crm/", Billing: base + "/cb/"}
			}
			asker, err := preflight.Google(command.Context(), endpoints)
			if err != nil {
				return err
			}
			report, err := preflight.Check(command.Context(), asker, settings)
			if err != nil {
				return err
			}
			return a.print(report, preflightText(report), report.Ready())
		},
	}
}

// preflightText writes a report for people.
func preflightText(report preflight.Report) string {
	var text strings.Builder
	for _, place := range report.Places {
		if len(place.Missing) == 0 {
			fmt.Fprintf(&text, "%s: you have %s %s that the first run of %s takes.\n",
				place.Resource, plural.Word(place.Asked, "the", "all"), permissions(place.Asked), report.Environment)
			continue
		}
		fmt.Fprintf(&text, "%s: you lack %d of the %s that the first run of %s takes:\n%s",
			place.Resource, len(place.Missing), permissions(place.Asked), report.Environment, indented(place.Missing))
		fmt.Fprintf(&text, "These roles hold them. Have them granted to you for the run, and taken away after it:\n%s", indented(place.Roles))
	}
	if len(report.Wrong) > 0 {
		fmt.Fprintf(&text, "The settings of %s differ from what Google says:\n%s", report.Environment, indented(report.Wrong))
	}
	if len(report.Unread) > 0 {
		fmt.Fprintf(&text, "Not compared:\n%s", indented(report.Unread))
	}
	return text.String()
}

func permissions(n int) string { return plural.Of(n, "permission", "permissions") }

func (a *app) permissions() *cobra.Command {
	return &cobra.Command{
		Use: "permissions STACK", Args: cobra.ExactArgs(1),
		Short: "List the permissions and roles that an environment's first run needs, without asking the cloud",
		RunE: func(_ *cobra.Command, args []string) error {
			settings, err := a.settings(args[0], true)
			if err != nil {
				return err
			}
			wanted, err := preflight.Wanted(settings)
			if err != nil {
				return err
			}
			var text strings.Builder
			for _, place := range wanted {
				fmt.Fprintf(&text, "On %s these roles, for the time of the run:\n%s", place.Resource, indented(place.Roles))
				fmt.Fprintf(&text, "They hold the %s that it takes:\n%s", permissions(len(place.Permissions)), indented(place.Permissions))
			}
			return a.print(wanted, text.String(), true)
		},
	}
}
