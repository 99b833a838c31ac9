package main

import (
	"cmp"
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

// unraced are the packages whose tests run without the race detector, by their folder in the repository, each with the reason. The detector
// triples a test's time, and its packages are compiled a second time. `check --full` uses it everywhere, once a week. A test checks the
// reasons that can be checked.
var unraced = map[string]string{
	"tests/sandbox":   processes,
	"tests/chains":    processes,
	"tests/publish":   processes,
	"tests/examples":  processes,
	"tests/review":    processes,
	"tests/adopter":   processes,
	"tests/gcloud":    processes,
	"tests/workflows": processes,
	"tests/inventory": sequential,
	"tests/trust":     sequential,
	"tests/decisions": simulations,

	"tests/architecture":           sequential,
	"tests/workflows/workflowlint": sequential,

	"release/plan":                sequential,
	"release/health":              sequential,
	"release/rollout":             sequential,
	"release/backtest":            simulations,
	"release/registry/provenance": sequential,
	"stacks":                      sequential,
	"infra/program":               sequential,
	"sandbox/trust":               sequential,

	"components/attestation": sequential,
	"components/bucket":      sequential,
	"components/budget":      sequential,
	"components/cloudrun":    sequential,
	"components/database":    sequential,
	"components/federation":  sequential,
	"components/identity":    sequential,
	"components/job":         sequential,
	"components/monitoring":  sequential,
	"components/project":     sequential,
	"components/registry":    sequential,
	"components/repository":  sequential,
	"components/secrets":     sequential,
	"internal/problems":      sequential,
	"internal/pulumitest":    sequential,

	"policy/rules":            sequential,
	"policy/internal/newrule": sequential,
	"policy/internal/docs":    sequential,
	"policy/conformance":      sequential,

	"emulator/provider": compiled,
	"sandbox/command":   compiled,
	"sandbox/engine":    compiled,
	"sandbox/rehearse":  compiled,
}

const (
	processes   = "drives the platform through its commands; the goroutines are those of packages with tests of their own"
	simulations = "runs simulations side by side that share nothing"
	sequential  = "starts no goroutine"
	compiled    = "imports the SDKs of Google Cloud and GitHub, which take two minutes to compile once more with the race detector"
)

// slowest are the packages whose tests take minutes, the slowest first. The check begins with them, so that none is alone at the end, and
// `--quick` leaves them to the whole check.
var slowest = []string{"tests/chains", "tests/sandbox", "tests/adopter", "tests/review", "tests/examples"}

// group is packages of one module that are tested by one command.
type group struct {
	module   string
	race     bool
	packages []string // import paths
}

// test runs the tests in three lanes side by side, because tests often wait: the root module's packages without the race detector, those
// with it, and the nested modules one after the other.
func (c checker) test() error {
	groups, err := c.groups()
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
	errs := make([]error, len(groups))
	var running sync.WaitGroup
	for lane := range 3 {
		running.Go(func() {
			for i, group := range groups {
				if laneOf(group) == lane {
					errs[i] = c.testPackages(tests, group)
				}
			}
		})
	}
	running.Wait()
	return errors.Join(errs...)
}

func laneOf(g group) int {
	switch {
	case g.module != ".":
		return 2
	case g.race:
		return 1
	}
	return 0
}

// groups sorts the packages that have tests by their module and into those with and those without the race detector.
func (c checker) groups() ([]group, error) {
	var groups []group
	for _, module := range modules {
		command := exec.CommandContext(c.ctx, "go", "list", "-f", "{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}", "./...")
		command.Dir, command.Stderr = module, c.out
		listed, err := command.Output()
		if err != nil {
			return nil, fmt.Errorf("list the packages of %s: %w", module, err)
		}
		without, with := group{module: module}, group{module: module, race: true}
		for _, path := range strings.Fields(string(listed)) {
			if !c.race || (unraced[folderOf(path)] != "" && !c.full) {
				without.packages = append(without.packages, path)
			} else {
				with.packages = append(with.packages, path)
			}
		}
		for _, group := range []group{without, with} {
			if len(group.packages) > 0 {
				slices.SortFunc(group.packages, slowerFirst)
				groups = append(groups, group)
			}
		}
	}
	return groups, nil
}

// folderOf returns the folder of one of the repository's packages.
func folderOf(path string) string {
	_, folder, _ := strings.Cut(path, "/procureflow-platform/")
	return folder
}

// slowerFirst orders import paths: the slowest, then the rest with tests/ before cmd/, which is short.
func slowerFirst(a, b string) int {
	rank := func(path string) int {
		if at := slices.Index(slowest, folderOf(path)); at >= 0 {
			return at
		}
		return len(slowest)
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), strings.Compare(b, a))
}

// testPackages runs `go test` without its own vetting, because the step vet does that completely. Go's cache of test results notices only
// changes of files inside the module. The tests of nested modules read workflows and documents outside, so they always run. A test that
// drives commands waits more than it computes, so more of them run at once than there are cores.
func (c checker) testPackages(tests *report, of group) error {
	args := []string{"test", "-json", "-vet=off", "-timeout", testTimeout}
	if of.module != "." {
		args = append(args, "-count=1")
	}
	if of.race {
		args = append(args, "-race")
	} else {
		args = append(args, "-p", "4", "-parallel", "4")
	}
	args = append(args, of.packages...)
	command := exec.CommandContext(c.ctx, "go", args...)
	command.Dir, command.Stderr = of.module, c.out
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
		return fmt.Errorf("in %s: go %s: %w", of.module, strings.Join(args, " "), err)
	}
	return nil
}
