// Command vet runs the analyzers of go vet and of staticcheck in one process, over the packages of the module in the working directory.
// Both read the same packages, and reading them is most of the work: together they take a quarter of what both took
// (docs/adr/0042-one-process-vets-the-code.md).
package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
)

// Exit codes.
const (
	exitClean    = 0
	exitFindings = 1
	exitFailed   = 3
)

const usage = `vet runs the analyzers of go vet and of staticcheck.

    vet ./...

It prints each finding with the name of its analyzer. "//lint:ignore NAME reason" above a line accepts a finding, as staticcheck takes it.
Packages that were clean are remembered in the user's cache folder, and not looked at again until they or what they import change.

Exit codes: 0 no findings; 1 findings; 3 the packages could not be read.
`

func main() {
	// It makes much garbage and keeps little, at most 0.3 GB. Collecting only at this limit takes a sixth less processor time.
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(2 << 30)
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

func run(patterns []string, out, errs io.Writer) int {
	if len(patterns) == 0 || strings.HasPrefix(patterns[0], "-") {
		fmt.Fprint(out, usage)
		return exitClean
	}
	memory, err := remember()
	if err != nil {
		fmt.Fprintln(errs, "vet:", err)
		return exitFailed
	}
	findings, err := check(patterns, memory)
	if err != nil {
		fmt.Fprintln(errs, "vet:", err)
		return exitFailed
	}
	for _, finding := range findings {
		fmt.Fprintln(out, finding)
	}
	if len(findings) > 0 {
		return exitFindings
	}
	return exitClean
}

// check returns the findings in the packages that the patterns name, in the order of their files.
func check(patterns []string, memory memory) ([]finding, error) {
	roots, err := list(patterns)
	if err != nil {
		return nil, err
	}
	roots = slices.DeleteFunc(roots, memory.clean)
	world, err := newWorld(roots, memory)
	if err != nil {
		return nil, err
	}
	var all []finding
	for _, root := range roots {
		findings, err := world.findings(root)
		if err != nil {
			return nil, err
		}
		if len(findings) == 0 {
			memory.add(root, nil)
		}
		all = append(all, findings...)
	}
	slices.SortFunc(all, func(a, b finding) int {
		return cmp.Or(strings.Compare(a.at.Filename, b.at.Filename), a.at.Line-b.at.Line, a.at.Column-b.at.Column,
			strings.Compare(a.analyzer, b.analyzer), strings.Compare(a.message, b.message))
	})
	return slices.Compact(all), nil
}

// String writes a finding like a compiler's error, with a path that is relative where that is shorter to read.
func (f finding) String() string {
	if folder, err := os.Getwd(); err == nil {
		if relative, err := filepath.Rel(folder, f.at.Filename); err == nil && filepath.IsLocal(relative) {
			f.at.Filename = relative
		}
	}
	return fmt.Sprintf("%s: %s (%s)", f.at, f.message, f.analyzer)
}
