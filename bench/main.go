// Command bench measures what a newcomer and a contributor wait for, in wall and processor time by part: `go run ./bench up` is
// the first `sandbox up` on a machine that has compiled nothing, `go run ./bench check` the whole check on such a machine, and
// `go run ./bench scale 1 10 100` an `up` of stacks with so many services. Each works on a clone of the commit that is checked out,
// in a folder of its own with a home and a build cache of its own; the modules are downloaded before the clock runs.
//
// Other work on the machine moves the wall time. Processor time, system time included, is what compares.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

func main() {
	if filepath.Base(os.Args[0]) == "go" {
		os.Exit(asGo(os.Args[1:]))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return errors.New("name what to measure: up, check or scale")
	}
	b, err := newBench(ctx)
	if err != nil {
		return err
	}
	defer os.RemoveAll(b.folder)
	switch args[0] {
	case "up":
		return b.firstUp()
	case "check":
		return b.check(args[1:])
	case "scale":
		var sizes []int
		for _, text := range args[1:] {
			size, err := strconv.Atoi(text)
			if err != nil || size < 1 {
				return fmt.Errorf("%q is not a number of services", text)
			}
			sizes = append(sizes, size)
		}
		return b.scale(sizes)
	}
	return fmt.Errorf("there is no measurement %q: up, check or scale", args[0])
}

// bench is a bare machine: a home, a build cache and a clone, all of them new.
type bench struct {
	ctx    context.Context
	folder string
	clone  string
	warm   bool // this machine's own home and build cache
}

func newBench(ctx context.Context) (*bench, error) {
	folder, err := os.MkdirTemp("", "bench")
	if err != nil {
		return nil, err
	}
	b := &bench{ctx: ctx, folder: folder, clone: filepath.Join(folder, "clone")}
	for _, name := range []string{"home", "tmp", "bin", "log"} {
		err = errors.Join(err, os.Mkdir(filepath.Join(folder, name), 0o700))
	}
	self, executableErr := os.Executable()
	if err = errors.Join(err, executableErr); err != nil {
		return nil, err
	}
	if err := os.Symlink(self, filepath.Join(folder, "bin", "go")); err != nil {
		return nil, err
	}
	clone := exec.CommandContext(ctx, "git", "clone", "--quiet", "--shared", ".", b.clone)
	if output, err := clone.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("clone the repository, in whose root this has to run: %w: %s", err, output)
	}
	return b, nil
}

// environment is the bare machine's: what Go keeps of modules is the one thing that it shares with this one.
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
		realGo+"="+real, logFolder+"="+filepath.Join(b.folder, "log")), nil
}

// cost is what a command took, everything that it started and waited for included.
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
	environment, err := b.environment()
	if err != nil {
		return cost{}, err
	}
	command := exec.CommandContext(b.ctx, name, args...)
	command.Dir, command.Env = b.clone, environment
	command.Stdout, command.Stderr = os.Stderr, os.Stderr
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
	fmt.Printf("First up on a bare machine: %s\n  compile and link cmd/sandbox: %s\n  up: %s\nSecond up: %s\n\n", whole, built, first, second)
	parts.print(whole.cpu)
	return nil
}

func (b *bench) check(args []string) error {
	check, built, err := b.build("./cmd/check")
	if err != nil {
		return err
	}
	ran, failed := b.command(check, args...)
	whole := built.plus(ran)
	fmt.Printf("cmd/check from empty: %s\n\n", whole)
	parts, err := b.parts()
	if err == nil {
		parts.print(whole.cpu)
	}
	return errors.Join(failed, err)
}
