package command

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/guiofsaints/procureflow-platform/internal/cli"
	"github.com/guiofsaints/procureflow-platform/internal/naming"
	"github.com/guiofsaints/procureflow-platform/release/audit"
	"github.com/guiofsaints/procureflow-platform/release/gcp"
	"github.com/guiofsaints/procureflow-platform/release/plan"
	"github.com/guiofsaints/procureflow-platform/release/probe"
	"github.com/guiofsaints/procureflow-platform/release/report"
	"github.com/guiofsaints/procureflow-platform/release/rollout"
	"github.com/guiofsaints/procureflow-platform/release/settings"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

// session holds one command's controller and everything to close after it.
type session struct {
	*rollout.Controller
	journal *audit.File
	console *console
	environ settings.Environment
	region  string
	project string
	service string
	// mayShift says whether the caller may change the service's traffic.
	mayShift func(context.Context) (bool, error)
}

// connect builds what status, rollback and guard need. It uses the default policy for waiting times, so that a broken
// release.yaml cannot stop a rollback.
func (a *app) connect(ctx context.Context, command, service string) (*session, error) {
	if !serviceName.MatchString(service) {
		return nil, usage("%q is not the name of a Cloud Run service: give the short name, such as procureflow-web", service)
	}
	project, err := a.project(ctx)
	if err != nil {
		return nil, err
	}
	s := &session{region: a.flags.region, project: project, service: service, environ: settings.Default()}
	endpoints := a.endpoints()
	client, err := gcp.NewService(ctx, endpoints, s.project, s.region, service)
	if err != nil {
		return nil, usage("%v", err)
	}
	s.mayShift = client.MayShift
	s.console = &console{streams: a.streams, now: time.Now}
	s.Controller = &rollout.Controller{Service: client, Clock: gcp.Clock{}, Journal: s.console, Policy: s.environ.Policy(),
		Name: service, Program: a.streams.Program, Where: a.where(s.project),
		Waiting: func(why string) { s.console.say("%s", why) }}
	if command != "" {
		// If the folder cannot be made, opening the audit file fails and says so.
		_ = os.MkdirAll(filepath.Dir(a.flags.audit), 0o700)
		s.journal = audit.Open(a.flags.audit, audit.Origin{Command: command, Environment: a.flags.environment, Who: a.actor(), Run: rand.Text(),
			Commit: a.flags.commit, Link: a.page(), ApprovedBy: a.flags.approvedBy,
			Service: s.fullName()})
		s.Journal = tee{s.console, s.journal, func(event rollout.Event) { a.started(s, command, event) }}
	}
	return s, nil
}

// project returns the project to act in: the one that the command line names, or that of the environment.
func (a *app) project(ctx context.Context) (string, error) {
	if err := errors.Join(a.checkNames(), a.checkOrigin()); err != nil || a.flags.project != "" {
		return a.flags.project, err
	}
	project, err := gcp.Project(ctx)
	if err != nil {
		return "", usage("%v", err)
	}
	if !plainName.MatchString(project) {
		return "", usage("the project %q of the environment is not a name: use letters, digits and hyphens", project)
	}
	// Several environments have a service of this name, so a person who acts has to see which one it is.
	fmt.Fprintf(a.streams.Err, "project: %s (--project names another)\n", project)
	return project, nil
}

// endpoints returns Google's APIs, unless the command line or the sandbox's environment names some on this machine.
func (a *app) endpoints() gcp.Endpoints {
	return gcp.Endpoints{Run: a.flags.endpoint, Monitoring: a.flags.monitoring, TokenFile: a.flags.tokenFile}
}

// fullName is the service's name as the audit file has it.
func (s *session) fullName() string {
	return fmt.Sprintf("projects/%s/locations/%s/services/%s", s.project, s.region, s.service)
}

func (s *session) close() {
	s.console.end()
	if s.journal != nil {
		_ = s.journal.Close()
	}
}

// equip adds what a rollout needs beyond connect: the environment's policy, probes and metrics.
func (a *app) equip(ctx context.Context, s *session) error {
	environment, err := settings.Load(a.flags.policy, a.flags.environment)
	if err != nil {
		return usage("%v", err)
	}
	s.environ, s.Policy = environment, environment.Policy()
	prober, err := a.prober(ctx, s, environment.Probe.Auth)
	if err != nil {
		return err
	}
	prober.Paths, prober.Timeout = environment.Probe.Paths, environment.Probe.Timeout
	prober.Marker = probe.Marker(environment.Probe.Marker)
	s.Prober = prober
	metrics, err := gcp.NewMetrics(ctx, a.endpoints(), s.project, s.region, s.service)
	if err != nil {
		return usage("%v", err)
	}
	metrics.Now = s.Clock.Now
	s.Metrics, s.Progress = metrics, s.console.progress
	if !s.Policy.Hooks.Empty() {
		if s.Jobs, err = gcp.NewJobs(ctx, a.endpoints(), s.project, s.region); err != nil {
			return usage("%v", err)
		}
	}
	return nil
}

// prober asks the service as a visitor, with an ID token where it has to be.
func (a *app) prober(ctx context.Context, s *session, auth string) (*probe.Prober, error) {
	if err := a.checkVia(); err != nil {
		return nil, err
	}
	prober := &probe.Prober{Via: a.flags.via, Now: s.Clock.Now, Private: auth == "id-token"}
	if auth == "public" {
		return prober, nil
	}
	prober.Token = probe.Lazily(func(ctx context.Context) (probe.TokenSource, error) {
		ctx = context.WithoutCancel(ctx) // The token outlives this call, so it must not end with the probe's timeout.
		live, err := s.Service.Read(ctx)
		if err != nil {
			return nil, err
		}
		return gcp.IDTokens(ctx, a.endpoints(), a.probeAccount(s.project), live.URL)
	})
	if prober.Private { // Missing credentials are reported before any request.
		if _, err := prober.Token(ctx); err != nil {
			return nil, err
		}
	}
	return prober, nil
}

func (a *app) checkVia() error {
	if a.flags.via == "" {
		return nil
	}
	return cli.Blame(probe.CheckVia(a.flags.via))
}

// probeAccount returns the account whose ID tokens probes carry. With APIs on this machine it is the pipeline's account, which may
// call the service, because the caller has no account there.
func (a *app) probeAccount(project string) string {
	if a.flags.account == "" && a.flags.endpoint != "" {
		return naming.AccountEmail(stacks.PipelineAccountPrefix+stacks.AccountDeploy, project)
	}
	return a.flags.account
}

// tee passes each event to the console, to the journal and to the sinks.
type tee struct {
	show rollout.Journal
	keep rollout.Journal
	tell func(rollout.Event)
}

// Record implements rollout.Journal.
func (t tee) Record(event rollout.Event) error {
	_ = t.show.Record(event)
	t.tell(event)
	return t.keep.Record(event)
}

// finish prints the result, writes the summary and sets the exit code.
func (a *app) finish(s *session, command string, result rollout.Result) {
	s.console.end()
	a.exit = code(result.Outcome, command == "rollback")
	if result.Journal != "" {
		fmt.Fprintln(a.streams.Err, "warning: the audit is incomplete:", result.Journal, "(--audit names another file)")
	}
	if err := a.summarize(s, command, result); err != nil {
		fmt.Fprintln(a.streams.Err, "warning: the summary is not written:", err)
	}
	var err error
	if a.flags.json {
		err = a.print(struct {
			rollout.Result
			Seconds float64 `json:"seconds"`
		}{result, result.Elapsed.Seconds()})
	} else {
		class, _ := report.Verdict(result.Outcome)
		if a.exit == ExitDone {
			class = "good"
		}
		text := fmt.Sprintf("%s: %s after %s\n", command, a.paint(class, string(result.Outcome)), result.Elapsed.Round(10*time.Millisecond))
		for _, why := range result.Why {
			text += "  " + why + "\n"
		}
		err = a.write(text)
	}
	if err != nil { // The rollout is over by now, and the exit code reports how it went.
		fmt.Fprintln(a.streams.Err, "warning: the result is not printed:", err)
	}
	a.ended(s, command, result)
}

func (a *app) print(value any) error {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		return err
	}
	return a.write(text.String())
}

// paint colours text where standard output shows colours.
func (a *app) paint(class, text string) string { return cli.Paint(a.streams.Colour, class, text) }

// write prints to standard output. It ignores a closed pipe: a reader such as head has read all that it wanted.
func (a *app) write(text string) error {
	if _, err := io.WriteString(a.streams.Out, text); err != nil && !errors.Is(err, syscall.EPIPE) {
		return err
	}
	return nil
}

// command writes a command line about the session's service that a reader can paste.
func (s *session) command(verb string, flags ...string) string {
	return plan.Service{Name: s.service, Program: s.Program, Where: s.Where}.Command(verb, flags...)
}
