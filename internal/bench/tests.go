package bench

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/guiofsaints/procureflow-platform/internal/plural"
)

// This executable also runs each package's tests for `go test` (the flag -exec), and records what they took.
const (
	testRunner = "bench-test-runner"
	ranFolder  = "BENCH_RAN"
)

// tested holds the time that one package's tests took, including everything that they started.
type tested struct {
	Package string // the folder
	CPU     time.Duration
}

// asTestRunner runs the tests of the package in whose folder it is started.
func asTestRunner(args []string) int {
	folder, err := os.Getwd()
	if err == nil {
		err = keepOrphans()
	}
	command := exec.Command(args[0], args[1:]...)
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err == nil {
		err = command.Start()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return 1
	}
	code, took := waitForAll(command)
	line, err := json.Marshal(tested{Package: folder, CPU: took})
	if err == nil {
		err = os.WriteFile(filepath.Join(os.Getenv(ranFolder), fmt.Sprint(os.Getpid())+".json"), line, 0o600)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return 1
	}
	return code
}

// tests reads what the tests so far have taken, the slowest first. What a test runs as tests of other folders is part of that test.
func (b *bench) tests() ([]tested, error) {
	files, err := filepath.Glob(filepath.Join(b.folder, "ran", "*.json"))
	if err != nil {
		return nil, err
	}
	took := map[string]time.Duration{}
	for _, name := range files {
		content, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		var test tested
		if err := json.Unmarshal(content, &test); err != nil {
			return nil, fmt.Errorf("read what a package's tests took: %w", err)
		}
		if folder, inside := strings.CutPrefix(test.Package, b.clone+string(filepath.Separator)); inside {
			took[filepath.ToSlash(folder)] += test.CPU
		}
	}
	var tests []tested
	for folder, cpu := range took {
		tests = append(tests, tested{Package: folder, CPU: cpu})
	}
	slices.SortFunc(tests, func(a, b tested) int { return cmp.Or(cmp.Compare(b.CPU, a.CPU), strings.Compare(a.Package, b.Package)) })
	return tests, nil
}

// shownTests is how many packages have their own row.
const shownTests = 20

// printTests writes a table of the packages whose tests took most.
func printTests(out io.Writer, tests []tested) {
	if len(tests) == 0 {
		return
	}
	fmt.Fprintln(out, "\n| tests of | processor time |\n|---|---|")
	var others time.Duration
	for i, test := range tests {
		if i < shownTests {
			fmt.Fprintf(out, "| %s | %.1f s |\n", test.Package, test.CPU.Seconds())
		} else {
			others += test.CPU
		}
	}
	if more := len(tests) - shownTests; more > 0 {
		fmt.Fprintf(out, "| %s | %.1f s |\n", plural.Of(more, "other", "others"), others.Seconds())
	}
	fmt.Fprintln(out, "\n"+testsNote)
}
