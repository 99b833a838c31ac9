package command

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/guiofsaints/procureflow-platform/emulator/google/run"
	"github.com/guiofsaints/procureflow-platform/internal/cli"
	"github.com/guiofsaints/procureflow-platform/internal/plural"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

// job makes the command that shows or sets how the next executions of a job end.
func (a *app) job() *cobra.Command {
	var wanted run.JobBehaviour
	var project, region string
	command := &cobra.Command{
		Use: "job NAME", Short: "Show how the next executions of a job end, or set it with flags", Args: cobra.ExactArgs(1),
		Long: "Show how the next executions of a Cloud Run job end, or set it with flags. NAME is its id, or projects/P/locations/L/jobs/J.\n" +
			"A flag that is not given is reset: the job then succeeds at once. The setting stays when the cloud stops.",
		RunE: func(command *cobra.Command, args []string) error {
			name := args[0]
			if !strings.Contains(name, "/") {
				if err := a.placeOfDev(&project, &region); err != nil {
					return err
				}
				name = fmt.Sprintf("projects/%s/locations/%s/jobs/%s", project, region, name)
			}
			if err := wanted.Check(); err != nil {
				return cli.Blame(err)
			}
			client, err := a.running(command)
			if err != nil {
				return err
			}
			flags := command.Flags()
			if flags.Changed("takes") || flags.Changed("fail") || flags.Changed("hang") {
				if err := client.SetJobBehaviour(command.Context(), name, wanted); err != nil {
					return err
				}
			}
			now, err := client.JobBehaviour(command.Context(), name)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(a.streams.Out, "%s: %s\n", name, inWords(now))
			return err
		},
	}
	flags := command.Flags()
	flags.StringVar(&project, "project", "", "the job's project, where NAME is an id (default: dev's)")
	flags.StringVar(&region, "region", "", "the job's region, where NAME is an id (default: dev's)")
	flags.DurationVar(&wanted.Takes, "takes", 0, "how long each attempt of a task takes")
	flags.IntVar(&wanted.Hang, "hang", 0, "how many of the next executions hang")
	flags.IntVar(&wanted.Fail, "fail", 0, "how many of the next executions fail, after those that hang")
	return command
}

// inWords says how the next executions of a job end.
func inWords(b run.JobBehaviour) string {
	attempt := fmt.Sprintf("each attempt takes %s; ", b.Takes)
	hang := "the next " + plural.Of(b.Hang, "execution hangs", "executions hang")
	fail := "the next " + plural.Of(b.Fail, "execution fails", "executions fail")
	switch {
	case b.Hang > 0 && b.Fail > 0:
		return attempt + hang + ", then " + fail
	case b.Hang > 0:
		return attempt + hang
	case b.Fail > 0:
		return attempt + fail
	}
	return attempt + "executions succeed"
}

// placeOfDev fills in the job's project and region from the settings of dev, if they were not given.
func (a *app) placeOfDev(project, region *string) error {
	if *project != "" && *region != "" {
		return nil
	}
	folder, err := a.folder()
	if err != nil {
		return err
	}
	settings, err := stacks.Read(folder, "dev", true)
	if err != nil {
		return cli.Blame(fmt.Errorf("where the job is: %w; say --project and --region", err))
	}
	*project, *region = cmp.Or(*project, settings.Project.ID), cmp.Or(*region, settings.Project.Region)
	return nil
}
