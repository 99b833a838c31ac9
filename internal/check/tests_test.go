package check

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/internal/check/parallel"
)

// TestReasonsForNoRaceDetector checks the list of the packages that are tested without the race detector. Each of them needs its
// entry, because it starts goroutines, and the reason that the entry gives is true.
func TestReasonsForNoRaceDetector(t *testing.T) {
	t.Parallel()
	for folder, reason := range unraced {
		code, tests, _, err := traits(filepath.Join("..", "..", folder))
		require.NoError(t, err)
		assert.True(t, code || tests || reason == processes, "%s starts no goroutine: take it out of unraced", folder)
		switch reason {
		case processes: // The goroutines are in the processes that the package starts.
			assert.True(t, strings.HasPrefix(folder, "tests/"), folder)
		case sequential:
			assert.False(t, code, "%s is concurrent itself: move that to a package that needs no client, or take it out of unraced", folder)
		}
	}
	for _, imported := range dependencies(t, compiled) {
		assert.True(t, slices.Contains(imported, "github.com/pulumi/pulumi/sdk/v3/go/common/workspace"), "Pulumi's SDK")
	}
	for _, imported := range dependencies(t, browser) {
		assert.True(t, slices.Contains(imported, "github.com/guiofsaints/procureflow-platform/internal/webpage/webpagetest"), "a browser")
	}
	code, _, _, err := traits("../../sandbox/server")
	require.NoError(t, err)
	assert.True(t, code && unraced["sandbox/server"] == "", "the page is served under the detector")
	for _, path := range slices.Concat(dependencies(t, sequential)...) {
		folder := folderOf(path)
		if folder == "" { // another module's
			continue
		}
		code, _, _, err := traits(filepath.Join("..", "..", folder))
		require.NoError(t, err)
		if !code {
			continue
		}
		tests, err := filepath.Glob(filepath.Join("..", "..", folder, "*_test.go"))
		require.NoError(t, err)
		assert.NotEmpty(t, tests, "%s is concurrent, and has no test of its own", folder)
		assert.Contains(t, []string{"", simulations}, unraced[folder], "%s is concurrent, and its tests lack the race detector", folder)
	}
}

// dependencies returns what the packages with a reason import, directly or not, or in their tests: a list for each of them.
func dependencies(t *testing.T, reason string) (imported [][]string) {
	t.Helper()
	args := []string{"list", "-f", `{{join .Deps " "}} {{join .TestImports " "}} {{join .XTestImports " "}}`}
	for folder, given := range unraced {
		if given == reason {
			args = append(args, "../../"+folder)
		}
	}
	listed, err := exec.CommandContext(t.Context(), "go", args...).Output()
	require.NoError(t, err)
	for line := range strings.Lines(string(listed)) {
		imported = append(imported, strings.Fields(line))
	}
	return imported
}

func TestTraits(t *testing.T) {
	t.Parallel()
	for source, want := range map[string][3]bool{
		"a.go: go f()":                        {true, false, false},
		"a_test.go: go f()":                   {false, true, false},
		"a.go: var g sync.WaitGroup; g.Go(f)": {true, false, false},
		"a_test.go: group.Go(f)":              {false, true, false},
		"a.go: var m sync.RWMutex":            {true, false, false},
		"a.go: var n atomic.Int32":            {true, false, false},
		"a_test.go: var m sync.Mutex":         {},
		"a.go: var once = sync.OnceValue(f)":  {},
		"a_test.go: if testing.Short() {}":    {false, false, true},
		"a.go: f()":                           {},
		"other.txt: go f()":                   {},
	} {
		folder := t.TempDir()
		name, statement, _ := strings.Cut(source, ": ")
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte("package a\nfunc a() { "+statement+" }\n"), 0o600))
		code, tests, short, err := traits(folder)
		require.NoError(t, err)
		assert.Equal(t, want, [3]bool{code, tests, short}, source)
	}
}

func TestStagesHaveEachStepOnce(t *testing.T) {
	t.Parallel()
	var names []string
	for _, stage := range (checker{}).stages(true) {
		for _, step := range stage {
			names = append(names, step.name)
		}
	}
	assert.Equal(t, []string{"format", "install", "compile", "cli", "vet", "test"}, names)
	_, known := find((checker{}).stages(false), "install")
	assert.False(t, known)
}

// TestStepsRunTogether checks that the steps of a stage run side by side, and that each reports how it ended.
func TestStepsRunTogether(t *testing.T) {
	t.Parallel()
	met := make(chan struct{})
	var out strings.Builder
	failed := checker{ctx: t.Context(), out: &parallel.Output{To: &out}}.together([]step{
		{"one", func(checker) error { met <- struct{}{}; return nil }},
		{"other", func(checker) error { <-met; return assert.AnError }},
	})
	assert.Equal(t, []string{"other"}, failed)
	assert.Contains(t, out.String(), "== one passed in 0s\n")
	assert.Contains(t, out.String(), assert.AnError.Error()+"\n== other failed in 0s")
}

// TestGroupsOfPackages checks which packages are tested with the race detector, and that the packages that drive the platform's
// processes have their own groups.
func TestGroupsOfPackages(t *testing.T) {
	t.Chdir(filepath.Join("..", ".."))
	var out strings.Builder
	listed, err := checker{ctx: t.Context(), out: &out}.groups()
	require.NoError(t, err, out.String())
	of := func(c checker, which func(group) bool) (folders []string) {
		for _, all := range listed {
			groups, err := c.sorted(all.module, all.packages)
			require.NoError(t, err)
			for _, group := range groups {
				for _, path := range group.packages {
					if which(group) {
						folders = append(folders, folderOf(path))
					}
				}
			}
		}
		return folders
	}
	race := func(g group) bool { return g.race }
	assert.NotContains(t, of(checker{race: true}, race), "release/command")
	without := func(g group) bool { return !g.race && !g.processes }
	drivers := of(checker{race: true}, func(g group) bool { return g.processes })
	assert.ElementsMatch(t, []string{"tests/chains", "tests/sandbox", "tests/adopter", "tests/review", "tests/examples", "tests/publish",
		"tests/gcloud"}, drivers)
	assert.Equal(t, slowest, drivers[:len(slowest)], "the slowest packages are tested first")
	assert.Subset(t, of(checker{race: true}, race), []string{"internal/check/parallel", "emulator/cloudtest", "emulator/dataplane",
		"emulator/store", "policy/crossguard", "release/probe", "release/registry", "release/watch", "sandbox/server"})
	for _, module := range []string{".", "policy"} {
		compiled := compiledForTheDetector(t, module, of(checker{race: true}, func(g group) bool { return g.race && g.module == module }))
		for _, heavy := range []string{"github.com/pulumi/pulumi/sdk/v3/go/", "google.golang.org/api/", "github.com/sigstore/",
			"github.com/chromedp/", "cel.dev/cel-go/", "github.com/antlr4-go/"} {
			assert.NotContains(t, compiled, "\n"+heavy, "a package of %s with the race detector imports %s: move what is concurrent away "+
				"from it, or list the package in unraced", module, heavy)
		}
		assert.True(t, module != "." || !strings.Contains(compiled, "/sandbox/pulumicli\n"), "its tests begin before the CLI is there")
	}
	assert.Subset(t, of(checker{race: true}, without), []string{"stacks", "release/registry", "emulator/google/run", "tests/workflows",
		"policy/rules", "sandbox/engine", "release/plan"})
	all := func(group) bool { return true }
	assert.Empty(t, of(checker{race: true, full: true}, func(g group) bool { return !g.race }))
	assert.ElementsMatch(t, of(checker{}, all), of(checker{race: true, full: true}, all))
	assert.Empty(t, of(checker{}, race), "-race=false")
}

// compiledForTheDetector lists what is compiled with the race detector for the tests of a module's packages, a line for each.
func compiledForTheDetector(t *testing.T, module string, folders []string) string {
	t.Helper()
	require.NotEmpty(t, folders)
	command := exec.CommandContext(t.Context(), "go", "list", "-race", "-deps", "-test", "-f",
		"{{if not .Standard}}{{.ImportPath}}{{end}}")
	command.Dir = module
	for _, folder := range folders {
		command.Args = append(command.Args, "./"+strings.TrimPrefix(folder, module+"/"))
	}
	compiled, err := command.Output()
	require.NoError(t, err)
	return "\n" + string(compiled)
}

// TestTestsThatWaitForTheCLI checks which tests begin before the CLI is there, with a go command that only says how it was called.
func TestTestsThatWaitForTheCLI(t *testing.T) {
	folder := t.TempDir()
	put(t, filepath.Join(folder, "go"), "#!/bin/sh\necho \"$PULUMI_COMMAND: $@\"\n")
	put(t, filepath.Join(folder, "sh"), "")
	for _, program := range []string{"go", "sh"} {
		require.NoError(t, os.Chmod(filepath.Join(folder, program), 0o700))
	}
	t.Setenv("PATH", folder)
	t.Setenv("PULUMI_COMMAND", "")
	for name, test := range map[string]struct {
		of          group
		needs, told bool
	}{
		"with the detector":                   {group{module: ".", race: true}, false, false},
		"without it":                          {group{module: "."}, true, false},
		"tests that drive commands":           {group{module: ".", processes: true}, true, false},
		"a nested module's with the detector": {group{module: folder, race: true}, true, false},
		"where the caller names a CLI":        {group{module: "."}, false, true},
	} {
		for _, found := range []error{nil, assert.AnError} {
			if test.told {
				t.Setenv("PULUMI_COMMAND", "told")
			}
			asked := false
			var out strings.Builder
			c := checker{ctx: t.Context(), out: &out, root: folder, compilers: []string{"A=b", "C=d"},
				cli: func() error { asked = true; return found }}
			err := c.testWithCLI(&parallel.Report{Out: &out}, test.of)
			assert.Equal(t, test.needs, asked, name)
			if asked && found != nil {
				assert.EqualError(t, err, "the tests that need the CLI did not run: "+found.Error(), name)
				assert.Empty(t, out.String(), name)
				continue
			}
			require.NoError(t, err, name)
			assert.Contains(t, out.String(), ": test -json", name)
			assert.Contains(t, out.String(), " -toolexec "+filepath.Join(folder, "sh")+" -c 'exec env A=b C=d ", name)
		}
		t.Setenv("PULUMI_COMMAND", "")
	}
}

// TestCompilersOfTheCheck calls programs as Go does with the check's flags. Each prints how it was called.
func TestCompilersOfTheCheck(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for _, program := range []string{"compile", "link"} {
		put(t, filepath.Join(folder, program), "#!/bin/sh\necho \"$A $(basename $0) $*\"\n")
		require.NoError(t, os.Chmod(filepath.Join(folder, program), 0o700))
	}
	for name, test := range map[string]struct {
		of            checker
		compile, link string
	}{
		"on a person's machine": {checker{compilers: []string{"A=b"}}, "b compile -o x y.go\n", "b link -o x y.go\n"},
		"in CI": {checker{compilers: []string{"A=b"}, undebugged: true},
			"b compile -dwarf=false -o x y.go\n", "b link -o x y.go\n"},
		"in CI, with the caller's settings": {checker{undebugged: true}, " compile -dwarf=false -o x y.go\n", " link -o x y.go\n"},
	} {
		flags := test.of.toolexec()
		require.Len(t, flags, 2, name)
		assert.Equal(t, "-toolexec", flags[0], name)
		words := strings.Split(flags[1], "'") // Go takes what is between quotes as one word.
		require.Len(t, words, 3, name)
		for program, want := range map[string]string{"compile": test.compile, "link": test.link} {
			command := exec.CommandContext(t.Context(), "sh", "-c", words[1], strings.TrimSpace(words[2]),
				filepath.Join(folder, program), "-o", "x", "y.go")
			said, err := command.CombinedOutput()
			require.NoError(t, err, string(said))
			assert.Equal(t, want, string(said), name)
		}
	}
	assert.Empty(t, checker{}.toolexec(), "the caller says what programs get")
}
