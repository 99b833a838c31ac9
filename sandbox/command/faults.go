package command

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/guiofsaints/procureflow-platform/emulator/faults"
	"github.com/guiofsaints/procureflow-platform/emulator/google/run"
	"github.com/guiofsaints/procureflow-platform/internal/cli"
	"github.com/guiofsaints/procureflow-platform/sandbox/server"
)

// running connects to the cloud's process. It takes no lock and starts nothing, because faults are set while another
// command runs.
func (a *app) running(command *cobra.Command) (*server.Client, error) {
	dir, err := a.openDir()
	if err != nil {
		return nil, err
	}
	client, err := server.Connect(command.Context(), dir)
	if err != nil {
		return nil, fmt.Errorf("%w; `up` or `serve` starts it", err)
	}
	return client, nil
}

func (a *app) fault() *cobra.Command {
	command := &cobra.Command{Use: "fault", Short: "Inject faults into the emulated cloud, list them and end them", Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error { return command.Help() }}
	command.AddCommand(a.faultSet(), a.faultList(), a.faultClear())
	return command
}

func (a *app) faultSet() *cobra.Command {
	var fault faults.Fault
	var duration time.Duration
	command := &cobra.Command{
		Use: "set NAME EFFECT", Short: "Start a fault; EFFECT is one of " + faults.EffectNames(), Args: cobra.ExactArgs(2),
		Example: "  sandbox fault set quota answer --status 429 --method PATCH --next 3\n" +
			"  sandbox fault set stuck hold-traffic --path '/run/v2/**/services/web'\n" +
			"  sandbox fault set slow slow-operation --duration 20s",
		RunE: func(command *cobra.Command, args []string) error {
			fault.Effect, fault.Duration = faults.Effect(args[1]), faults.Duration(duration)
			if err := faults.New(faults.Options{}).Set(args[0], fault); err != nil {
				return cli.Blame(err)
			}
			client, err := a.running(command)
			if err != nil {
				return err
			}
			return client.SetFault(command.Context(), args[0], fault)
		},
	}
	flags := command.Flags()
	flags.StringVar(&fault.Method, "method", "", "HTTP method of the affected requests (default: every method that the effect fits)")
	flags.StringVar(&fault.Path, "path", "", "pattern of the affected requests' path: * within a segment, ** over segments (default: any)")
	flags.IntVar(&fault.Skip, "skip", 0, "number of matching requests that pass before the fault starts")
	flags.Float64Var(&fault.Rate, "rate", 0, "share of the matching requests that the fault affects, 0-1 (default: all)")
	flags.IntVar(&fault.Next, "next", 0, "number of affected requests after which the fault ends (default: no end)")
	flags.Uint64Var(&fault.Seed, "seed", 0, "seed by which --rate chooses the affected requests")
	flags.IntVar(&fault.Status, "status", 0, "with answer: 429, 500 or 503 (default 503)")
	flags.DurationVar(&duration, "duration", 0, "with delay, slow-operation and lag-metrics: how long")
	flags.StringVar(&fault.Revision, "revision", "", "with lose-revision: the revision's short name")
	return command
}

func (a *app) faultList() *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use: "list", Short: "List the faults that are set, and how many requests each has hit", Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			client, err := a.running(command)
			if err != nil {
				return err
			}
			states, err := client.Faults(command.Context())
			if err != nil {
				return err
			}
			if asJSON {
				return a.streams.JSON(states)
			}
			return printFaults(a.streams.Out, states)
		},
	}
	command.Flags().BoolVar(&asJSON, "json", false, "print them as JSON")
	return command
}

func printFaults(out io.Writer, states []faults.State) error {
	if len(states) == 0 {
		_, err := fmt.Fprintln(out, "No fault is set.")
		return err
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tEFFECT\tREQUESTS\tSTRIKES")
	for _, state := range states {
		method, path := state.Method, state.Path
		if method == "" {
			method = "any"
		}
		if path == "" {
			path = "**"
		}
		fmt.Fprintf(table, "%s\t%s\t%s %s\t%d of %d\n", state.Name, state.Effect, method, path, state.Strikes, state.Seen)
	}
	return table.Flush()
}

func (a *app) faultClear() *cobra.Command {
	return &cobra.Command{
		Use: "clear [NAME]", Short: "End the fault of that name, or all of them", Args: cobra.MaximumNArgs(1),
		Example: "  sandbox fault clear quota\n  sandbox fault clear",
		RunE: func(command *cobra.Command, args []string) error {
			client, err := a.running(command)
			if err != nil {
				return err
			}
			if err := client.ClearFault(command.Context(), strings.Join(args, "")); err != nil {
				return fmt.Errorf("%w; `fault list` shows the faults that are set", err)
			}
			return nil
		},
	}
}

func (a *app) behaviour() *cobra.Command {
	var wanted run.Behaviour
	command := &cobra.Command{
		Use: "behaviour IMAGE@DIGEST|DIGEST", Short: "Show how the containers of an image behave, or set it with flags", Args: cobra.ExactArgs(1),
		Long: "Show how the containers of an image behave, or set it with flags. A flag that is not given is reset to healthy;\n" +
			"--healthy resets all of them. The setting stays when the cloud stops.",
		RunE: func(command *cobra.Command, args []string) error {
			digest := args[0]
			if named := run.Digest(digest); named != "" {
				digest = named
			}
			if err := wanted.Check(digest); err != nil {
				return cli.Blame(err)
			}
			client, err := a.running(command)
			if err != nil {
				return err
			}
			decided := false
			for _, flag := range []string{"error-rate", "latency", "startup", "never-ready", "path", "healthy"} {
				decided = decided || command.Flags().Changed(flag)
			}
			if decided {
				if err := client.SetBehaviour(command.Context(), digest, wanted); err != nil {
					return err
				}
			}
			now, err := client.Behaviour(command.Context(), digest)
			if err != nil {
				return err
			}
			where := ""
			if now.Path != "" {
				where = ", of path " + now.Path
			}
			_, err = fmt.Fprintf(a.streams.Out, "%s: error rate %g, latency %s%s, startup %s, never ready %t\n", digest, now.ErrorRate,
				now.Latency, where, now.Startup, now.NeverReady)
			return err
		},
	}
	flags := command.Flags()
	flags.Float64Var(&wanted.ErrorRate, "error-rate", 0, "share of requests answered with 500, 0-1")
	flags.DurationVar(&wanted.Latency, "latency", 0, "added to every answer")
	flags.DurationVar(&wanted.Startup, "startup", 0, "how long new revisions take until they are ready, or fail")
	flags.BoolVar(&wanted.NeverReady, "never-ready", false, "new revisions fail their startup probe")
	flags.StringVar(&wanted.Path, "path", "", "the only path whose requests fail or are late (default: all)")
	flags.Bool("healthy", false, "reset all of the above")
	return command
}
