package command

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/guiofsaints/procureflow-platform/internal/cli"
	"github.com/guiofsaints/procureflow-platform/release/gcp"
	"github.com/guiofsaints/procureflow-platform/release/hooks"
	"github.com/guiofsaints/procureflow-platform/release/jobs"
	"github.com/guiofsaints/procureflow-platform/release/plan"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

const runCodes = `Exit codes: 0 the execution succeeded, or runs where --no-wait asks for no more · 1 it failed or was cancelled ·
2 wrong usage or settings, or no such job; nothing was started · 5 the job cannot run now, or you may not run it; nothing was started ·
7 interrupted, timed out, or the API was out of reach: the execution goes on, or may have been started.
` + GoRun

// running is one call of `release run`.
type running struct {
	*app
	request       jobs.Request
	stack, folder string
	// known are the names of the settings' jobs, where the command line names a stack.
	known   []string
	project string
	jobs    *gcp.Jobs
	begun   time.Time
}

func (a *app) run() *cobra.Command {
	r := &running{app: a}
	var wait, noWait bool
	command := &cobra.Command{
		Use: "run JOB [-- ARG...]", Short: "Execute a Cloud Run job now, and wait until it is over", Args: cobra.MinimumNArgs(1),
		Long: "Execute a Cloud Run job at the digest that it has now, and wait until the execution is over. JOB is its name. With --stack\n" +
			"JOB may be its key in the settings, and project and region are the stack's. Arguments after -- replace the job's own for\n" +
			"this execution.\n\n" +
			"While another execution of the job is running, nothing is started. --follow waits for the running one, and --concurrent starts\n" +
			"another one. An interrupt ends the wait and not the execution.",
		Example: "  release run procureflow-migrate --project procureflow-prod\n" +
			"  release run migrate --stack prod                        by its key in Pulumi.prod.yaml\n" +
			"  release run procureflow-migrate -- migrate --dry-run    with other arguments, once\n" +
			"  release run procureflow-migrate --json | jq .log",
		RunE: func(command *cobra.Command, arguments []string) error {
			named := arguments
			if dash := command.ArgsLenAtDash(); dash >= 0 {
				named, r.request.Args = arguments[:dash], arguments[dash:]
			}
			if len(named) != 1 {
				return usage("name one job; its arguments come after --: %s", command.UseLine())
			}
			if command.Flags().Changed("wait") && command.Flags().Changed("no-wait") {
				return usage("--wait and --no-wait exclude each other: keep one")
			}
			r.request.NoWait = noWait || !wait
			return r.run(command.Context(), named[0])
		},
	}
	flags := command.Flags()
	flags.StringVar(&r.stack, "stack", "", "the stack whose settings have the job: dev, staging or prod; they name project and region")
	flags.StringVar(&r.folder, "folder", ".", "with --stack: folder of Pulumi.yaml and the stack files")
	flags.BoolVar(&wait, "wait", true, "wait for the end of the execution")
	flags.BoolVar(&noWait, "no-wait", false, "end as soon as the execution runs")
	flags.DurationVar(&r.request.Timeout, "timeout", 0, "how long to wait; the execution goes on afterwards (default: as long as it takes)")
	flags.StringVar(&r.request.Follow, "follow", "", "wait for this execution of the job, and start no other")
	flags.BoolVar(&r.request.Concurrent, "concurrent", false, "start an execution even though another one is running")
	return command
}

func (r *running) run(ctx context.Context, name string) error {
	if err := r.check(name); err != nil {
		return err
	}
	if err := r.place(ctx, name); err != nil {
		return err
	}
	var err error
	if r.jobs, err = gcp.NewJobs(ctx, r.endpoints(), r.project, r.flags.region); err != nil {
		return usage("%v", err)
	}
	shown := &console{streams: r.streams, now: time.Now}
	r.request.Mark = "run/" + rand.Text()
	r.begun = time.Now()
	runner := &jobs.Runner{Jobs: r.jobs, Clock: gcp.Clock{}, Tell: func(what string) { shown.say("%s", what) },
		Progress: func(execution hooks.Execution) { shown.show(progressOf(execution, time.Now())) }}
	result := runner.Run(ctx, r.request)
	shown.end()
	return r.finish(ctx, result)
}

// check refuses what can be refused without asking anybody.
func (r *running) check(name string) error {
	follow := r.request.Follow
	switch {
	case !jobName.MatchString(name):
		return usage("%q is not the name of a Cloud Run job: give the short name, such as procureflow-migrate", name)
	case follow != "" && !jobName.MatchString(follow):
		return usage("--follow %q is not the name of an execution: give the short name, such as %s-x7k2p", follow, name)
	case follow != "" && (r.request.Concurrent || len(r.request.Args) > 0):
		return usage("--follow starts nothing: remove --concurrent and the arguments")
	case r.request.NoWait && (follow != "" || r.request.Timeout != 0):
		return usage("--no-wait excludes --follow and --timeout, which are about waiting: keep one")
	case r.request.Timeout < 0:
		return usage("--timeout is %s: use a time to wait, such as 10m", r.request.Timeout)
	}
	return nil
}

// place finds out where the job is: from the settings of a stack, or from the command line and the environment.
func (r *running) place(ctx context.Context, name string) (err error) {
	r.request.Job = name
	if r.stack == "" {
		r.project, err = r.app.project(ctx)
		return err
	}
	for _, flag := range []string{"project", "region"} {
		if r.base.PersistentFlags().Changed(flag) {
			return usage("--%s and --stack exclude each other, because the stack's settings name it: keep one", flag)
		}
	}
	settings, err := stacks.Read(r.folder, r.stack, r.flags.endpoint != "") // The sandbox takes the settings' stand-ins for values.
	if err != nil {
		return usage("%v", err)
	}
	r.project, r.flags.region = settings.Project.ID, settings.Project.Region
	for _, key := range slices.Sorted(maps.Keys(settings.Jobs)) {
		r.known = append(r.known, settings.Jobs[key].Name)
	}
	if job, found := settings.Jobs[name]; found {
		r.request.Job = job.Name
	}
	if !slices.Contains(r.known, r.request.Job) {
		return usage("stack %s has no job %s%s", r.stack, name, among(name, append(slices.Sorted(maps.Keys(settings.Jobs)), r.known...)))
	}
	return nil
}

// among guesses which of the jobs was meant, and lists them.
func among(name string, known []string) string {
	if len(known) == 0 {
		return ": it has no jobs"
	}
	return cli.Meant(name, known) + " (there are " + strings.Join(known, ", ") + ")"
}

// progressOf is the live line of an execution, and what about it makes a log's next line.
func progressOf(execution hooks.Execution, now time.Time) (line, state string) {
	end := now
	if !execution.Completed.IsZero() {
		end = execution.Completed
	}
	state = fmt.Sprintf("%s  %s", execution.Name, execution.State)
	if execution.Tasks > 1 {
		state += fmt.Sprintf("  %d of %d tasks done", execution.Done, execution.Tasks)
	}
	for _, count := range []struct {
		number int
		what   string
	}{{execution.Failed, "failed"}, {execution.Retries, "tried again"}} {
		if count.number > 0 {
			state += fmt.Sprintf("  %d %s", count.number, count.what)
		}
	}
	return fmt.Sprintf("%s  %s", state, max(0, end.Sub(execution.Created)).Round(time.Second)), state
}

// meanings gives each outcome an exit code and a colour.
var meanings = map[jobs.Outcome]struct {
	exit  int
	class string
}{
	jobs.Succeeded: {ExitDone, "good"}, jobs.Started: {ExitDone, "good"}, jobs.Failed: {ExitFailed, "bad"},
	jobs.Missing: {ExitUsage, "bad"}, jobs.Refused: {ExitRefused, "bad"}, jobs.Unknown: {ExitInterrupted, "warn"},
}

// finish prints the result and the possible next steps, and sets the exit code.
func (r *running) finish(ctx context.Context, result jobs.Result) error {
	r.exit = meanings[result.Outcome].exit
	if result.Outcome == jobs.Missing && r.request.Follow == "" {
		known, err := r.jobs.Names(context.WithoutCancel(ctx))
		hint := ""
		if err == nil {
			hint = among(r.request.Job, known)
		}
		result.Why = []string{fmt.Sprintf("project %s has no job %s in %s%s", r.project, r.request.Job, r.flags.region, hint)}
	}
	result.Why = append(result.Why, r.next(result)...)
	execution := result.Execution
	if r.flags.json {
		return r.print(struct {
			Job       string       `json:"job"`
			Outcome   jobs.Outcome `json:"outcome"`
			Image     string       `json:"image,omitempty"`
			Execution string       `json:"execution,omitempty"`
			Tasks     int          `json:"tasks,omitempty"`
			Succeeded int          `json:"succeeded"`
			Failed    int          `json:"failed"`
			Retries   int          `json:"retries"`
			Log       string       `json:"log,omitempty"`
			Why       []string     `json:"why,omitempty"`
			Seconds   float64      `json:"seconds"`
		}{fmt.Sprintf("projects/%s/locations/%s/jobs/%s", r.project, r.flags.region, r.request.Job), result.Outcome, result.Image,
			execution.Name, execution.Tasks, execution.Done, execution.Failed, execution.Retries, execution.Log, result.Why,
			time.Since(r.begun).Seconds()})
	}
	text := fmt.Sprintf("%s: %s", cmp.Or(execution.Name, r.request.Job), r.paint(meanings[result.Outcome].class, string(result.Outcome)))
	if !execution.Completed.IsZero() {
		text += " after " + max(0, execution.Completed.Sub(execution.Created)).Round(time.Second).String()
	}
	for _, why := range result.Why {
		text += "\n  " + why
	}
	if execution.Log != "" {
		text += "\n  its log: " + execution.Log
	}
	return r.write(text + "\n")
}

// next returns what the reader has to know now, with the commands to type.
func (r *running) next(result jobs.Result) []string {
	name := result.Execution.Name
	follow := func(execution string) string { return r.command("--follow", execution) + " waits for it" }
	list := fmt.Sprintf("`gcloud run jobs executions list --job %s --region %s --project %s`", r.request.Job, r.flags.region, r.project)
	switch {
	case result.Outcome == jobs.Unknown && name != "":
		return []string{fmt.Sprintf("the execution %s goes on by itself: %s, `gcloud run jobs executions cancel %s --region %s --project %s` "+
			"ends it", name, follow(name), name, r.flags.region, r.project)}
	case result.Outcome == jobs.Unknown && r.request.Follow == "":
		return []string{"it is not known whether an execution was started: " + list + " lists them"}
	case result.Outcome == jobs.Started:
		return []string{follow(name)}
	case result.Outcome == jobs.Refused && result.Other != "":
		return []string{follow(result.Other) + ", and --concurrent starts another one as well"}
	}
	return nil
}

// command is a command line about the job that a reader can paste.
func (r *running) command(flags ...string) string {
	return plan.Service{Name: r.request.Job, Program: r.streams.Program, Where: r.where(r.project)}.Command("run", flags...)
}
