package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
)

// testTimeout bounds one package's tests.
const testTimeout = "30m"

// unraced are the root module's packages whose tests run without the race detector, each with the reason why it would find nothing there.
// The detector triples a test's time. A test checks the reasons that can be checked.
var unraced = map[string]string{
	"tests/sandbox":   processes,
	"tests/chains":    processes,
	"tests/publish":   processes,
	"tests/examples":  processes,
	"tests/review":    processes,
	"tests/adopter":   processes,
	"tests/inventory": sequential,
	"tests/trust":     sequential,
	"tests/decisions": simulations,
	"release/plan":    sequential,
	"release/health":  sequential,
	"release/rollout": sequential,
	"stacks":          sequential,
	"infra/program":   sequential,
	"sandbox/trust":   sequential,
}

const (
	processes   = "drives the platform through its commands; the goroutines are those of packages with tests of their own"
	simulations = "runs simulations side by side that share nothing"
	sequential  = "starts no goroutine"
)

// test runs the tests in three lanes side by side, because tests often wait: the root module's packages with the race detector, those
// without it, and the nested modules one after the other.
func (c checker) test() error {
	with, without, err := c.packages()
	if err != nil {
		return err
	}
	if os.Getenv("PULUMI_COMMAND") == "" { // This is the only step that is running.
		if err := c.cli(); err != nil {
			return err
		}
	}
	tests := &report{out: c.out}
	defer tests.summary()
	lanes := []func() error{
		func() error { return c.testPackages(".", tests, append([]string{"-parallel", "4"}, without...)) },
		func() error { return c.testPackages(".", tests, append(c.raceFlag(), with...)) },
		func() error {
			var errs []error
			for _, module := range modules[1:] {
				errs = append(errs, c.testModule(module, tests))
			}
			return errors.Join(errs...)
		},
	}
	errs := make([]error, len(lanes))
	var running sync.WaitGroup
	for i, lane := range lanes {
		running.Go(func() { errs[i] = lane() })
	}
	running.Wait()
	return errors.Join(errs...)
}

// packages sorts the root module's packages that have tests into those with and those without the race detector. The slowest come first.
func (c checker) packages() (with, without []string, err error) {
	command := exec.CommandContext(c.ctx, "go", "list", "-f", "{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}", "./...")
	command.Stderr = c.out
	listed, err := command.Output()
	if err != nil {
		return nil, nil, fmt.Errorf("list the packages: %w", err)
	}
	for _, path := range strings.Fields(string(listed)) {
		_, folder, _ := strings.Cut(path, "/procureflow-platform/")
		if unraced[folder] != "" && c.race && !c.full {
			without = append(without, path)
		} else {
			with = append(with, path)
		}
	}
	slices.Reverse(with) // tests/ is long, cmd/ is short
	slices.Reverse(without)
	return with, without, nil
}

func (c checker) testModule(module string, tests *report) error {
	return c.testPackages(module, tests, append(c.raceFlag(), "./..."))
}

// testPackages runs `go test` without its own vetting, because the step vet does that completely. Go's cache of test results notices only
// changes of files inside the module. The tests of nested modules read workflows and documents outside, so they always run.
func (c checker) testPackages(module string, tests *report, args []string) error {
	if module != "." {
		args = append([]string{"-count=1"}, args...)
	}
	args = append([]string{"test", "-json", "-vet=off", "-timeout", testTimeout}, args...)
	command := exec.CommandContext(c.ctx, "go", args...)
	command.Dir, command.Stderr = module, c.out
	command.Env = append(os.Environ(), c.env...)
	events, err := command.StdoutPipe()
	if err != nil {
		return err
	}
	if err := command.Start(); err != nil {
		return err
	}
	err = errors.Join(tests.read(events), command.Wait())
	c.used.add(command.ProcessState)
	if err != nil {
		return fmt.Errorf("in %s: go %s: %w", module, strings.Join(args, " "), err)
	}
	return nil
}
