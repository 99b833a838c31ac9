package command

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/guiofsaints/procureflow-platform/internal/oneline"
	"github.com/guiofsaints/procureflow-platform/release/approvals"
)

func (a *app) approvals() *cobra.Command {
	var question approvals.Question
	var digest, outputs string
	command := &cobra.Command{
		Example: "  release approvals --run \"$GITHUB_RUN_ID\" --repository \"$GITHUB_REPOSITORY\"",
		Use:     "approvals", Short: "Refuse unless a different person approved each environment, and none of them started the run",
		Args: cobra.NoArgs,
		Long: "Counts the different people who approved a workflow run's environments. The run's actor, its triggering actor and the person\n" +
			"whom --actor names do not count. A re-run is refused, because GitHub keeps the approvals of the first attempt.\n" +
			"Reads GITHUB_TOKEN (actions: read) and GITHUB_API_URL.",
		RunE: func(command *cobra.Command, _ []string) error {
			if question.Run <= 0 || question.Repository == "" || len(question.Gates) == 0 {
				return usage("approvals needs --run, --repository and --environments")
			}
			if err := a.checkOrigin(); err != nil {
				return err
			}
			if digest != "" && !digestForm.MatchString(digest) {
				return usage("--digest %q is not a digest: use sha256: and 64 hex digits", digest)
			}
			question.Actor = a.flags.actor
			client := approvals.Client{API: cmp.Or(os.Getenv("GITHUB_API_URL"), "https://api.github.com"), Token: os.Getenv("GITHUB_TOKEN")}
			verdict, err := client.Ask(command.Context(), question)
			if errors.Is(err, approvals.ErrRefused) {
				a.exit = ExitRefused
			}
			if a.flags.json {
				return errors.Join(err, a.print(verdict))
			}
			if err != nil {
				return err
			}
			return a.approved(verdict, digest, outputs)
		},
	}
	command.Flags().Int64Var(&question.Run, "run", 0, "the workflow run's id (required)")
	command.Flags().StringVar(&question.Repository, "repository", "", "OWNER/NAME (required)")
	command.Flags().StringSliceVar(&question.Gates, "environments", []string{"production-approval", "production"},
		"the environments; each needs the approval of a different person")
	command.Flags().IntVar(&question.Attempt, "attempt", 0, "the attempt that asks, GITHUB_RUN_ATTEMPT; default: the run's present one")
	command.Flags().StringVar(&digest, "digest", "",
		"digest that was approved, sha256:…, for the log and the summary; --commit names its commit")
	command.Flags().StringVar(&outputs, "github-output", "",
		"file that approved-by is appended to, for rollout --approved-by: \"$GITHUB_OUTPUT\"")
	return command
}

// approved reports who approved the run: in the log, in the run's summary and in the outputs for later steps.
func (a *app) approved(verdict approvals.Verdict, digest, outputs string) error {
	what, logins := "", []string{}
	if digest != "" {
		what = " of " + digest
	}
	if a.flags.commit != "" {
		what += ", built from commit " + a.flags.commit
	}
	summary := ""
	for _, by := range verdict.By {
		logins = append(logins, by.Login)
		fmt.Fprintf(a.streams.Out, "%s: approved by %s (%d)%s\n", by.Environment, by.Login, by.ID, what)
		summary += fmt.Sprintf("- %s: the release%s was approved by %s\n", oneline.Markdown(by.Environment), what, oneline.Markdown(by.Login))
	}
	return errors.Join(a.appendSummary(summary), AppendOutputs(outputs, "approved-by="+strings.Join(logins, ",")))
}
