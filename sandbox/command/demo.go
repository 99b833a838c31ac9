package command

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/guiofsaints/procureflow-platform/internal/cli"
	release "github.com/guiofsaints/procureflow-platform/release/command"
	"github.com/guiofsaints/procureflow-platform/sandbox/console"
	"github.com/guiofsaints/procureflow-platform/sandbox/server"
	"github.com/guiofsaints/procureflow-platform/sandbox/statedir"
	"github.com/guiofsaints/procureflow-platform/stacks"

	"github.com/guiofsaints/procureflow-platform/emulator/google/run"
	"github.com/guiofsaints/procureflow-platform/internal/wait"
)

// image returns the digest of the demonstration's image of that number. The first is good. They were never built, and the emulated
// cloud does not check.
func image(number int) string { return "sha256:" + strings.Repeat(strconv.Itoa(number), 64) }

// slow is the time from which a visitor of the demonstration calls an answer bad.
const slow = 2 * time.Second

// bads are the ways in which a release after the first can fail. With "rare-errors", one in twenty of the visitors' requests fails, on a
// path that no probe requests. Every probe stays good, and only Cloud Monitoring's counts of both revisions show the errors.
var bads = map[string]run.Behaviour{
	"errors":      {ErrorRate: 1},
	"slow":        {Latency: 3 * time.Second},
	"never-ready": {NeverReady: true},
	rareErrors:    {ErrorRate: 0.05, Path: "/"},
}

const rareErrors = "rare-errors"

// patient is the release policy for errors that only metrics show. Cloud Monitoring has one point a minute, so the first step lasts
// longer than that. Without enough metrics, the release is held.
const patient = `environments:
  sandbox:
    steps: [{percent: 10, bake: 3m}, {percent: 100, bake: 1m}]
    inconclusive: hold
    metrics: {every: 5s}
    probe: {count: 20, pace: 200ms, interval: 500ms, marker: {header: X-Sandbox-Revision, value: "{revision}"}}
`

// migration is the scene in which not the image fails, but the job before it.
const migration = "migration"

func (a *app) demo() *cobra.Command {
	var out string
	var bad []string
	command := &cobra.Command{
		Use: "demo", Short: "Watch a good release, and a bad one that is caught and rolled back, in about a minute", Args: cobra.NoArgs,
		Long: "Watch a good release through all its steps, then a bad one that is caught and rolled back, with real requests all the while.\n" +
			"With several ways to be bad there is a bad release for each, one after the other.\n" +
			"With --bad migration the service has a sidecar, and a database that a job migrates before each release. The job fails once.\n" +
			"It makes a new sandbox below the state folder each time, and does not touch yours.\n\n" +
			"Exit codes: 0 the releases ended as expected; 2 the call is wrong; 3 they did not; 4 another demonstration runs; 130 interrupted.",
		RunE: func(command *cobra.Command, _ []string) error {
			for i, one := range bad {
				if _, known := bads[one]; !known && one != migration || slices.Contains(bad[:i], one) {
					return cli.Blame(fmt.Errorf("--bad is %q: want errors, slow, never-ready, rare-errors or migration, each once",
						strings.Join(bad, ",")))
				}
			}
			if folder := filepath.Dir(out); !isDir(folder) {
				return cli.Blame(fmt.Errorf("--out %s: there is no folder %s: make it first", out, folder))
			}
			return a.runDemo(command.Context(), bad, out)
		},
	}
	command.Flags().StringSliceVar(&bad, "bad", []string{"errors"}, "how the releases after the first go wrong, with commas: errors, slow, "+
		"never-ready, migration, or rare-errors (only metrics show them, and it takes two minutes longer)")
	command.Flags().StringVar(&out, "out", "release-report.html", "the report page to write")
	return command
}

// demonstration is a running demonstration.
type demonstration struct {
	*app
	start    time.Time
	dir      statedir.Dir
	client   *server.Client
	status   server.Status
	settings stacks.Settings
	service  stacks.Service
	// address is the service's address for visitors.
	address  string
	visitors *visitors
	// policy is the file of the release policy; empty for the built-in one.
	policy string
}

func (a *app) runDemo(ctx context.Context, bad []string, out string) error {
	dir, unlock, err := a.openDemo(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	defer func() {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
		defer cancel()
		if client, err := server.Connect(ending, dir); err == nil {
			_ = client.Stop(ending, dir)
		}
	}()
	d := &demonstration{app: a, start: time.Now(), dir: dir}
	if slices.Contains(bad, migration) {
		if err := d.addMigration(); err != nil {
			return err
		}
	}
	if err := d.open(ctx); err != nil {
		return err
	}
	defer func() { d.visitors.stop() }()
	if err := d.goodImage(ctx); err != nil {
		return err
	}
	for i, one := range bad {
		scene := func(ctx context.Context, digest string) error { return d.badImage(ctx, one, digest) }
		if one == migration {
			scene = d.badMigration
		}
		if err := scene(ctx, image(2+i)); err != nil {
			return err
		}
	}
	if code := d.release(ctx, "report", "--out", out); code != 0 {
		return fmt.Errorf("the report ended with exit code %d", code)
	}
	fmt.Fprintf(a.streams.Out, "%s serves everything. Report: %s (%s in all)\n", d.visitors.latest(), out,
		time.Since(d.start).Round(time.Second))
	return nil
}

// open brings the stack up and starts the visitors.
func (d *demonstration) open(ctx context.Context) (err error) {
	d.chapter("The stack dev comes up: the real engine, the program, the policy pack.")
	if err := d.demoUp(ctx); err != nil {
		return err
	}
	if d.client, err = server.Connect(ctx, d.dir); err != nil {
		return err
	}
	if d.status, err = d.client.Status(ctx); err != nil {
		return err
	}
	if d.settings, err = stacks.Read(d.app.dir, "dev", true); err != nil {
		return err
	}
	d.service = d.settings.Services[slices.Min(slices.Collect(maps.Keys(d.settings.Services)))]
	for _, running := range d.status.Services {
		if path.Base(running.Name) == d.service.Name {
			d.address = strings.TrimSuffix(running.Address, "/")
		}
	}
	d.visitors = visit(ctx, d.address+d.service.SmokePaths[0], pace)
	fmt.Fprintf(d.streams.Out, "Look at it here while it goes on: %s\n", d.status.Console)
	return nil
}

// release runs a command of the release controller, and returns its exit code.
func (d *demonstration) release(ctx context.Context, arguments ...string) int {
	arguments = append(arguments, "--project", d.settings.Project.ID, "--region", d.settings.Project.Region, "--endpoint",
		d.status.API+"/run/", "--token-file", server.TokenFile(d.dir), "--probe-via", d.status.DataPlane,
		"--env", "sandbox", "--audit", console.JournalFile(d.dir), "--actor", "demo")
	if d.policy != "" {
		arguments = append(arguments, "--policy", d.policy)
	}
	return release.Run(ctx, arguments, release.Streams{In: d.streams.In, Out: d.streams.Out, Err: d.streams.Err})
}

// goodImage makes the first release, which goes well.
func (d *demonstration) goodImage(ctx context.Context) error {
	d.chapter("A good image is deployed without a request, and rolled out step by step.")
	if err := d.deploy(ctx, image(1)); err != nil {
		return err
	}
	begun := time.Now()
	if code := d.release(ctx, "rollout", d.service.Name); code != 0 {
		return errors.Join(ctx.Err(), fmt.Errorf("the good release ended with exit code %d", code))
	}
	fmt.Fprintf(d.streams.Out, "\nReleased in %s. The visitors' answers since the start:\n%s",
		time.Since(begun).Round(100*time.Millisecond), d.visitors.table())
	return nil
}

// badImage makes a release whose image is bad. The release is caught, and the old revision serves again.
func (d *demonstration) badImage(ctx context.Context, bad, digest string) error {
	stable, behaviour := d.visitors.latest(), bads[bad]
	defer func(policy string) { d.policy = policy }(d.policy)
	d.policy = "" // A migration's policy is for other scenes.
	d.chapter(fmt.Sprintf("A bad image (%s) is deployed and rolled out.", bad))
	// Errors and slowness begin with the first visitor, after the checks before traffic. That makes them harder to catch.
	goBad := func() { _ = d.client.SetBehaviour(ctx, digest, behaviour) }
	if behaviour.NeverReady {
		goBad()
	}
	// An image that never becomes ready makes the deployment fail. The rollout then has to find the same fault.
	if err := d.deploy(ctx, digest); err != nil && !behaviour.NeverReady {
		return err
	}
	if bad == rareErrors {
		// More visitors ask for the page that fails. Cloud Monitoring can tell the revisions apart by a share of their requests.
		d.visitors.stop()
		d.visitors = visit(ctx, d.address+"/", pace/4)
		if err := d.judgeBy(rareErrors, patient); err != nil {
			return err
		}
		goBad()
	}
	d.visitors.restart(time.Now(), stable, goBad)
	code := d.release(ctx, "rollout", d.service.Name)
	restored := time.Now()
	// Wait for some answers from after the rollback.
	if err := errors.Join(ctx.Err(), wait.For(ctx, time.Second)); err != nil {
		return err
	}
	fmt.Fprintf(d.streams.Out, "\nThe visitors' answers during the bad release:\n%s", d.visitors.table())
	if code == 0 {
		return errors.New("the bad release was not caught")
	}
	if last := d.visitors.latest(); last != stable {
		return fmt.Errorf("after the bad release %s answers, not %s", last, stable)
	}
	if first := d.visitors.firstBad(); first.IsZero() {
		fmt.Fprintln(d.streams.Out, "No visitor had a bad answer.")
	} else {
		fmt.Fprintf(d.streams.Out, "First bad answer to restored traffic: %s, from when its visitor came.\n",
			restored.Sub(first).Round(10*time.Millisecond))
	}
	return nil
}

// judgeBy sets the scene's policy for the releases that follow.
func (d *demonstration) judgeBy(scene, policy string) error {
	d.policy = d.dir.Path(scene + ".yaml")
	return os.WriteFile(d.policy, []byte(policy), 0o600)
}

func isDir(folder string) bool {
	info, err := os.Stat(folder)
	return err == nil && info.IsDir()
}

// chapter prints the title of the next part of the demonstration.
func (d *demonstration) chapter(title string) {
	fmt.Fprintf(d.streams.Out, "\n== %3.0f s  %s\n\n", time.Since(d.start).Seconds(), title)
}
