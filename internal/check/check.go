// Package check runs every check of the repository, as CI does. It needs only Go: where the pinned Pulumi CLI is missing, it builds it.
// Outside CI it also lists the tests that did not run, and which programs they lack.
package check

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/guiofsaints/procureflow-platform/internal/check/parallel"
	"github.com/guiofsaints/procureflow-platform/internal/cli"
	"github.com/guiofsaints/procureflow-platform/sandbox/pulumicli"
)

// modules are the repository's Go modules that contain our own code, relative to its root.
var modules = []string{".", "policy", "policy/conformance", "policy/bench/policyx", "tests/workflows", "internal/tools"}

// Exit codes.
const (
	ExitDone   = 0
	ExitFailed = 1
	ExitUsage  = 2
)

const codes = "Exit codes: 0 all passed; 1 something failed; 2 the call is wrong."

var page = cli.Page{
	Usage:   "check",
	Purpose: "Run every check of the repository, as CI does",
	Details: `These are formatting, the analyzers of go vet and of staticcheck (the step vet), and all tests of each Go module, with the race
detector where our code starts goroutines. Some tests want other programs, such as shellcheck, jq, a browser or node; the last lines name
the tests that did not run because a program is missing.

"check settings" checks the files of an application that uses the platform: see check settings --help.`,
	Examples: `  go run ./cmd/check --quick          what changed, while you work
  go run ./cmd/check                  everything, before a pull request
  go run ./cmd/check --only vet       one step
  go run ./cmd/check --full           nothing sampled: every example through the engine, a promotion stopped at every request`,
	Codes: codes,
}

// Run runs one command line and returns the exit code.
func Run(ctx context.Context, args []string, streams cli.Streams) int {
	out, errs := streams.Out, streams.Err
	if len(args) > 0 && args[0] == "settings" {
		return settings(args[1:], out, errs)
	}
	flags := flag.NewFlagSet("check", flag.ContinueOnError)
	only := flags.String("only", "", "run only this step: "+strings.Join(stepNames, ", "))
	install := flags.Bool("install", os.Getenv("CI") != "", "install what tests want from Debian's packages, as root; the default in CI")
	race := flags.Bool("race", true, "run tests with the race detector")
	full := flags.Bool("full", false, "take no samples, and use the race detector everywhere")
	quick := flags.Bool("quick", false,
		"format, vet and test only the packages that changed, without the race detector, and compile what imports them")
	base := flags.String("base", "main", "the commit or branch that --quick compares with")
	if code, done := parse(page, flags, args, out, errs); done {
		return code
	}
	if *full {
		if err := os.Setenv("CHECK_FULL", "1"); err != nil {
			fmt.Fprintln(errs, "check:", err)
			return ExitFailed
		}
	}
	c := checker{ctx: ctx, out: &parallel.Output{To: out}, race: *race, full: *full}
	c.cli = sync.OnceValue(c.findCLI)
	if os.Getenv("GOGC") == "" {
		c.env, c.compilers = []string{"GOGC=400"}, []string{"GOGC=off", "GOMEMLIMIT=1GiB"}
	}
	c.undebugged = os.Getenv("CI") != ""
	stages := c.stages(*install)
	if *quick {
		stages = [][]step{{{"quick", func(c checker) error { return c.quick(*base) }}}}
	}
	if *only != "" {
		one, known := find(c.stages(true), *only)
		if !known {
			fmt.Fprintf(errs, "check: there is no step %q: use %s%s\n", *only, strings.Join(stepNames, ", "), cli.Meant(*only, stepNames))
			return ExitUsage
		}
		stages = [][]step{{one}}
	}
	var failed []string
	for _, stage := range stages {
		failed = append(failed, c.together(stage)...)
	}
	if len(failed) > 0 {
		fmt.Fprintf(out, "Failed: %s\n", strings.Join(failed, ", "))
		return ExitFailed
	}
	fmt.Fprintln(out, "All checks passed.")
	return ExitDone
}

// parse reads the flags of a command that takes no other words. It reports whether the command is done already, and its exit code.
func parse(page cli.Page, flags *flag.FlagSet, args []string, out, errs io.Writer) (code int, done bool) {
	err := page.Parse(flags, args, out)
	if errors.Is(err, flag.ErrHelp) {
		return ExitDone, true
	}
	if err == nil && flags.NArg() > 0 {
		err = fmt.Errorf("unexpected argument %q: see --help%s", flags.Arg(0), cli.Meant(flags.Arg(0), []string{"settings"}))
	}
	if err != nil {
		fmt.Fprintf(errs, "%s: %v\n", flags.Name(), err)
		return ExitUsage, true
	}
	return 0, false
}

var stepNames = []string{"install", "format", "compile", "cli", "vet", "test"}

// step is one check.
type step struct {
	name string
	run  func(checker) error
}

// stages returns the steps in order. The steps of one stage run side by side. They are grouped so that nothing is compiled twice and that
// they wait for different things.
func (c checker) stages(install bool) [][]step {
	first := []step{{"format", func(c checker) error { return c.format(".") }}}
	if install {
		first = append(first, step{"install", checker.install})
	}
	return [][]step{
		first,
		// Two go commands side by side would compile twice what both need, so what any two of them share is compiled first.
		{{"compile", checker.compile}},
		// The tests that need no CLI begin while it is built, and vet reads the code meanwhile: else one of two cores often waits.
		{{"cli", func(c checker) error { return c.cli() }}, {"vet", checker.vet}, {"test", checker.test}},
	}
}

func find(stages [][]step, name string) (step, bool) {
	for _, step := range slices.Concat(stages...) {
		if step.name == name {
			return step, true
		}
	}
	return step{}, false
}

// together runs steps side by side and returns the names of those that failed.
func (c checker) together(steps []step) (failed []string) {
	run := make([]func() error, len(steps))
	for i, step := range steps {
		run[i] = func() error {
			start, of := time.Now(), c
			of.used = &parallel.Usage{}
			fmt.Fprintf(c.out, "== %s\n", step.name)
			err, ended := step.run(of), "passed"
			if err != nil {
				ended = "failed"
				fmt.Fprintln(c.out, err)
			}
			fmt.Fprintf(c.out, "== %s %s in %s%s\n", step.name, ended, time.Since(start).Round(time.Second), of.used)
			return err
		}
	}
	for i, err := range parallel.Do(run...) {
		if err != nil {
			failed = append(failed, steps[i].name)
		}
	}
	return failed
}

type checker struct {
	ctx  context.Context
	root string // of the repository, where it is not the working directory
	out  io.Writer
	race bool
	full bool
	used *parallel.Usage
	// env is for all commands, besides the process's own: how far a Go program's heap may grow before it is collected. The check starts
	// thousands of short programs: with four times Go's default the engine's tests take a tenth less processor time. compilers is what
	// compilers get instead. They collect only when they hold a gigabyte: that is a tenth to a sixth of their time, and no more than a few
	// of them run at once. Both are empty if the caller says what programs get.
	env, compilers []string
	// undebugged is whether compilers leave out a debugger's tables, which take a seventh of their time and of the linker's. Go's cache
	// takes such a package for an ordinary one, so this is for CI alone, whose cache no debugger reads: docs/adr/0044.
	undebugged bool
	// patient is whether commands go after those of other steps: see [checker.prepare].
	patient bool
	cli     func() error // finds the Pulumi CLI, or builds it, once for all that ask
}

// prepare returns a command that runs a program in a module's folder. A patient one goes after the others where both want a core. It
// still gets a quarter of what the others get, so that no test waits until its time is over.
func (c checker) prepare(patient bool, module, name string, args ...string) *exec.Cmd {
	command := exec.CommandContext(c.ctx, name, args...)
	if nice, err := exec.LookPath("nice"); err == nil && patient {
		command = exec.CommandContext(c.ctx, nice, append([]string{"-n", "6", name}, args...)...)
	}
	command.Dir, command.Stderr = module, c.out
	command.Env = append(os.Environ(), c.env...)
	return command
}

// command runs a program in a module's folder and shows its output.
func (c checker) command(module, name string, args ...string) error {
	command := c.prepare(c.patient, module, name, args...)
	command.Stdout = c.out
	err := command.Run()
	c.used.Add(command.ProcessState)
	if err != nil {
		return fmt.Errorf("in %s: %s: %w", module, words(name, args), err)
	}
	return nil
}

// words names a call in an error. What a go command was to do is in its first word; the rest is flags and long lists.
func words(name string, args []string) string {
	if filepath.Base(name) == "go" {
		args = args[:1]
	}
	return filepath.Base(name) + " " + strings.Join(args, " ")
}

// format checks files and folders with gofmt.
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

// compile compiles every package as most tests use it, and what only tests import.
func (c checker) compile() error {
	var errs []error
	for _, module := range modules {
		imported, err := c.list(module, `{{join .TestImports "\n"}}{{"\n"}}{{join .XTestImports "\n"}}`)
		errs = append(errs, err, c.compileModule(module, imported...))
	}
	return errors.Join(errs...)
}

// compileModule compiles the packages of a module, and others that it imports. It links nothing.
func (c checker) compileModule(module string, others ...string) error {
	args := append([]string{"list", "-export", "-f", `{{""}}`}, c.toolexec()...)
	return c.command(module, "go", append(append(args, "./..."), others...)...)
}

// toolexec returns the flags with which a go command calls its compilers and linkers as the check wants them. Go takes what they make for
// the same as without these flags, and remembers it for all.
func (c checker) toolexec() []string {
	sh, err := exec.LookPath("sh")
	if err != nil || len(c.compilers) == 0 && !c.undebugged {
		return nil
	}
	script := `exec env ` + strings.Join(c.compilers, " ") + ` "$@"`
	if c.undebugged {
		script = `case $1 in */compile) tool=$1; shift; set -- "$tool" -dwarf=false "$@";; esac; ` + script
	}
	return []string{"-toolexec", sh + " -c '" + script + "' toolexec"}
}

// list returns the words that a template makes of a module's packages, each once.
func (c checker) list(module, template string) ([]string, error) {
	command := exec.CommandContext(c.ctx, "go", "list", "-f", template, "./...")
	command.Dir, command.Stderr = module, c.out
	listed, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("list the packages of %s: %w", module, err)
	}
	words := strings.Fields(string(listed))
	slices.Sort(words)
	return slices.Compact(words), nil
}

// vet runs the analyzers of go vet and of staticcheck on every package.
func (c checker) vet() error {
	c.patient = true
	program, err := c.vetTool()
	if err != nil {
		return err
	}
	var errs []error
	for _, module := range modules {
		errs = append(errs, c.command(module, program, "./..."))
	}
	return errors.Join(errs...)
}

// vetTool compiles the program that runs the analyzers (docs/adr/0042) and returns its path. `go tool` would compile it without the flags
// for the compiler in GOFLAGS, and so its standard library once more.
func (c checker) vetTool() (program string, err error) {
	root, err := filepath.Abs(c.root)
	if err != nil {
		return "", err
	}
	program = filepath.Join(root, "bin", "vet")
	if runtime.GOOS == "windows" {
		program += ".exe"
	}
	args := append([]string{"build", "-o", program}, c.toolexec()...)
	return program, c.command(filepath.Join(root, "internal", "tools"), "go", append(args, "./vet")...)
}

// findCLI finds the pinned Pulumi CLI or builds it, because the policy pack's tests use the real engine, too.
func (c checker) findCLI() error {
	cli, err := pulumicli.Ensure(c.ctx, pulumicli.Options{Out: c.out, Flags: c.toolexec()})
	if err != nil {
		return err
	}
	return os.Setenv("PULUMI_COMMAND", cli.Path)
}
