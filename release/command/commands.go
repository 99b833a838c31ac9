package command

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/spf13/cobra"

	"github.com/guiofsaints/procureflow-platform/release/rollout"
)

func (a *app) rollout() *cobra.Command {
	var request rollout.Request
	var outputs string
	command := &cobra.Command{
		Example: "  release rollout procureflow-web --env prod\n" +
			"  release rollout procureflow-web --proceed        go on with a held rollout: only probes judge the step",
		Use: "rollout SERVICE", Short: "Move requests to the service's new revision step by step, or resume a rollout that " +
			"stopped", Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, arguments []string) error {
			if err := checkRevision("revision", request.Revision); err != nil {
				return err
			}
			s, err := a.connect(command.Context(), "rollout", arguments[0])
			if err != nil {
				return err
			}
			defer s.close()
			unlock, err := a.alone(s)
			if err != nil {
				return err
			}
			defer unlock()
			if err := a.equip(command.Context(), s); err != nil {
				return err
			}
			result := s.Rollout(command.Context(), request)
			if err := AppendOutputs(outputs, "outcome="+string(result.Outcome)); err != nil {
				fmt.Fprintln(a.streams.Err, "warning: the outcome is not written:", err)
			}
			a.finish(s, "rollout", result)
			return nil
		},
	}
	command.Flags().StringVar(&request.Revision, "revision", "",
		"the revision to roll out; default: that of the active rollout, or the newest")
	command.Flags().BoolVar(&request.Retry, "retry", false, "allow a revision that was rolled back before")
	command.Flags().StringVar(&request.OutsideWindow, "outside-window", "",
		"start although the policy's windows are closed: `WHY`, for the audit and the messages")
	command.Flags().BoolVar(&request.Proceed, "proceed", false,
		"go on at the step at which the rollout is held: a person looked at the candidate and decided")
	command.Flags().StringVar(&outputs, "github-output", "",
		"file to which outcome=RESULT is appended, for example released or rolled back: \"$GITHUB_OUTPUT\"")
	return command
}

func (a *app) rollback() *cobra.Command {
	var back rollout.Back
	command := &cobra.Command{
		Use: "rollback SERVICE", Short: "Give all requests back to the revision that served before: one read, one write",
		Args:    cobra.ExactArgs(1),
		Example: "  release rollback procureflow-web --why 'orders fail'\n  release rollback procureflow-web --to procureflow-web-4f1c2ab",
		RunE: func(command *cobra.Command, arguments []string) error {
			if err := checkRevision("to", back.To); err != nil {
				return err
			}
			s, err := a.connect(command.Context(), "rollback", arguments[0])
			if err != nil {
				return err
			}
			defer s.close()
			a.finish(s, "rollback", s.Rollback(command.Context(), back))
			return nil
		},
	}
	command.Flags().StringVar(&back.To, "to", "", "the revision to go back to; default: the revision that served before")
	command.Flags().BoolVar(&back.IfActive, "if-active", false, "do nothing unless a rollout is active: for a workflow's clean-up")
	command.Flags().StringVar(&back.Why, "why", "", "the reason, for the audit")
	return command
}

func (a *app) guard() *cobra.Command {
	return &cobra.Command{
		Example: "  release guard procureflow-web -- pulumi up --yes",
		Use:     "guard SERVICE -- COMMAND [ARGUMENT...]",
		Short:   "Run a command that must not change traffic, and put the traffic back if it does",
		Args:    cobra.MinimumNArgs(2),
		RunE: func(command *cobra.Command, arguments []string) error {
			s, err := a.connect(command.Context(), "guard", arguments[0])
			if err != nil {
				return err
			}
			defer s.close()
			result, commandErr := s.Guard(command.Context(), func(ctx context.Context) error {
				guarded := exec.CommandContext(ctx, arguments[1], arguments[2:]...)
				guarded.Stdin, guarded.Stdout, guarded.Stderr = a.streams.In, a.streams.Out, a.streams.Err
				if a.flags.json { // Standard output is for the result alone.
					guarded.Stdout = a.streams.Err
				}
				// An interrupt lets the command clean up before it ends. A second interrupt makes Pulumi abandon its step.
				guarded.Cancel = func() error {
					if typed(ctx) {
						return nil
					}
					return guarded.Process.Signal(os.Interrupt)
				}
				guarded.WaitDelay = 5 * time.Minute
				return guarded.Run()
			})
			a.finish(s, "guard", result)
			if commandErr != nil {
				if a.exit == ExitDone {
					a.exit = ExitFailed
				}
				return fmt.Errorf("the command failed: %w", commandErr)
			}
			return nil
		},
	}
}
