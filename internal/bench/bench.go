// Package bench measures what a newcomer and a contributor wait for, by part.
package bench

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
	"strconv"
	"strings"
	"time"

	"github.com/guiofsaints/procureflow-platform/internal/cli"
)

// Exit codes.
const (
	ExitDone   = 0
	ExitUsage  = 2
	ExitFailed = 3
)

var page = cli.Page{
	Usage:   "bench up | check [FLAG...] | scale SERVICES...",
	Purpose: "Measure what a newcomer and a contributor wait for, by part",
	Details: `It works on a clone of the commit that is checked out, with a new home folder and build cache. It downloads modules before the
clock starts. Other work on the machine changes the times by the clock, so compare the processor times. They include system time.`,
	Examples: `  go run ./cmd/bench up                the first "sandbox up" on a machine that has compiled nothing
  go run ./cmd/bench check             the whole check on such a machine; further words are the flags of cmd/check
  go run ./cmd/bench scale 1 10 100    an "up" of stacks with 1, 10 and 100 services`,
	Codes: "Exit codes: 0 measured; 2 the call is wrong; 3 something failed.",
}

// Run runs one command line and returns the exit code. bench also starts its executable under the names of the go command and of a
// test runner; Run then does the work of that program.
func Run(ctx context.Context, args []string, streams cli.Streams) int {
	switch filepath.Base(streams.Program) {
	case "go":
		return asGo(args)
	case testRunner:
		return asTestRunner(args)
	}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	err := page.Parse(flags, args, streams.Out)
	if errors.Is(err, flag.ErrHelp) {
		return ExitDone
	}
	var measure func(*bench) error
	if err == nil {
		measure, err = measurement(flags.Args())
	}
	if err != nil {
		fmt.Fprintln(streams.Err, "bench:", err)
		return ExitUsage
	}
	b, err := newBench(ctx, streams)
	if err == nil {
		defer os.RemoveAll(b.folder)
		err = measure(b)
	}
	if err != nil {
		fmt.Fprintln(streams.Err, "bench:", err)
		return ExitFailed
	}
	return ExitDone
}

// measurement returns what a call asks for.
func measurement(words []string) (func(*bench) error, error) {
	if len(words) == 0 {
		return nil, errors.New("name what to measure: up, check or scale")
	}
	switch words[0] {
	case "up":
		return (*bench).firstUp, nil
	case "check":
		return func(b *bench) error { return b.check(words[1:]) }, nil
	case "scale":
		var sizes []int
		for _, text := range words[1:] {
			size, err := strconv.Atoi(text)
			if err != nil || size < 1 {
				return nil, fmt.Errorf("%q is not a number of services", text)
			}
			sizes = append(sizes, size)
		}
		if len(sizes) == 0 {
			return nil, errors.New("name how many services the stacks have, for example: bench scale 1 10 100")
		}
		return func(b *bench) error { return b.scale(sizes) }, nil
	}
	return nil, fmt.Errorf("there is no measurement %q: up, check or scale%s", words[0], cli.Meant(words[0], []string{"up", "check", "scale"}))
}

// bench is a bare machine: a home, a build cache and a clone, all of them new.
type bench struct {
	ctx     context.Context
	streams cli.Streams
	folder  string
	clone   string
	warm    bool // this machine's own home and build cache
}

func newBench(ctx context.Context, streams cli.Streams) (*bench, error) {
	folder, err := os.MkdirTemp("", "bench")
	if err != nil {
		return nil, err
	}
	b := &bench{ctx: ctx, streams: streams, folder: folder, clone: filepath.Join(folder, "clone")}
	for _, name := range []string{"home", "tmp", "bin", "log", "ran"} {
		err = errors.Join(err, os.Mkdir(filepath.Join(folder, name), 0o700))
	}
	self, executableErr := os.Executable()
	err = errors.Join(err, executableErr)
	for _, name := range []string{"go", testRunner} {
		err = errors.Join(err, os.Symlink(self, filepath.Join(folder, "bin", name)))
	}
	if err != nil {
		return nil, err
	}
	clone := exec.CommandContext(ctx, "git", "clone", "--quiet", "--shared", ".", b.clone)
	if output, err := clone.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("clone the repository, in whose root this has to run: %w: %s", err, bytes.TrimSpace(output))
	}
	return b, nil
}

// environment returns the bare machine's environment. It shares only Go's module cache with this machine.
func (b *bench) environment() ([]string, error) {
	if b.warm {
		return os.Environ(), nil
	}
	modules, err := exec.CommandContext(b.ctx, "go", "env", "GOMODCACHE").Output()
	if err != nil {
		return nil, fmt.Errorf("find Go's cache of modules: %w", err)
	}
	real, err := exec.LookPath("go")
	if err != nil {
		return nil, err
	}
	var kept []string
	for _, variable := range os.Environ() {
		switch name, _, _ := strings.Cut(variable, "="); name {
		case "HOME", "XDG_CACHE_HOME", "GOCACHE", "GOMODCACHE", "TMPDIR", "PATH", "PULUMI_COMMAND":
		default:
			kept = append(kept, variable)
		}
	}
	return append(kept, "HOME="+filepath.Join(b.folder, "home"), "TMPDIR="+filepath.Join(b.folder, "tmp"),
		"GOCACHE="+filepath.Join(b.folder, "cache"), "GOMODCACHE="+strings.TrimSpace(string(modules)),
		"PATH="+filepath.Join(b.folder, "bin")+string(os.PathListSeparator)+os.Getenv("PATH"),
		realGo+"="+real, logFolder+"="+filepath.Join(b.folder, "log"), ranFolder+"="+filepath.Join(b.folder, "ran")), nil
}

// cost holds the time that a command took, including everything that it started and waited for.
type cost struct {
	wall, cpu time.Duration
	memory    int64 // of the process that had most
}

func (c cost) plus(other cost) cost {
	return cost{wall: c.wall + other.wall, cpu: c.cpu + other.cpu, memory: max(c.memory, other.memory)}
}

func (c cost) String() string {
	return fmt.Sprintf("%.1f s, %.1f s of processor time", c.wall.Seconds(), c.cpu.Seconds())
}

// command runs a command in the clone on the bare machine. What it prints goes to standard error.
func (b *bench) command(name string, args ...string) (cost, error) {
	return b.commandTo(b.streams.Err, name, args...)
}

// commandTo is command for a caller that reads what the command prints.
func (b *bench) commandTo(out io.Writer, name string, args ...string) (cost, error) {
	environment, err := b.environment()
	if err != nil {
		return cost{}, err
	}
	command := exec.CommandContext(b.ctx, name, args...)
	command.Dir, command.Env = b.clone, environment
	command.Stdout, command.Stderr = out, b.streams.Err
	start := time.Now()
	err = command.Run()
	if command.ProcessState == nil {
		return cost{}, err
	}
	took := cost{wall: time.Since(start), cpu: command.ProcessState.UserTime() + command.ProcessState.SystemTime(),
		memory: peakMemory(command.ProcessState)}
	if err != nil {
		return took, fmt.Errorf("%s %s: %w", filepath.Base(name), strings.Join(args, " "), err)
	}
	return took, nil
}

// build compiles a command of the clone.
func (b *bench) build(pkg string) (executable string, took cost, err error) {
	executable = filepath.Join(b.folder, filepath.Base(pkg))
	compiler := filepath.Join(b.folder, "bin", "go")
	if b.warm {
		compiler = "go"
	}
	took, err = b.command(compiler, "build", "-o", executable, pkg)
	return executable, took, err
}

func (b *bench) firstUp() error {
	sandbox, built, err := b.build("./cmd/sandbox")
	if err != nil {
		return err
	}
	state := filepath.Join(b.folder, "state")
	defer func() { _, _ = b.command(sandbox, "--state", state, "stop") }()
	first, err := b.command(sandbox, "--state", state, "up", "dev")
	if err != nil {
		return err
	}
	parts, err := b.parts()
	if err != nil {
		return err
	}
	second, err := b.command(sandbox, "--state", state, "up", "dev")
	if err != nil {
		return err
	}
	whole := built.plus(first)
	fmt.Fprintf(b.streams.Out, "First up on a bare machine: %s\n  compile and link cmd/sandbox: %s\n  up: %s\nSecond up: %s\n\n", whole,
		built, first, second)
	parts.print(b.streams.Out, whole.cpu)
	return nil
}

func (b *bench) check(args []string) error {
	check, built, err := b.build("./cmd/check")
	if err != nil {
		return err
	}
	ran, failed := b.command(check, args...)
	whole := built.plus(ran)
	fmt.Fprintf(b.streams.Out, "cmd/check from empty: %s\n\n", whole)
	parts, err := b.parts()
	tests, testsErr := b.tests()
	if err = errors.Join(err, testsErr); err == nil {
		parts.add(tests)
		parts.print(b.streams.Out, whole.cpu)
		printTests(b.streams.Out, tests)
	}
	return errors.Join(failed, err)
}
