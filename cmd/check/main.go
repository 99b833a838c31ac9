// Command check runs every check of the repository, as CI does: formatting, vet, staticcheck, a scanner of workflows and all tests with
// the race detector, in each of its Go modules. `go run ./cmd/check` needs Go and nothing else: it builds the pinned Pulumi CLI when
// there is none. What tests want beyond that (shellcheck, jq, a browser, node) it installs from Debian's packages where it is
// told to with -install, which is the default where CI is set; elsewhere the list of what did not run says what is missing.
// `-quick` checks the packages that changed, for the loop while working.
//
// `check settings [--folder F]` is for an application that uses the platform: it holds platform.yaml, the stack files, the pack's
// configuration, release.yaml, provenance.yaml, the callers and CODEOWNERS against each other and against this version of the
// platform, in a second and offline, and says how to mend each problem.
//
// Exit codes: 0 all passed; 1 something failed; 2 the call is wrong.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"github.com/guiofsaints/procureflow-platform/sandbox/pulumicli"
)

// modules are the repository's Go modules that have code of ours, relative to its root.
var modules = []string{".", "policy", "policy/conformance", "policy/bench/policyx", "tests/workflows"}

// testTimeout bounds one package's tests. The first run of the sandbox's tests compiles the Pulumi CLI.
const testTimeout = "30m"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, out, errs io.Writer) int {
	if len(args) > 0 && args[0] == "settings" {
		return settings(args[1:], out, errs)
	}
	flags := flag.NewFlagSet("check", flag.ContinueOnError)
	flags.SetOutput(errs)
	only := flags.String("only", "", "run only this step: install, format, vet, staticcheck, workflows or test")
	install := flags.Bool("install", os.Getenv("CI") != "", "install what tests want from Debian's packages; takes root")
	race := flags.Bool("race", true, "run tests with the race detector")
	quick := flags.Bool("quick", false, "format, vet and test only the packages that changed, without the race detector")
	base := flags.String("base", "main", "the commit or branch that -quick compares with")
	if flags.Parse(args) != nil || flags.NArg() > 0 {
		return 2
	}
	c := checker{ctx: ctx, out: out, race: *race}
	steps := []step{
		{"install", c.install}, {"format", func() error { return c.format(".") }}, {"vet", c.vet}, {"staticcheck", c.staticcheck},
		{"workflows", c.workflows}, {"test", c.test},
	}
	if *quick {
		steps = []step{{"quick", func() error { return c.quick(*base) }}}
	}
	known, failed := *only == "", []string{}
	for _, step := range steps {
		if *only != "" && *only != step.name || step.name == "install" && *only == "" && !*install {
			continue
		}
		known = true
		start := time.Now()
		fmt.Fprintf(out, "== %s\n", step.name)
		if err := step.run(); err != nil {
			fmt.Fprintf(out, "%v\n== %s failed after %s\n", err, step.name, time.Since(start).Round(time.Second))
			failed = append(failed, step.name)
			continue
		}
		fmt.Fprintf(out, "== %s passed in %s\n", step.name, time.Since(start).Round(time.Second))
	}
	switch {
	case !known:
		fmt.Fprintf(errs, "check: no step %q: install, format, vet, staticcheck, workflows or test\n", *only)
		return 2
	case len(failed) > 0:
		fmt.Fprintf(out, "Failed: %s\n", strings.Join(failed, ", "))
		return 1
	}
	fmt.Fprintln(out, "All checks passed.")
	return 0
}

type step struct {
	name string
	run  func() error
}

type checker struct {
	ctx  context.Context
	out  io.Writer
	race bool
}

// command runs a program in a module's folder and shows its output.
func (c checker) command(module, name string, args ...string) error {
	command := exec.CommandContext(c.ctx, name, args...)
	command.Dir = module
	command.Stdout, command.Stderr = c.out, c.out
	if err := command.Run(); err != nil {
		return fmt.Errorf("in %s: %s %s: %w", module, filepath.Base(name), strings.Join(args, " "), err)
	}
	return nil
}

func (c checker) each(name string, args ...string) error {
	var first error
	for _, module := range modules {
		if err := c.command(module, name, args...); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// format holds files and folders to gofmt.
func (c checker) format(paths ...string) error {
	if len(paths) == 0 {
		return nil
	}
	var unformatted bytes.Buffer
	command := exec.CommandContext(c.ctx, "gofmt", append([]string{"-l"}, paths...)...)
	command.Stdout, command.Stderr = &unformatted, c.out
	if err := command.Run(); err != nil {
		return fmt.Errorf("gofmt: %w", err)
	}
	if unformatted.Len() > 0 {
		return fmt.Errorf("not formatted; run gofmt -w on:\n%s", unformatted.String())
	}
	return nil
}

// vet reads the packages as the tests compile them: with the race detector's packages it compiles nothing twice.
func (c checker) vet() error {
	return c.each("go", append([]string{"vet"}, append(c.raceFlag(), "./...")...)...)
}

func (c checker) raceFlag() []string {
	if c.race {
		return []string{"-race"}
	}
	return nil
}

// tool builds a program at the version that internal/tools pins, in a folder that the caller removes.
func (c checker) tool(pkg string) (folder, program string, err error) {
	if folder, err = os.MkdirTemp("", "check"); err != nil {
		return "", "", err
	}
	program = filepath.Join(folder, filepath.Base(pkg))
	return folder, program, c.command(filepath.Join("internal", "tools"), "go", "build", "-o", program, pkg)
}

// workflows are held against a scanner that is not ours. What it finds is mended; what is accepted stands in .ghalint.yaml with
// its reason.
func (c checker) workflows() error {
	folder, program, err := c.tool("github.com/suzuki-shunsuke/ghalint/cmd/ghalint")
	defer os.RemoveAll(folder)
	if err != nil {
		return err
	}
	return errors.Join(c.command(".", program, "run"), c.command(".", program, "run-action"))
}

func (c checker) staticcheck() error {
	folder, program, err := c.tool("honnef.co/go/tools/cmd/staticcheck")
	defer os.RemoveAll(folder)
	if err != nil {
		return err
	}
	if c.race {
		// It asks the go command for compiled packages: those that vet and the tests use are there.
		defer os.Setenv("GOFLAGS", os.Getenv("GOFLAGS"))
		if err := os.Setenv("GOFLAGS", strings.TrimSpace(os.Getenv("GOFLAGS")+" -race")); err != nil {
			return err
		}
	}
	return c.each(program, "./...")
}

// test runs all tests with the pinned Pulumi CLI at hand: the policy pack's are judged by the real engine too.
func (c checker) test() error {
	cli, err := pulumicli.Ensure(c.ctx, pulumicli.Options{Out: c.out})
	if err != nil {
		return err
	}
	if err := os.Setenv("PULUMI_COMMAND", cli.Path); err != nil {
		return err
	}
	tests := report{out: c.out}
	defer tests.summary()
	var first error
	for _, module := range modules {
		if err := c.testModule(module, &tests); err != nil && first == nil {
			first = err
		}
	}
	return first
}

func (c checker) testModule(module string, tests *report) error {
	return c.testPackages(module, tests, append(c.raceFlag(), "./..."))
}

// testPackages runs `go test` without the vetting of its own, which the step vet does whole. Go's cache of results follows what a
// test reads inside its module only. The nested modules' tests read workflows and documents outside of theirs, so they always run.
func (c checker) testPackages(module string, tests *report, args []string) error {
	if module != "." {
		args = append([]string{"-count=1"}, args...)
	}
	args = append([]string{"test", "-json", "-vet=off", "-timeout", testTimeout}, args...)
	command := exec.CommandContext(c.ctx, "go", args...)
	command.Dir, command.Stderr = module, c.out
	events, err := command.StdoutPipe()
	if err != nil {
		return err
	}
	if err := command.Start(); err != nil {
		return err
	}
	err = errors.Join(tests.read(events), command.Wait())
	if err != nil {
		return fmt.Errorf("in %s: go %s: %w", module, strings.Join(args, " "), err)
	}
	return nil
}
