// Package rehearse applies a change to an emulated cloud in which the base is up. It reports what visitors noticed, what was lost, what a
// rollback restored, and what would have needed a person. The engine, the program, the policies, the providers' protocol and the release
// controller's decisions are real. The cloud is emulated, and time is the rehearsal's own.
package rehearse

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/emulator/conditions"
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
	// Stack is the name of the stack. Base is the present version, and Head the change. Required.
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
	// Steps are the change's steps by the engine's plan. Findings are what the policies say about it, compared with the base.
	Steps    []review.Step
	Findings review.Findings
	// ManualSteps are the steps that need a person, because the pipeline may not take them.
	ManualSteps []string
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
	said   bytes.Buffer // What the engine has said in the present stage.

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
		report: review.Rehearsal{Seed: options.Seed, Stages: []review.Stage{}, Visitors: []review.Visitors{}, Lost: []string{},
			Restored: []string{}, NotRestored: []string{}, ManualSteps: []string{}}}
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
	binary.LittleEndian.PutUint64(seed[:], r.Seed)
	draws := rand.New(rand.NewPCG(r.Seed, 1))
	ready := make(chan server.Status, 1)
	ended = make(chan error, 1)
	go func() {
		ended <- server.Serve(ctx, server.Options{Dir: r.Dir, Foreground: true, Clock: r.clock, Rand: rand.NewChaCha8(seed), Draw: draws.Float64,
			Conditions: conditions.Hold, Observe: r.observe, Ready: func(status server.Status) { ready <- status }})
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

// stage records one stage and its result.
func (r *rehearsal) stage(name string, bad bool, format string, arguments ...any) {
	r.report.Stages = append(r.report.Stages, review.Stage{Name: name, Result: fmt.Sprintf(format, arguments...), Bad: bad})
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
	r.stage("the base comes up", false, "done")
	was, err := baseStack.Plan(ctx)
	if err != nil {
		return Result{}, fmt.Errorf("the base: %w", err)
	}
	if r.Export != nil {
		if result.Note, err = r.asExported(ctx, baseStack); err != nil {
			return Result{}, err
		}
	}
	if result.Base, err = resourcesOf(base, r.Stack); err != nil {
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
	number := before.Project.Number
	if after, err := stacks.Read(r.Head.Root, r.Stack, true); err == nil {
		number = after.Project.Number
	}
	result.Steps, result.Head = plan.Steps, asDeployed(plan.Resources, result.Base, number)
	if len(plan.Steps) == 0 {
		result.Head = result.Base
	}
	result.Findings = review.CompareFindings(was.Findings, plan.Findings)
	if plan.Refused() {
		result.Failed = "policies or the program refuse it, so that nothing was applied"
		return result, nil
	}
	result.ManualSteps = authority.ManualSteps(plan.Steps, result.Base)
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
	return result, r.apply(ctx, head, headStack, before, &result)
}

// asDeployed adds the cloud's names to planned resources, because a plan does not contain those names: the one that follows from a
// resource's inputs, and otherwise the present one.
func asDeployed(planned, there []inventory.Resource, projectNumber string) []inventory.Resource {
	names := map[string]string{}
	for _, r := range there {
		names[r.URN] = r.CloudName
	}
	named := slices.Clone(planned)
	for i, r := range named {
		if r.CloudName == "" {
			named[i].CloudName = cmp.Or(r.Named(projectNumber), names[r.URN])
		}
	}
	return named
}

// resourcesOf returns a stack's resources from its state.
func resourcesOf(e *engine.Engine, stack string) ([]inventory.Resource, error) {
	var state strings.Builder
	if err := e.Export(stack, &state); err != nil {
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
