// Package rehearse applies a change to an emulated cloud in which the base is up. It reports what visitors noticed, what was lost, what a
// rollback restored, and what would have needed a person. The engine, the program, the policies, the providers' protocol and the release
// controller's decisions are real. The cloud is emulated, and time is the rehearsal's own.
package rehearse

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/emulator/google/run"
	"github.com/guiofsaints/procureflow-platform/internal/naming"
	"github.com/guiofsaints/procureflow-platform/sandbox/authority"
	"github.com/guiofsaints/procureflow-platform/sandbox/engine"
	"github.com/guiofsaints/procureflow-platform/sandbox/inventory"
	"github.com/guiofsaints/procureflow-platform/sandbox/review"
	"github.com/guiofsaints/procureflow-platform/sandbox/server"
	"github.com/guiofsaints/procureflow-platform/sandbox/statedir"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

// Tree holds the files of one side, which is a commit.
type Tree struct {
	// Root is the folder of Pulumi.yaml and the stack files, and Module that of the program's go.mod.
	Root, Module string
	// Program is what the engine runs. Default: the main package that Pulumi.yaml names, compiled.
	Program pulumi.RunFunc
}

// Options configure a rehearsal.
type Options struct {
	Stack      string
	Base, Head Tree
	// Dir is an empty state folder.
	Dir statedir.Dir
	// Seed decides when the engine is killed, and everything else in the cloud that happens by chance.
	Seed uint64
	// Export is the state that the base is changed to after it has come up. Default: none; the base has the values of
	// its settings.
	Export *Export
	// PlanOnly ends after the plan, and applies nothing.
	PlanOnly bool
	// Out receives the engine's lines. Required.
	Out io.Writer
}

// Result is the outcome of a rehearsal.
type Result struct {
	// Base and Head are the stack's deployed resources before and after.
	Base, Head []inventory.Resource
	Steps      []review.Step
	Findings   review.Findings
	// Persons are the steps that need a person, because the pipeline may not take them.
	Persons []string
	// Note says what is special about the base; empty if nothing is.
	Note string
	// Failed says why the change would not be applied.
	Failed    string
	Rehearsal *review.Rehearsal
}

type rehearsal struct {
	Options
	clock  *clock
	crowd  *crowd
	status server.Status
	client *server.Client
	random *rand.Rand
	report review.Rehearsal
	said   bytes.Buffer // What the engine has said in the present act.

	mu      sync.Mutex
	process *os.Process // The engine's process.
	writes  int         // The writes until the engine is killed; 0 for never.
	killed  bool
}

// Run rehearses one stack. An error means that the rehearsal itself failed. The change's faults are in the result.
func Run(ctx context.Context, options Options) (Result, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r := &rehearsal{Options: options, clock: newClock(), random: rand.New(rand.NewPCG(options.Seed, 0)),
		report: review.Rehearsal{Seed: options.Seed, Acts: []review.Act{}, Visitors: []review.Visitors{}, Lost: []string{},
			Restored: []string{}, NotRestored: []string{}, Persons: []string{}}}
	r.Out = io.MultiWriter(options.Out, &r.said)
	ended, err := r.serve(ctx)
	if err != nil {
		return Result{}, err
	}
	defer func() {
		cancel()
		<-ended
	}()
	return r.play(ctx)
}

// serve starts the cloud in this process, on the rehearsal's clock.
func (r *rehearsal) serve(ctx context.Context) (ended chan error, err error) {
	var seed [32]byte
	seed[0], seed[1], seed[2], seed[3] = byte(r.Seed), byte(r.Seed>>8), byte(r.Seed>>16), byte(r.Seed>>24)
	draws := rand.New(rand.NewPCG(r.Seed, 1))
	ready := make(chan server.Status, 1)
	ended = make(chan error, 1)
	go func() {
		ended <- server.Serve(ctx, server.Options{Dir: r.Dir, Foreground: true, Clock: r.clock, Rand: rand.NewChaCha8(seed), Draw: draws.Float64,
			Observe: r.observe, Ready: func(status server.Status) { ready <- status }})
	}()
	select {
	case r.status = <-ready:
	case err := <-ended:
		return nil, fmt.Errorf("serve the emulated cloud: %w", err)
	}
	r.client, err = server.Connect(ctx, r.Dir)
	r.crowd = &crowd{plane: r.status.DataPlane, client: &http.Client{Timeout: 10 * time.Second}, clock: r.clock}
	r.clock.during(func() { r.crowd.everybody(ctx) })
	return ended, err
}

// observe lets time pass with every request to the APIs, and more time with a write. It kills the engine when its moment has come.
func (r *rehearsal) observe(request *http.Request) {
	if request.Method == http.MethodGet {
		r.clock.pass(50 * time.Millisecond)
		return
	}
	r.clock.pass(slice)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.writes == 0 || r.process == nil {
		return
	}
	if r.writes--; r.writes == 0 {
		r.killed = r.process.Kill() == nil
	}
}

// open opens an engine on one of the trees, with the rehearsal's state.
func (r *rehearsal) open(ctx context.Context, tree Tree) (*engine.Engine, *engine.Stack, error) {
	e, err := engine.Open(engine.Options{Root: tree.Root, Module: tree.Module, Dir: r.Dir, Program: tree.Program, Out: r.Out,
		Started: func(process *os.Process) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.process = process
		}})
	if err != nil {
		return nil, nil, err
	}
	stack, err := e.Stack(ctx, r.Stack)
	if err != nil {
		return nil, nil, errors.Join(err, e.Close())
	}
	return e, stack, nil
}

// act records one act and how it went.
func (r *rehearsal) act(name string, bad bool, format string, arguments ...any) {
	r.report.Acts = append(r.report.Acts, review.Act{Name: name, Result: fmt.Sprintf(format, arguments...), Bad: bad})
}

func (r *rehearsal) play(ctx context.Context) (result Result, err error) {
	base, baseStack, err := r.open(ctx, r.Base)
	if err != nil {
		return Result{}, fmt.Errorf("the base: %w", err)
	}
	defer func() { err = errors.Join(err, base.Close()) }()
	r.crowd.begin("the base comes up")
	if _, err := baseStack.Update(ctx); err != nil {
		return Result{}, fmt.Errorf("the base does not come up, so nothing can be compared with it: %w", err)
	}
	r.act("the base comes up", false, "it does")
	was, err := baseStack.Plan(ctx)
	if err != nil {
		return Result{}, fmt.Errorf("the base: %w", err)
	}
	if r.Export != nil {
		if result.Note, err = r.asExported(ctx, baseStack); err != nil {
			return Result{}, err
		}
	}
	if result.Base, err = resourcesOf(ctx, base, r.Stack); err != nil {
		return Result{}, err
	}
	before, err := stacks.Read(r.Base.Root, r.Stack, true)
	if err != nil {
		return Result{}, err
	}
	r.visit(ctx, before)
	result.Rehearsal = &r.report
	defer func() { r.report.Visitors = r.crowd.noticed() }()

	head, headStack, err := r.open(ctx, r.Head)
	if err != nil && ctx.Err() == nil { // The settings are refused, or ask for something that the emulated cloud lacks.
		result.Failed = err.Error()
		result.Findings = review.CompareFindings(was.Findings, was.Findings)
		result.Head = result.Base
		return result, nil
	} else if err != nil {
		return Result{}, err
	}
	defer func() { err = errors.Join(err, head.Close()) }()
	plan, err := headStack.Plan(ctx)
	if err != nil {
		return Result{}, fmt.Errorf("the change: %w", err)
	}
	result.Steps, result.Head = plan.Steps, asDeployed(plan.Resources, result.Base)
	if len(plan.Steps) == 0 {
		result.Head = result.Base
	}
	result.Findings = review.CompareFindings(was.Findings, plan.Findings)
	if plan.Refused() {
		result.Failed = "policies or the program refuse it, so that nothing was applied"
		return result, nil
	}
	result.Persons = authority.Persons(plan.Steps, result.Base)
	for _, step := range plan.Steps {
		if step.Op == review.Delete || step.Op == review.Replace {
			what := step.Name
			if step.Data {
				what += ", with what it held"
			}
			r.report.Lost = append(r.report.Lost, what)
		}
	}
	if r.PlanOnly || len(plan.Steps) == 0 {
		return result, nil
	}
	return result, r.apply(ctx, head, headStack, plan.Steps, before, &result)
}

// asDeployed adds the cloud's names to planned resources that exist already, because a plan does not contain those names.
func asDeployed(planned, there []inventory.Resource) []inventory.Resource {
	names := map[string]string{}
	for _, r := range there {
		names[r.URN] = r.CloudName
	}
	named := slices.Clone(planned)
	for i, r := range named {
		if r.CloudName == "" {
			named[i].CloudName = names[r.URN]
		}
	}
	return named
}

// visit sends visitors to every service of the base that answers without credentials.
func (r *rehearsal) visit(ctx context.Context, settings stacks.Settings) {
	for _, key := range slices.Sorted(maps.Keys(settings.Services)) {
		service := settings.Services[key]
		address := naming.ServiceURL(service.Name, settings.Project.Number, settings.Project.Region)
		path := "/"
		if len(service.SmokePaths) > 0 {
			path = service.SmokePaths[0]
		}
		if !r.crowd.come(ctx, service.Name, address, path) {
			r.act("visitors of "+service.Name, false, "it answers nobody without an identity, so nobody asks")
		}
	}
}

// apply applies the change, with the engine killed once, and continues with releases, drift and the rollback.
func (r *rehearsal) apply(ctx context.Context, head *engine.Engine, stack *engine.Stack, steps []review.Step, before stacks.Settings,
	result *Result) error {
	after, err := stacks.Read(r.Head.Root, r.Stack, true)
	if err != nil {
		return err
	}
	if err := r.unprovenPaths(ctx, before, after); err != nil {
		return err
	}
	const applying = "the change is applied"
	r.crowd.begin(applying)
	r.mu.Lock()
	r.writes = 1 + r.random.IntN(len(steps))
	r.mu.Unlock()
	_, err = stack.Update(ctx) // The plan has shown what a preview would.
	r.mu.Lock()
	killed := r.killed
	r.writes = 0
	r.mu.Unlock()
	if killed {
		r.act(applying, false, "the engine is killed in the middle of it, on purpose")
		r.crowd.begin("the update goes on")
		r.said.Reset()
		if _, err = stack.Update(ctx); err == nil {
			r.act("the update goes on", false, "what was interrupted is found out, and the rest is done")
		}
	} else if err == nil {
		r.act(applying, false, "it is, before the engine could be killed")
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		why := cmp.Or(engine.Errors(r.said.String()), firstLine(err))
		r.report.Failed = "the update fails: " + why
		r.act(applying, true, "%s", why)
		r.report.Persons = append(r.report.Persons, "a person mends it: a part of the change may be there, and the next update would go on")
		return nil
	}
	if result.Head, err = resourcesOf(ctx, head, r.Stack); err != nil {
		return err
	}
	released, err := r.releases(ctx, after)
	if err != nil {
		return err
	}
	if err := r.settled(ctx, stack); err != nil {
		return err
	}
	return r.back(ctx, released, steps)
}

// unprovenPaths makes new revisions fail their probes if a probe requests a path that may not exist. Only the application knows which
// paths it answers, and the rehearsal runs no application. So only the paths that the base's probes request count as known.
func (r *rehearsal) unprovenPaths(ctx context.Context, before, after stacks.Settings) error {
	for _, key := range slices.Sorted(maps.Keys(after.Services)) {
		was, had := before.Services[key]
		if !had {
			continue
		}
		known := append([]string{was.Startup.Path, was.Liveness.Path, was.Uptime.Path}, was.SmokePaths...)
		for _, path := range []string{after.Services[key].Startup.Path, after.Services[key].Liveness.Path} {
			if slices.Contains(known, path) {
				continue
			}
			image := after.Services[key].Digest
			if image == "" {
				image = run.Digest(after.Services[key].BootstrapImage)
			}
			if err := r.client.SetBehaviour(ctx, image, run.Behaviour{NeverReady: true}); err != nil {
				return err
			}
			r.act("a probe of "+after.Services[key].Name, false, "nothing is known to answer %s: it is rehearsed as if nothing did", path)
			break
		}
	}
	return nil
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

// settled checks for drift, and whether another update would change anything.
func (r *rehearsal) settled(ctx context.Context, stack *engine.Stack) error {
	r.crowd.begin("drift is looked for")
	drifted, err := stack.Drift(ctx)
	if err != nil {
		return err
	}
	var names []string
	for _, one := range drifted {
		names = append(names, one.Name)
	}
	r.act("drift is looked for", len(names) > 0, "%s", listOr(names, "none"))
	again, err := stack.Plan(ctx)
	if err != nil {
		return err
	}
	names = nil
	for _, step := range again.Steps {
		names = append(names, step.Name)
	}
	r.act("the update once more", len(names) > 0, "%s", listOr(names, "changes nothing"))
	return nil
}

func listOr(names []string, none string) string {
	if len(names) == 0 {
		return none
	}
	return strings.Join(names, ", ")
}

// resourcesOf returns a stack's resources from its state.
func resourcesOf(ctx context.Context, e *engine.Engine, stack string) ([]inventory.Resource, error) {
	var state strings.Builder
	if err := e.Export(ctx, stack, &state); err != nil {
		return nil, err
	}
	return inventory.FromState([]byte(state.String()))
}

// releasePolicy returns the path of the tree's release.yaml; empty means the platform's own policy.
func (t Tree) releasePolicy() string {
	path := filepath.Join(t.Root, "release.yaml")
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
}
