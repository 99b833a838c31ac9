package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/guiofsaints/procureflow-platform/internal/cli"
	"github.com/guiofsaints/procureflow-platform/sandbox/cost"
	"github.com/guiofsaints/procureflow-platform/sandbox/engine"
	"github.com/guiofsaints/procureflow-platform/sandbox/rehearse"
	"github.com/guiofsaints/procureflow-platform/sandbox/review"
	"github.com/guiofsaints/procureflow-platform/sandbox/statedir"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

// reviewed reviews each stack in its own state folder below work.
func (a *app) reviewed(ctx context.Context, f reviewFlags, work string, exports map[string]rehearse.Export) (review.Report, error) {
	base, head, report, err := a.trees(ctx, f, work)
	if err != nil {
		return review.Report{}, err
	}
	measured, err := measuredLoads(f.measured)
	if err != nil {
		return review.Report{}, err
	}
	names := f.stacks
	if len(names) == 0 {
		names = stacks.Names(base.Root, head.Root)
	}
	for _, name := range names {
		fmt.Fprintf(a.streams.Err, "Reviewing %s\n", name)
		options := rehearse.Options{Stack: name, Base: base, Head: head, Seed: f.seed, PlanOnly: f.planOnly}
		if export, given := exports[name]; given {
			options.Export = &export
		}
		stack, label, err := reviewStack(ctx, options, filepath.Join(work, "state-"+name), measured)
		if err != nil {
			return review.Report{}, err
		}
		report.Stacks = append(report.Stacks, stack)
		if label != "" {
			report.WideningLabel = label
		}
	}
	return report, nil
}

// trees returns the files of both sides. This executable contains the program of the platform's working tree, which also serves a base
// with the same code. Any other program is compiled from its files.
func (a *app) trees(ctx context.Context, f reviewFlags, work string) (base, head rehearse.Tree, report review.Report, err error) {
	module, err := repository()
	if err != nil {
		return base, head, report, err
	}
	folder, err := a.folder()
	if err != nil {
		return base, head, report, err
	}
	repository, err := rehearse.Repository(ctx, folder)
	if err != nil {
		return base, head, report, cli.Blame(err)
	}
	tree := func(revision, name string) (rehearse.Tree, string, error) {
		commit, err := rehearse.Commit(ctx, repository, revision)
		if err != nil {
			return rehearse.Tree{}, "", cli.Blame(err)
		}
		into := filepath.Join(work, name)
		if err := os.Mkdir(into, 0o700); err != nil {
			return rehearse.Tree{}, "", err
		}
		if err := rehearse.Unpack(ctx, repository, commit, into); err != nil {
			return rehearse.Tree{}, "", err
		}
		root, err1 := filepath.Rel(repository, folder)
		below, err2 := filepath.Rel(repository, module)
		return rehearse.Tree{Root: filepath.Join(into, root), Module: filepath.Join(into, below)}, commit, errors.Join(err1, err2)
	}
	if base, report.Base, err = tree(f.base, "base"); err != nil {
		return base, head, report, err
	}
	if f.head != "" {
		head, report.Head, err = tree(f.head, "head")
		return base, head, report, err
	}
	head, report.Head = rehearse.Tree{Root: folder, Module: module}, "the working tree"
	if isPlatform(module) && !f.compile {
		head.Program = a.program(head.Root)
		if rehearse.SameCode(ctx, repository, report.Base) {
			base.Program = a.program(base.Root)
		}
	}
	return base, head, report, nil
}

// reviewStack reviews one stack. It also returns the label that a pull request needs when it widens somebody's rights. The label comes
// from the base's settings, so that no pull request can remove the requirement.
func reviewStack(ctx context.Context, options rehearse.Options, state string, measured map[string]cost.Load) (stack review.Stack,
	label string, err error) {
	name, base, head := options.Stack, options.Base, options.Head
	stack = review.Stack{Name: name, Plan: []review.Step{}, Authority: []review.AuthorityChange{}}
	switch was, is := slices.Contains(stacks.Names(base.Root), name), slices.Contains(stacks.Names(head.Root), name); {
	case !was && !is:
		return stack, "", cli.Blame(fmt.Errorf("there is no stack %q on either side: name one that has a file Pulumi.STACK.yaml", name))
	case !was:
		stack.Note = "The stack is new: there is nothing to compare it with, and everything in it is new."
		stack.Authority = append(stack.Authority, review.AuthorityChange{Widens: true, Added: true, Kind: review.Holds, Subject: "the new stack",
			Text: "everything that its settings say"})
		return stack, "", nil
	case !is:
		stack.Failed = "the stack's file is deleted, and nothing deletes what it has: destroy the stack first"
		return stack, "", nil
	}
	if options.Dir, err = statedir.Open(state); err != nil {
		return stack, "", err
	}
	var lines bytes.Buffer // The lines matter only if the plan fails.
	options.Out = &lines
	result, err := rehearse.Run(ctx, options)
	if err != nil {
		return stack, "", fmt.Errorf("stack %s: %w\n%s", name, err, engine.Errors(lines.String()))
	}
	stack.Failed, stack.Plan, stack.Findings, stack.ManualSteps = result.Failed, result.Steps, result.Findings, result.ManualSteps
	stack.Note = result.Note
	if !options.PlanOnly {
		stack.Rehearsal = result.Rehearsal
	}
	before, err := stacks.Read(base.Root, name, true)
	if err != nil {
		return stack, "", err
	}
	after, err := stacks.Read(head.Root, name, true)
	if err != nil {
		after = before // The plan was refused, and the report says so already.
	}
	err = rehearse.Assess(&stack, rehearse.Side{Settings: before, Resources: result.Base}, rehearse.Side{Settings: after,
		Resources: result.Head}, measured)
	if protection := before.GitHub.Protection; protection != nil {
		label = protection.WideningLabel
	}
	if err != nil && stack.Failed != "" { // A refused plan leaves more unknown than can be compared.
		stack.Failed += "; who would gain what is not known: " + err.Error()
		err = nil
	}
	return stack, label, err
}
