package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/optpreview"
	"github.com/spf13/cobra"

	"github.com/guiofsaints/procureflow-platform/sandbox/engine"
)

func (a *app) up() *cobra.Command {
	var skipPreview bool
	command := &cobra.Command{
		Use: "up STACK", Short: "Bring the stack up in the emulated cloud and say where its services answer", Args: stackArgument,
		RunE: func(command *cobra.Command, args []string) error {
			return a.withStack(command.Context(), "up", args[0], func(ctx context.Context, stack *engine.Stack) error {
				start := time.Now()
				up := stack.Up
				if skipPreview {
					up = stack.Update
				}
				changes, err := up(ctx)
				a.note(args[0], "up", stack)
				if err != nil {
					return err
				}
				fmt.Fprintln(a.streams.Out)
				if changes.None() {
					fmt.Fprintf(a.streams.Out, "Stack %s: no changes", args[0])
				} else {
					fmt.Fprintf(a.streams.Out, "Stack %s is up", args[0])
				}
				fmt.Fprintf(a.streams.Out, " (%s).\n", time.Since(start).Round(100*time.Millisecond))
				return a.printServices(ctx, stack)
			})
		},
	}
	command.Flags().BoolVar(&skipPreview, "skip-preview", false, "skip the preview, which saves a quarter of the time; policies about the "+
		"whole stack then run only after the update")
	return command
}

// printServices asks the cloud where each service answers, and prints it.
func (a *app) printServices(ctx context.Context, stack *engine.Stack) error {
	services, err := stack.Services(ctx)
	if err != nil {
		return err
	}
	client := &http.Client{Timeout: 10 * time.Second}
	for _, service := range services {
		answer := "does not answer"
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, service.Address, nil)
		if err != nil {
			return err
		}
		if response, err := client.Do(request); err == nil {
			_ = response.Body.Close()
			answer = fmt.Sprintf("answers %d", response.StatusCode)
		}
		fmt.Fprintf(a.streams.Out, "Service %s %s at %s (in the cloud: %s)\n", service.Name, answer, service.Address, service.URL)
	}
	return nil
}

func (a *app) preview() *cobra.Command {
	var diff bool
	command := &cobra.Command{
		Use: "preview STACK", Short: "Show what `up` would do, and change nothing", Args: stackArgument,
		RunE: func(command *cobra.Command, args []string) error {
			return a.withStack(command.Context(), "preview", args[0], func(ctx context.Context, stack *engine.Stack) error {
				var more []optpreview.Option
				if diff {
					more = append(more, optpreview.Diff())
				}
				err := stack.Preview(ctx, more...)
				a.note(args[0], "preview", stack)
				return err
			})
		},
	}
	command.Flags().BoolVar(&diff, "diff", false, "show each property that changes, with its old and new value")
	return command
}

func (a *app) destroy() *cobra.Command {
	return &cobra.Command{
		Use: "destroy STACK", Short: "Delete the stack's resources from the emulated cloud", Args: stackArgument,
		RunE: func(command *cobra.Command, args []string) error {
			return a.withStack(command.Context(), "destroy", args[0], func(ctx context.Context, stack *engine.Stack) error {
				return stack.Destroy(ctx)
			})
		},
	}
}

func (a *app) drift() *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use: "drift STACK", Short: "List the resources that somebody changed outside of Pulumi; exit 1 if there are any", Args: stackArgument,
		RunE: func(command *cobra.Command, args []string) error {
			return a.withStack(command.Context(), "drift", args[0], func(ctx context.Context, stack *engine.Stack) error {
				drifted, err := stack.Drift(ctx)
				if err != nil {
					return err
				}
				if len(drifted) > 0 {
					a.exit = ExitNo
				}
				if asJSON {
					return a.streams.JSON(append([]engine.Drifted{}, drifted...))
				}
				engine.WriteDrift(a.streams.Out, args[0], drifted)
				return nil
			})
		},
	}
	command.Flags().BoolVar(&asJSON, "json", false, "print the list as JSON")
	return command
}

// withStack selects a stack and runs work on it while it holds the state folder's lock.
func (a *app) withStack(ctx context.Context, name, stackName string, work func(context.Context, *engine.Stack) error) error {
	progress := a.streams.Out
	if name == "drift" {
		progress = a.streams.Err // Standard output is for the list.
	}
	session, err := a.open(ctx, name+" "+stackName, progress)
	if err != nil {
		return err
	}
	defer session.close()
	stack, err := session.Stack(ctx, stackName)
	if err != nil {
		return err
	}
	return work(ctx, stack)
}

func (a *app) export() *cobra.Command {
	return &cobra.Command{
		Use: "export STACK", Short: "Print the stack's state as JSON, secrets encrypted, and nothing else", Args: stackArgument,
		RunE: func(command *cobra.Command, args []string) error {
			session, err := a.open(command.Context(), "export "+args[0], a.streams.Err)
			if err != nil {
				return err
			}
			defer session.close()
			return session.Export(args[0], a.streams.Out)
		},
	}
}

func (a *app) pulumi() *cobra.Command {
	return &cobra.Command{
		Use: "pulumi -- ARGS", Short: "Run the Pulumi CLI in the sandbox's environment", DisableFlagsInUseLine: true,
		Args: cobra.MinimumNArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			session, err := a.open(command.Context(), "pulumi", a.streams.Err)
			if err != nil {
				return err
			}
			defer session.close()
			here, err := os.Getwd()
			if err != nil {
				return err
			}
			a.exit, err = session.Pulumi(command.Context(), a.streams.In, a.streams.Out, a.streams.Err, inFolder(here, args)...)
			return err
		},
	}
}

func (a *app) analyzed(ctx context.Context, state, stack string, asJSON bool) (clean bool, err error) {
	session, err := a.open(ctx, "analyze "+state, a.streams.Err)
	if err != nil {
		return false, err
	}
	defer session.close()
	return session.Analyze(ctx, state, stack, asJSON, a.streams.Out)
}

func (a *app) analyze() *cobra.Command {
	var stack string
	var asJSON bool
	command := &cobra.Command{
		Use: "analyze STATE.json", Short: "Check an exported state with the policy pack; exit 1 on a mandatory violation",
		Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			clean, err := a.analyzed(command.Context(), args[0], stack, asJSON)
			switch {
			case err != nil && asJSON: // A reader of JSON gets the error as JSON; the exit code says that it is no finding.
				err = errors.Join(err, json.NewEncoder(a.streams.Out).Encode(map[string]string{"error": err.Error()}))
			case err == nil && !clean:
				a.exit = ExitNo
			}
			return err
		},
	}
	command.Flags().StringVar(&stack, "stack", "", "stack whose policy configuration to use (default: the stack of the state)")
	command.Flags().BoolVar(&asJSON, "json", false, "print the report as JSON")
	return command
}
