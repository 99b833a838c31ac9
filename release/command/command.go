// Package command is the command line of the release controller. Its exit codes are part of its interface; see exitCodes.
package command

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/user"
	"slices"

	"github.com/spf13/cobra"

	"github.com/guiofsaints/procureflow-platform/internal/cli"
	"github.com/guiofsaints/procureflow-platform/release/notify"
	"github.com/guiofsaints/procureflow-platform/release/rollout"
)

// Exit codes.
const (
	ExitDone        = 0 // Done, or nothing to do. A rollback that a person asked for ends with this code.
	ExitFailed      = 1 // Nothing was shifted, or the program itself failed. The message says how things stand.
	ExitUsage       = 2 // The command line or the release policy is wrong.
	ExitRolledBack  = 3 // A gate failed, or a guarded command changed traffic. The revision that served before serves again.
	ExitHeld        = 4 // The metrics say too little, and a person has to decide.
	ExitRefused     = 5 // The service's present state forbids it. Nothing was written.
	ExitSuperseded  = 6 // Someone else changed the traffic; this run stopped.
	ExitInterrupted = 7 // A signal came, or the API was out of reach. Resume, or roll back.
	ExitUnconfirmed = 8 // A rollback is not known to be in effect. Look at once.
)

// exitCodes explains the exit codes, for --help. Under "go run", every code but 0 becomes 1.
const exitCodes = `Exit codes: 0 done or nothing to do · 1 failed, nothing shifted · 2 wrong usage or policy · 3 a gate failed, and the
revision that served before serves again · 4 held for a person · 5 refused in the present state · 6 someone else changed the traffic ·
7 interrupted, resume or roll back · 8 a rollback is not confirmed, look at once.
` + GoRun

// GoRun warns, wherever exit codes are explained, that "go run" hides them.
const GoRun = `"go run" turns every code but 0 into 1: if the code matters, go build -o bin/release ./cmd/release first.`

func code(outcome rollout.Outcome, asked bool) int {
	switch outcome {
	case rollout.Released, rollout.Nothing:
		return ExitDone
	case rollout.RolledBack:
		if asked {
			return ExitDone
		}
		return ExitRolledBack
	case rollout.Held:
		return ExitHeld
	case rollout.Refused:
		return ExitRefused
	case rollout.Superseded:
		return ExitSuperseded
	case rollout.Interrupted:
		return ExitInterrupted
	case rollout.Unconfirmed:
		return ExitUnconfirmed
	}
	return ExitFailed
}

// Streams are the command's standard streams.
type Streams = cli.Streams

// app is one invocation of the program.
type app struct {
	streams Streams
	exit    int
	flags   flags
	more    []Commands
	base    *cobra.Command
	// notifier sends messages to the environment's sinks; nil until there is something to tell. told says that they have heard how the
	// command ended.
	notifier *notify.Notifier
	told     bool
}

type flags struct {
	project, region                   string
	endpoint, monitoring, via         string
	account                           string
	tokenFile                         string
	environment, policy, audit, actor string
	commit, link                      string
	approvedBy                        []string
	summary                           string
	json                              bool
}

// usage returns an error of the call: the command line, or a file that it names, is wrong.
func usage(format string, arguments ...any) error { return cli.Blame(fmt.Errorf(format, arguments...)) }

// Run runs one command line and returns its exit code. more are commands in addition to those of this package.
func Run(ctx context.Context, arguments []string, streams Streams, more ...Commands) int {
	a := &app{streams: streams, more: more}
	root := a.root()
	a.refuseHelpAsName(root, arguments)
	err := cli.Execute(ctx, root, arguments, streams)
	if err == nil {
		return a.exit
	}
	fmt.Fprintln(streams.Err, "release:", err)
	switch {
	case cli.Blamed(err):
		return ExitUsage
	case a.exit == 0:
		return ExitFailed
	}
	return a.exit
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use: "release", Short: "Release a Cloud Run service by digest, in gated steps, and take it back in seconds",
		Example: "  release status procureflow-web                    who serves, who waits, what a rollback would do\n" +
			"  release rollout procureflow-web --env prod        move requests to the new revision step by step\n" +
			"  release watch procureflow-web --web               watch the rollout on a page\n" +
			"  release rollback procureflow-web                  give all requests back to the revision that served before",
		Annotations:   map[string]string{cli.Codes: exitCodes},
		SilenceErrors: true, Version: version(),
	}
	root.SetVersionTemplate("release {{.Version}}\n")
	a.base = root
	a.registerFlags(root)
	root.PersistentPreRun = func(*cobra.Command, []string) { a.fromEnvironment() }
	root.AddCommand(a.commands()...)
	cli.Dress(root)
	_ = root.RegisterFlagCompletionFunc("env", cobra.FixedCompletions([]string{"dev", "staging", "prod", "sandbox"},
		cobra.ShellCompDirectiveNoFileComp))
	return root
}

// These are groups of flags that several commands take, by what a command does with them.
var (
	reach   = []string{"project", "region", "endpoint", "token-file"}
	asking  = []string{"probe-via", "probe-account"}
	judging = append([]string{"env", "policy", "monitoring-endpoint"}, asking...)
	keeping = []string{"audit", "actor", "commit", "link", "approved-by", "summary"}
	printed = []string{"json"}
)

// commands lists all commands, those of other packages last, each with its flags and with what its exit codes mean.
func (a *app) commands() (list []*cobra.Command) {
	add := func(command *cobra.Command, codes string, groups ...[]string) {
		cli.Uses(command, slices.Concat(groups...)...)
		command.Annotations[cli.Codes] = codes
		list = append(list, command)
	}
	const look = "Exit codes: 0 done · 1 failed; the message says why · 2 wrong usage.\n" + GoRun
	add(a.status(), look, reach, printed)
	add(a.watch(), exitCodes, reach, judging, []string{"audit", "actor"}, printed)
	add(a.telling(a.rollout()), exitCodes, reach, judging, keeping, printed)
	add(a.telling(a.rollback()), exitCodes, reach, []string{"env", "policy"}, keeping, printed)
	add(a.telling(a.guard()), exitCodes, reach, []string{"env", "policy"}, keeping, printed)
	add(a.run(), runCodes, reach, printed)
	add(a.check(), "Exit codes: 0 every path answered · 1 a path did not, or the command failed · 2 wrong usage.\n"+GoRun, reach, asking)
	add(a.report(), look, []string{"audit"})
	add(a.backtest(), look, []string{"env"}, printed)
	add(a.approvals(), "Exit codes: 0 approved · 1 failed · 2 wrong usage · 5 refused.\n"+GoRun,
		[]string{"actor", "commit", "summary"}, printed)
	add(a.preview(), "Exit codes: 0 done, or nothing to do · 1 failed; the message says why · 2 wrong usage · 5 refused: every slot is "+
		"another pull request's · 7 interrupted, run it again.\n"+GoRun, reach, []string{"probe-via", "commit"}, printed)
	add(a.settings(), GoRun, printed)
	for _, more := range a.more {
		list = append(list, more(&Invocation{Streams: a.streams, app: a})...)
	}
	return list
}

func (a *app) registerFlags(root *cobra.Command) {
	persistent := root.PersistentFlags()
	persistent.StringVar(&a.flags.project, "project", "", "Google Cloud project; default: GOOGLE_CLOUD_PROJECT, or that of the credentials")
	persistent.StringVar(&a.flags.region, "region", "us-central1", "region of the service")
	persistent.StringVar(&a.flags.endpoint, "endpoint", "",
		"Cloud Run API on this machine, such as the sandbox's http://127.0.0.1:PORT/run/; default: RELEASE_ENDPOINT, or Google's")
	persistent.StringVar(&a.flags.tokenFile, "token-file", "",
		"file with the access token for APIs on this machine; default: RELEASE_TOKEN_FILE, or no credentials")
	persistent.StringVar(&a.flags.monitoring, "monitoring-endpoint", "",
		"Cloud Monitoring API on this machine; default with --endpoint: /mon/ on the same port")
	persistent.StringVar(&a.flags.via, "probe-via", "",
		"send probes to this URL on this machine, with the real Host: the sandbox's data plane; default: RELEASE_PROBE_VIA")
	persistent.StringVar(&a.flags.account, "probe-account", "",
		"service account whose ID tokens probes of a private service carry; default: RELEASE_PROBE_ACCOUNT, or that of the credentials")
	persistent.StringVar(&a.flags.environment, "env", "prod", "environment of the release policy")
	persistent.StringVar(&a.flags.policy, "policy", "", "release policy file; default: the built-in release.yaml")
	persistent.StringVar(&a.flags.audit, "audit", defaultAudit(),
		"file with the audit records; default: RELEASE_AUDIT; without it, in a workflow release-audit.jsonl, else one in your home folder")
	persistent.StringVar(&a.flags.actor, "actor", "", "who acts, for the audit; default: the workflow's actor and run, or the user")
	persistent.StringVar(&a.flags.commit, "commit", "",
		"commit from which the image was built, 40 hex digits, for audit and summary; release verify finds it")
	persistent.StringVar(&a.flags.link, "link", "",
		"address of a page about this run, for the audit and the summary; default: the workflow's run")
	persistent.StringSliceVar(&a.flags.approvedBy, "approved-by", nil,
		"people who approved the release, for audit and summary; release approvals finds them")
	persistent.StringVar(&a.flags.summary, "summary", "", "file that a Markdown summary is appended to: \"$GITHUB_STEP_SUMMARY\"")
	persistent.BoolVar(&a.flags.json, "json", false, "print the result as JSON")
}

// actor names who runs the command: a workflow's run, or the person at the keyboard.
func (a *app) actor() string {
	if a.flags.actor != "" {
		return a.flags.actor
	}
	if actor := os.Getenv("GITHUB_ACTOR"); actor != "" {
		return fmt.Sprintf("%s, run %s of %s", actor, os.Getenv("GITHUB_RUN_ID"), os.Getenv("GITHUB_WORKFLOW_REF"))
	}
	if current, err := user.Current(); err == nil {
		return current.Username
	}
	return "unknown"
}

// page returns the address of the page where people can watch the run.
func (a *app) page() string {
	server, repository, run := os.Getenv("GITHUB_SERVER_URL"), os.Getenv("GITHUB_REPOSITORY"), os.Getenv("GITHUB_RUN_ID")
	if a.flags.link == "" && server != "" && repository != "" && run != "" {
		return server + "/" + repository + "/actions/runs/" + run
	}
	return a.flags.link
}

// fromEnvironment fills in, from the variables that `sandbox env` sets, what the command line leaves open. It says so, because a person
// who acts has to know where. An address that is not on this machine is refused, as --endpoint refuses it.
func (a *app) fromEnvironment() {
	if endpoint := os.Getenv("RELEASE_ENDPOINT"); a.flags.endpoint == "" && endpoint != "" {
		a.flags.endpoint = endpoint
		fmt.Fprintf(a.streams.Err, "endpoint: %s (RELEASE_ENDPOINT)\n", endpoint)
	}
	a.flags.via = cmp.Or(a.flags.via, os.Getenv("RELEASE_PROBE_VIA"))
	a.flags.tokenFile = cmp.Or(a.flags.tokenFile, os.Getenv("RELEASE_TOKEN_FILE"))
	a.flags.account = cmp.Or(a.flags.account, os.Getenv("RELEASE_PROBE_ACCOUNT"))
}
