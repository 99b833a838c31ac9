package check

import (
	"cmp"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/internal/check/parallel"
)

// testTimeout bounds one package's tests.
const testTimeout = "30m"

// unraced are the packages whose tests run without the race detector although they start goroutines, by their folder in the repository,
// each with the reason. The detector triples a test's time, and compiles all that a package imports once more. `check --full` uses it
// everywhere, once a week. A test checks the reasons that can be checked.
var unraced = map[string]string{
	"tests/sandbox":   processes,
	"tests/chains":    processes,
	"tests/publish":   processes,
	"tests/examples":  processes,
	"tests/review":    processes,
	"tests/adopter":   processes,
	"tests/gcloud":    processes,
	"tests/workflows": processes,

	"release/backtest": simulations,
	"sandbox/console":  browser,

	"emulator/conditions": sequential,
	"emulator/guard":      sequential,
	"firstrun/command":    sequential,
	"release/command":     sequential,
	"release/gcp":         sequential,
	"scaffold":            sequential,

	"emulator/provider":   compiled,
	"internal/pulumitest": compiled,
	"sandbox/command":     compiled,
	"sandbox/dryrun":      compiled,
	"sandbox/engine":      compiled,
	"sandbox/golang":      compiled,
	"sandbox/journal":     compiled,
	"sandbox/rehearse":    compiled,
}

const (
	processes   = "drives the platform through its commands; the goroutines are those of packages with tests of their own"
	simulations = "runs simulations side by side that share nothing"
	sequential  = "starts no goroutine and holds no lock outside its tests, and whatever it imports that does has tests of its own"
	browser     = "looks at its page in a browser, whose client takes long to compile; sandbox/server reads the page with the detector"
	compiled    = "imports Pulumi's SDKs, which take up to two minutes to compile once more with the race detector"
)

// slowest are the packages whose tests take minutes, the slowest first. The check begins with them, so that none is alone at the end, and
// `--quick` leaves them to the whole check.
var slowest = []string{"tests/chains", "tests/sandbox", "tests/adopter", "tests/review", "tests/examples"}

// group is packages of one module that are tested by one command.
type group struct {
	module    string
	race      bool
	processes bool     // their tests drive the platform's commands
	packages  []string // import paths
}

// test runs the tests in three lanes side by side, because tests often wait: the root module's packages that drive commands; those with the
// race detector and the nested modules, one after the other; and all others. More at once would take longer: forty processes that wanted
// two cores took a tenth more processor time than twenty.
func (c checker) test() error {
	groups, err := c.groups()
	if err != nil {
		return err
	}
	tests := &parallel.Report{Out: c.out}
	defer tests.Summary()
	run := make([]func() error, lanes)
	for lane := range lanes {
		run[lane] = func() error {
			var errs []error
			for _, group := range groups {
				if laneOf(group) == lane {
					errs = append(errs, c.testWithCLI(tests, group))
				}
			}
			return errors.Join(errs...)
		}
	}
	return errors.Join(parallel.Do(run...)...)
}

// testWithCLI tests a group when the CLI is there. The root module's packages with the race detector do without it, and begin at once:
// compiling them for the detector takes about as long as building the CLI, and the two have no package in common.
func (c checker) testWithCLI(tests *parallel.Report, of group) error {
	if needsCLI := !of.race || of.module != "."; needsCLI && os.Getenv("PULUMI_COMMAND") == "" {
		if err := c.cli(); err != nil {
			return fmt.Errorf("the tests that need the CLI did not run: %w", err)
		}
	}
	return c.testPackages(tests, of)
}

const lanes = 3

func laneOf(g group) int {
	switch {
	case g.processes:
		return 0
	case g.race || g.module != ".":
		return 1
	}
	return 2
}

// groups sorts the packages that have tests by their module, and into those that drive commands, those with the race detector, and others.
func (c checker) groups() ([]group, error) {
	var groups []group
	for _, module := range modules {
		listed, err := c.list(module, "{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}")
		if err != nil {
			return nil, err
		}
		sorted, err := c.sorted(module, listed)
		if err != nil {
			return nil, err
		}
		groups = append(groups, sorted...)
	}
	return groups, nil
}

// sorted sorts the packages of a module into groups.
func (c checker) sorted(module string, paths []string) (groups []group, err error) {
	drivers, without, with := group{module: module, processes: true}, group{module: module}, group{module: module, race: true}
	for _, path := range paths {
		raced, twice, err := c.raced(folderOf(path))
		if err != nil {
			return nil, err
		}
		switch {
		case raced:
			with.packages = append(with.packages, path)
			if twice {
				without.packages = append(without.packages, path)
			}
		case module == "." && unraced[folderOf(path)] == processes:
			drivers.packages = append(drivers.packages, path)
		default:
			without.packages = append(without.packages, path)
		}
	}
	for _, group := range []group{drivers, without, with} {
		if len(group.packages) > 0 {
			slices.SortFunc(group.packages, slowerFirst)
			groups = append(groups, group)
		}
	}
	return groups, nil
}

// raced reports whether the tests of a package run with the race detector, and whether they also run without it. With the detector,
// -short leaves out repetitions of the same test.
func (c checker) raced(folder string) (raced, twice bool, err error) {
	if !c.race || c.full || unraced[folder] != "" {
		return c.race && c.full, false, nil
	}
	code, tests, short, err := traits(folder)
	return code || tests, short, err
}

// traits reports whether a package is concurrent: its code starts goroutines or holds locks for those of others, or its tests start
// goroutines. In any other package the race detector finds nothing, because its tests do one thing after the other. It also reports
// whether -short leaves out some of its tests.
func traits(folder string) (code, tests, short bool, err error) {
	files, err := filepath.Glob(filepath.Join(filepath.FromSlash(folder), "*.go"))
	if err != nil {
		return false, false, false, err
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return false, false, false, err
		}
		concurrent, inTests := false, strings.HasSuffix(name, "_test.go")
		ast.Inspect(file, func(node ast.Node) bool {
			switch node := node.(type) {
			case *ast.GoStmt:
				concurrent = true
			case *ast.CallExpr: // sync.WaitGroup's and errgroup.Group's
				method, is := node.Fun.(*ast.SelectorExpr)
				concurrent = concurrent || is && method.Sel.Name == "Go"
			case *ast.SelectorExpr:
				of, is := node.X.(*ast.Ident)
				locks := is && (of.Name == "atomic" || of.Name == "sync" && strings.HasSuffix(node.Sel.Name, "Mutex"))
				concurrent = concurrent || locks && !inTests
				short = short || is && of.Name == "testing" && node.Sel.Name == "Short"
			}
			return true
		})
		code, tests = code || concurrent && !inTests, tests || concurrent && inTests
	}
	return code, tests, short, nil
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

// testPackages runs `go test` without its own vetting, because the step vet does that completely.
func (c checker) testPackages(tests *parallel.Report, of group) error {
	args := append([]string{"test", "-json", "-vet=off", "-timeout", testTimeout}, c.remembering(of)...)
	if of.race {
		args = append(args, "-race", fmt.Sprintf("-short=%t", !c.full))
	}
	args = append(append(args, c.toolexec()...), of.packages...)
	// The tests that drive commands often wait, and take longest: they go before the others.
	command := c.prepare(!of.processes, of.module, "go", args...)
	events, err := command.StdoutPipe()
	if err != nil {
		return err
	}
	if err := command.Start(); err != nil {
		return err
	}
	err = errors.Join(tests.Read(events), command.Wait())
	c.used.Add(command.ProcessState)
	if err != nil {
		return fmt.Errorf("in %s: %s: %w", of.module, words("go", args), err)
	}
	return nil
}
