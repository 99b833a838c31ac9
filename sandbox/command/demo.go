package command

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	release "github.com/guiofsaints/procureflow-platform/release/command"
	"github.com/guiofsaints/procureflow-platform/sandbox/console"
	"github.com/guiofsaints/procureflow-platform/sandbox/engine"
	"github.com/guiofsaints/procureflow-platform/sandbox/server"
	"github.com/guiofsaints/procureflow-platform/sandbox/statedir"
	"github.com/guiofsaints/procureflow-platform/stacks"

	"github.com/guiofsaints/procureflow-platform/emulator/google/run"
	"github.com/guiofsaints/procureflow-platform/internal/wait"
)

// These are the images of the demonstration. They were never built, and the simulated cloud does not check.
const (
	goodImage = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
	badImage  = "sha256:2222222222222222222222222222222222222222222222222222222222222222"
)

// slow is the time from which a visitor of the demonstration calls an answer bad.
const slow = 2 * time.Second

// bads are the ways in which the second release can fail. With "rare-errors", one in twenty of the visitors' requests fails, on a path
// that no probe requests. Every probe stays good, and only Cloud Monitoring's counts of both revisions show the errors.
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

func (a *app) demo() *cobra.Command {
	var bad, out string
	command := &cobra.Command{
		Use: "demo", Short: "Watch a good release, and a bad one that is caught and rolled back, in about a minute", Args: cobra.NoArgs,
		Long: "Watch a good release through all its steps, then a bad one that is caught and rolled back, with real requests all the while.\n" +
			"It has a sandbox of its own below the state folder, made anew each time, and does not touch yours.\n\n" +
			"Exit codes: 0 it went as it must; 2 the call is wrong; 3 it did not go as it must; 4 another demonstration runs; 130 interrupted.",
		RunE: func(command *cobra.Command, _ []string) error {
			behaviour, known := bads[bad]
			if !known {
				return &commandLineError{fmt.Errorf("--bad is %q: want errors, slow, never-ready or rare-errors", bad)}
			}
			if folder := filepath.Dir(out); !isDir(folder) {
				return &commandLineError{fmt.Errorf("--out %s: there is no folder %s: make it first", out, folder)}
			}
			return a.runDemo(command.Context(), bad, behaviour, out)
		},
	}
	command.Flags().StringVar(&bad, "bad", "errors", "how the second release goes wrong: errors, slow, never-ready, or rare-errors, "+
		"which only metrics see and which takes two minutes longer")
	command.Flags().StringVar(&out, "out", "release-report.html", "the report page to write")
	return command
}

func (a *app) runDemo(ctx context.Context, bad string, behaviour run.Behaviour, out string) error {
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
	start := time.Now()
	a.chapter(start, "The stack dev comes up: the real engine, the program, the policy pack.")
	if err := a.demoUp(ctx); err != nil {
		return err
	}
	client, err := server.Connect(ctx, dir)
	if err != nil {
		return err
	}
	status, err := client.Status(ctx)
	if err != nil {
		return err
	}
	settings, err := stacks.Read(a.dir, "dev", true)
	if err != nil {
		return err
	}
	service := settings.Services[slices.Min(slices.Collect(maps.Keys(settings.Services)))]
	address := ""
	for _, running := range status.Services {
		if path.Base(running.Name) == service.Name {
			address = strings.TrimSuffix(running.Address, "/")
		}
	}
	audit := console.JournalFile(dir)
	rollout := func(arguments ...string) int {
		return release.Run(ctx, append(arguments, "--project", settings.Project.ID, "--region", settings.Project.Region, "--endpoint",
			status.API+"/run/", "--token-file", server.TokenFile(dir), "--probe-via", status.DataPlane,
			"--env", "sandbox", "--audit", audit, "--actor", "demo"), release.Streams{In: a.streams.In, Out: a.streams.Out, Err: a.streams.Err})
	}
	visitors := visit(ctx, address+service.SmokePaths[0], pace)
	defer func() { visitors.stop() }()
	fmt.Fprintf(a.streams.Out, "Look at it here while it goes on: %s\n", status.Console)

	a.chapter(start, "A good image is deployed without a request, and rolled out step by step.")
	if err := a.demoDeploy(ctx, service.Image, goodImage); err != nil {
		return err
	}
	good := time.Now()
	if code := rollout("rollout", service.Name); code != 0 {
		return errors.Join(ctx.Err(), fmt.Errorf("the good release ended with exit code %d", code))
	}
	fmt.Fprintf(a.streams.Out, "\nReleased in %s. The visitors' answers since the start:\n%s",
		time.Since(good).Round(100*time.Millisecond), visitors.table())
	stable := visitors.latest()

	a.chapter(start, fmt.Sprintf("A bad image (%s) is deployed and rolled out.", bad))
	// Errors and slowness begin with the first visitor, after the checks before traffic. That makes them harder to catch.
	goBad := func() { _ = client.SetBehaviour(ctx, badImage, behaviour) }
	if behaviour.NeverReady {
		goBad()
	}
	// An image that never becomes ready makes the deployment fail. The rollout then has to find the same fault.
	if err := a.demoDeploy(ctx, service.Image, badImage); err != nil && !behaviour.NeverReady {
		return err
	}
	call := []string{"rollout", service.Name}
	if bad == rareErrors {
		// More visitors ask for the page that fails. Cloud Monitoring can tell the revisions apart by a share of their requests.
		visitors.stop()
		visitors = visit(ctx, address+"/", pace/4)
		call = append(call, "--policy", dir.Path("patient.yaml"))
		if err := os.WriteFile(dir.Path("patient.yaml"), []byte(patient), 0o600); err != nil {
			return err
		}
		goBad()
	}
	visitors.restart(stable, goBad)
	code := rollout(call...)
	restored := time.Now()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	// Wait for some answers from after the rollback.
	if err := wait.For(ctx, time.Second); err != nil {
		return err
	}
	fmt.Fprintf(a.streams.Out, "\nThe visitors' answers during the bad release:\n%s", visitors.table())
	if code == 0 {
		return errors.New("the bad release was not caught")
	}
	if last := visitors.latest(); last != stable {
		return fmt.Errorf("after the bad release %s answers, not %s", last, stable)
	}
	if first := visitors.firstBad(); first.IsZero() {
		fmt.Fprintln(a.streams.Out, "No visitor had a bad answer.")
	} else {
		fmt.Fprintf(a.streams.Out, "First bad answer to restored traffic: %s, from when its visitor came.\n",
			restored.Sub(first).Round(10*time.Millisecond))
	}
	if code := rollout("report", "--out", out); code != 0 {
		return fmt.Errorf("the report ended with exit code %d", code)
	}
	fmt.Fprintf(a.streams.Out, "%s serves everything. Report: %s (%s in all)\n", stable, out, time.Since(start).Round(time.Second))
	return nil
}

func isDir(folder string) bool {
	info, err := os.Stat(folder)
	return err == nil && info.IsDir()
}

// chapter prints the title of the next part of the demonstration.
func (a *app) chapter(start time.Time, title string) {
	fmt.Fprintf(a.streams.Out, "\n== %3.0f s  %s\n\n", time.Since(start).Seconds(), title)
}

// openDemo makes the demonstration's own folder anew, with project files whose digest it changes and an empty cloud. Another
// demonstration waits until release is called.
func (a *app) openDemo(ctx context.Context) (dir statedir.Dir, release func(), err error) {
	root, err := repository()
	if err != nil {
		return statedir.Dir{}, nil, err
	}
	if a.state == "" {
		a.state = filepath.Join(root, statedir.Name)
	}
	folder, err := statedir.Open(filepath.Join(a.state, "demo"))
	if err != nil {
		return statedir.Dir{}, nil, err
	}
	if release, err = folder.Lock(ctx, "demo", a.wait, a.streams.Err); err != nil {
		return statedir.Dir{}, nil, err
	}
	if dir, err = a.emptyDemo(ctx, root, folder); err != nil {
		release()
		return statedir.Dir{}, nil, err
	}
	return dir, release, nil
}

// emptyDemo stops and deletes what an interrupted demonstration left in folder.
func (a *app) emptyDemo(ctx context.Context, root string, folder statedir.Dir) (statedir.Dir, error) {
	a.state = folder.Path("cloud")
	if dir, err := statedir.Open(a.state); err == nil {
		if client, err := server.Connect(ctx, dir); err == nil {
			if err := client.Stop(ctx, dir); err != nil {
				return statedir.Dir{}, fmt.Errorf("end an earlier demonstration: %w", err)
			}
		}
	}
	if err := os.RemoveAll(a.state); err != nil {
		return statedir.Dir{}, err
	}
	dir, err := statedir.Open(a.state)
	if err != nil {
		return statedir.Dir{}, err
	}
	source := root
	if a.dir != "" {
		source = a.dir
	}
	a.dir = folder.Path("project")
	if err := os.MkdirAll(filepath.Join(a.dir, "policy"), 0o700); err != nil {
		return statedir.Dir{}, err
	}
	for _, name := range []string{"Pulumi.yaml", "Pulumi.dev.yaml", "platform.yaml", "policy/dev.json"} {
		content, err := os.ReadFile(filepath.Join(source, name))
		if err != nil {
			return statedir.Dir{}, err
		}
		if err := os.WriteFile(filepath.Join(a.dir, name), content, 0o600); err != nil {
			return statedir.Dir{}, err
		}
	}
	return dir, nil
}

// demoDeploy writes the digest into the settings, as a deployment does, and runs up.
func (a *app) demoDeploy(ctx context.Context, image, digest string) error {
	file := filepath.Join(a.dir, "Pulumi.dev.yaml")
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	line := "        image: " + image + "\n"
	before, after, found := strings.Cut(string(content), line)
	if !found {
		return fmt.Errorf("%s has no line image: %s, whose service the demonstration releases", filepath.Base(file), image)
	}
	if rest, was := strings.CutPrefix(after, "        digest: "); was {
		_, after, _ = strings.Cut(rest, "\n")
	}
	if err := os.WriteFile(file, []byte(before+line+"        digest: "+digest+"\n"+after), 0o600); err != nil {
		return err
	}
	return a.demoUp(ctx)
}

func (a *app) demoUp(ctx context.Context) error {
	quiet := &app{program: a.program, dir: a.dir, state: a.state, wait: a.wait, streams: a.streams}
	var lines strings.Builder
	quiet.streams.Out = &lines
	err := quiet.withStack(ctx, "demo", "dev", func(ctx context.Context, stack *engine.Stack) error {
		changes, err := stack.Up(ctx)
		a.note("dev", "up", stack)
		if err == nil {
			fmt.Fprintf(a.streams.Out, "up: %d created, %d updated, policies passed.\n", changes["create"], changes["update"])
		}
		return err
	})
	if err != nil && ctx.Err() == nil {
		fmt.Fprintf(a.streams.Out, "up failed: %v\n", lastErrors(lines.String()))
	}
	return err
}

// lastErrors returns the lines of the engine's output that say what failed.
func lastErrors(account string) string {
	var found []string
	for line := range strings.Lines(account) {
		if text := strings.TrimSpace(line); strings.HasPrefix(text, "error:") || strings.HasPrefix(text, "* ") {
			found = append(found, text)
		}
	}
	return strings.Join(found, "; ")
}

var demoClient = &http.Client{Timeout: 10 * time.Second}
