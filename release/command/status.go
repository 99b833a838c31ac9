package command

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/guiofsaints/procureflow-platform/release/plan"
	"github.com/guiofsaints/procureflow-platform/release/rollout"
)

func (a *app) status() *cobra.Command {
	var all bool
	command := &cobra.Command{
		Use: "status SERVICE", Short: "Show each revision's share of the requests, the active rollout, and where a rollback would go",
		Args:    cobra.ExactArgs(1),
		Example: "  release status procureflow-web\n  release status procureflow-web --json | jq .state.phase",
		RunE: func(command *cobra.Command, arguments []string) error {
			s, err := a.connect(command.Context(), "", arguments[0])
			if err != nil {
				return err
			}
			defer s.close()
			status, err := s.Status(command.Context())
			if err != nil {
				return err
			}
			if a.flags.json {
				return a.print(status)
			}
			text := a.statusText(status, s.command("rollback"), all)
			if all {
				text += a.gcloudHint(s.project)
			}
			return a.write(text)
		},
	}
	command.Flags().BoolVar(&all, "all", false, "list every revision with its whole image, and say how gcloud reaches an API on this machine")
	return command
}

// fewRevisions is how many revisions are listed, so that a status fits a terminal of 24 lines.
const fewRevisions = 6

// statusText says which revision serves, what is waiting and what a rollback would do, and then the rest.
func (a *app) statusText(status rollout.Status, rollback string, all bool) string {
	out := &strings.Builder{}
	fmt.Fprintf(out, "%s  %s\n", status.Service, status.URL)
	percents := plan.Service{LatestReady: status.LatestReady}.Percents(status.Effective)
	var revisions []string
	tags := map[string][]string{}
	for _, target := range status.Effective {
		name := cmp.Or(target.Revision, status.LatestReady)
		if !slices.Contains(revisions, name) {
			revisions = append(revisions, name)
		}
		if target.Tag != "" {
			tags[name] = append(tags[name], target.Tag)
		}
	}
	slices.SortStableFunc(revisions, func(a, b string) int { return percents[b] - percents[a] })
	for i, name := range revisions {
		if i >= fewRevisions-1 && percents[name] == 0 && !all {
			fmt.Fprintf(out, "       and %d more with tags: --all lists all\n", len(revisions)-i)
			break
		}
		fmt.Fprintf(out, "%4d %%   %s\n", percents[name], strings.TrimSpace(name+"  "+strings.Join(tags[name], " ")))
	}
	if status.State.Candidate != "" {
		fmt.Fprintf(out, "A rollout of %s is active (%s, %d %%)", status.State.Candidate, status.State.Phase, status.State.Percent)
		if status.Since != nil {
			fmt.Fprintf(out, ",\nits revision is from %s", status.Since.UTC().Format(time.RFC3339))
		}
		fmt.Fprintf(out, ";\nthe last change is from %s.\n", status.Changed.UTC().Format(time.RFC3339))
	} else {
		fmt.Fprintf(out, "No rollout is active (%s); the last change is from %s.\n", status.State.Phase,
			status.Changed.UTC().Format(time.RFC3339))
	}
	for _, finding := range status.Findings {
		fmt.Fprintf(out, "%s %s.\n", a.paint("warn", "Look at this:"), finding)
	}
	if status.RollbackTo != "" {
		fmt.Fprintf(out, "%s goes to %s.\n", rollback, status.RollbackTo)
	} else {
		fmt.Fprintf(out, "%s: %s.\n", rollback, status.NoRollback)
	}
	out.WriteString("\n" + a.revisionTable(status.Revisions, all))
	return out.String()
}

// revisionTable lists the newest revisions, or all of them.
func (a *app) revisionTable(revisions []plan.Revision, all bool) string {
	out := &strings.Builder{}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "REVISION\tREADY\tCREATED\tIMAGE")
	shown := revisions
	if len(shown) > fewRevisions && !all {
		shown = shown[:fewRevisions]
	}
	for _, revision := range shown {
		ready, image, created := "yes", revision.Image, revision.Created.UTC().Format(time.RFC3339)
		if !revision.Ready {
			ready = "no"
		}
		if _, digest, found := strings.Cut(image, "@sha256:"); found && !all {
			image, created = "sha256:"+digest[:min(12, len(digest))], revision.Created.UTC().Format("2006-01-02 15:04")
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", revision.Name, ready, created, image)
	}
	_ = table.Flush()
	if more := len(revisions) - len(shown); more > 0 {
		fmt.Fprintf(out, "and %d older: --all lists all\n", more)
	}
	for _, revision := range shown {
		if !revision.Ready {
			fmt.Fprintf(out, "%s is not ready: %s\n", revision.Name, strings.Join(strings.Fields(revision.Message), " "))
		}
	}
	return out.String()
}

// gcloudHint returns the settings with which gcloud reaches the same API, if that is on this machine.
func (a *app) gcloudHint(project string) string {
	local, err := url.Parse(a.flags.endpoint)
	if err != nil || local.Host == "" {
		return ""
	}
	return fmt.Sprintf("\ngcloud works here too, from a shell with these:\n  export %s\n", strings.Join([]string{
		"CLOUDSDK_API_ENDPOINT_OVERRIDES_RUN=http://run.sandbox/", "CLOUDSDK_PROXY_TYPE=http_no_tunnel",
		"CLOUDSDK_PROXY_ADDRESS=" + local.Hostname(), "CLOUDSDK_PROXY_PORT=" + local.Port(),
		"CLOUDSDK_AUTH_ACCESS_TOKEN_FILE=" + cmp.Or(a.flags.tokenFile, "FILE"), "CLOUDSDK_CORE_PROJECT=" + project,
		"CLOUDSDK_RUN_REGION=" + a.flags.region,
	}, " "))
}
