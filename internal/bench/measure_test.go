package bench

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/internal/cli"
)

// repository makes a repository that has small programs in the places of the sandbox and of the check, and changes to its root.
func repository(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	for name, content := range map[string]string{
		"go.mod": "module example.com/small\n\ngo 1.26.0\n",
		"cmd/sandbox/main.go": `package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, os.Args[1:])
	for _, word := range os.Args {
		if word == "export" {
			fmt.Println("{\"deployment\":{\"resources\":[{},{},{}]}}")
		}
	}
}
`,
		"cmd/check/main.go": `package main

import (
	"os"
	"os/exec"
)

func main() {
	tests := exec.Command("go", "test", "./release/plan")
	tests.Stderr = os.Stderr
	if tests.Run() != nil || len(os.Args) > 1 {
		os.Exit(1)
	}
}
`,
		"release/plan/plan_test.go":         "package plan\n\nimport \"testing\"\n\nfunc TestPlan(t *testing.T) {}\n",
		"tests/application/policy/dev.json": "{}",
		"tests/application/Pulumi.dev.yaml": "config:\n  services:\n      web:\n        name: procureflow-web\n    monitoring:\n",
	} {
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
		require.NoError(t, os.WriteFile(name, []byte(content), 0o600))
	}
	for _, args := range [][]string{{"init", "--quiet"}, {"add", "."},
		{"-c", "user.name=n", "-c", "user.email=e@example.com", "commit", "--quiet", "--message=m"}} {
		said, err := exec.CommandContext(t.Context(), "git", args...).CombinedOutput()
		require.NoError(t, err, string(said))
	}
}

// measured runs a measurement on a bare machine that only differs from the real one in that the standard library is compiled.
func measured(t *testing.T, words ...string) (said, shown string, err error) {
	t.Helper()
	var out, errs strings.Builder
	b, err := newBench(t.Context(), cli.Streams{Out: &out, Err: &errs})
	require.NoError(t, err)
	defer os.RemoveAll(b.folder)
	cache, err := exec.CommandContext(t.Context(), "go", "env", "GOCACHE").Output()
	require.NoError(t, err)
	require.NoError(t, os.Symlink(strings.TrimSpace(string(cache)), filepath.Join(b.folder, "cache")))
	measure, err := measurement(words)
	require.NoError(t, err)
	err = measure(b)
	return out.String(), errs.String(), err
}

func TestFirstUpIsMeasured(t *testing.T) {
	repository(t)
	said, shown, err := measured(t, "up")
	require.NoError(t, err)
	assert.Regexp(t, `^First up on a bare machine: [\d.]+ s, [\d.]+ s of processor time
  compile and link cmd/sandbox: [\d.]+ s, [\d.]+ s of processor time
  up: [\d.]+ s, [\d.]+ s of processor time
Second up: [\d.]+ s, [\d.]+ s of processor time

\| part \| processor time \|
`, said)
	assert.Equal(t, 2, strings.Count(shown, "up dev]\n"))
	assert.True(t, strings.HasSuffix(shown, " stop]\n"), "what was started is stopped: %s", shown)
}

func TestCheckIsMeasured(t *testing.T) {
	repository(t)
	said, _, err := measured(t, "check")
	require.NoError(t, err)
	assert.Regexp(t, `^cmd/check from empty: [\d.]+ s, [\d.]+ s of processor time\n\n\| part`, said)
	if measuresTests {
		assert.Regexp(t, `\n\| release/plan \| [\d.]+ s \|\n`, said)
	}
	said, _, err = measured(t, "check", "--fail")
	assert.ErrorContains(t, err, "check --fail: exit status 1")
	assert.Contains(t, said, "cmd/check from empty: ", "what a failed check took is shown, too")
}

func TestStacksOfManyServicesAreMeasured(t *testing.T) {
	repository(t)
	var out, errs strings.Builder
	streams := cli.Streams{Program: "bench", Out: &out, Err: &errs}
	assert.Equal(t, ExitDone, Run(t.Context(), []string{"scale", "1", "2"}, streams), errs.String())
	lines := strings.Split(out.String(), "\n")
	assert.Regexp(t, `^\| 1 \| 3 \| [\d., s]+ \|[\d., s]+ \|[\d., s]+ \|  \| \d+ MB \|$`, lines[2])
	assert.Regexp(t, `^\| 2 \| 3 \| `, lines[3])
	for _, command := range []string{"preview dev]", "up dev]", "export dev]", "stop]"} {
		assert.Equal(t, 2, strings.Count(errs.String(), command), command)
	}
	out.Reset()
	t.Chdir(t.TempDir())
	assert.Equal(t, ExitFailed, Run(t.Context(), []string{"up"}, streams))
	assert.Contains(t, errs.String(), "bench: clone the repository, in whose root this has to run: ")
}

// TestCallsOfGo checks how this executable answers the calls that reach it as the go command.
func TestCallsOfGo(t *testing.T) {
	folder := t.TempDir()
	program, called := filepath.Join(folder, "real"), filepath.Join(folder, "called")
	require.NoError(t, os.WriteFile(program, []byte("#!/bin/sh\necho \"$@\" > "+called+"\nexit 3\n"), 0o700))
	t.Setenv(realGo, program)
	t.Setenv(logFolder, folder)
	t.Setenv("GOFLAGS", "")
	exec := ""
	if measuresTests {
		exec = " -exec=" + testRunner
	}
	for _, test := range []struct{ call, want string }{
		{"version", "version"},
		{"tool vet", "tool vet"},
		{"build -o x ./a", "build -debug-actiongraph=FILE -o x ./a"},
		{"-C sub list ./a", "-C sub list -debug-actiongraph=FILE ./a"},
		{"test ./a", "test -debug-actiongraph=FILE" + exec + " ./a"},
		{"test -race ./a", "test -debug-actiongraph=FILE.race" + exec + " -race ./a"},
	} {
		assert.Equal(t, 3, asGo(strings.Fields(test.call)), test.call)
		said, err := os.ReadFile(called)
		require.NoError(t, err)
		words := strings.Fields(string(said))
		for i, word := range words {
			if file, is := strings.CutPrefix(word, "-debug-actiongraph="); is {
				assert.FileExists(t, file)
				words[i] = "-debug-actiongraph=FILE" + strings.TrimPrefix(filepath.Ext(file), ".json")
			}
		}
		assert.Equal(t, test.want, strings.Join(words, " "))
	}
	t.Setenv(realGo, filepath.Join(folder, "missing"))
	assert.Equal(t, 1, asGo([]string{"version"}))
	t.Setenv(logFolder, filepath.Join(folder, "missing"))
	assert.Equal(t, 1, asGo([]string{"build"}))
}

// TestParts reads the records of the go command: for a command with the race detector, one without it, and one that
// compiled nothing.
func TestParts(t *testing.T) {
	t.Parallel()
	b := &bench{folder: t.TempDir()}
	log := filepath.Join(b.folder, "log")
	require.NoError(t, os.Mkdir(log, 0o700))
	const actions = `[{"Mode":"build","Package":"net/http","CmdUser":2000000000,"CmdSys":1000000000},
{"Mode":"link","Package":"main","CmdUser":5},{"Mode":"nop"}]`
	for name, content := range map[string]string{"1.json": actions, "2.json.race": actions, "3.json": ""} {
		require.NoError(t, os.WriteFile(filepath.Join(log, name), []byte(content), 0o600))
	}
	took, err := b.parts()
	require.NoError(t, err)
	assert.Equal(t, parts{"compile the standard library": 3 * time.Second, "link": 5,
		"compile the standard library, with the race detector": 3 * time.Second, "link, with the race detector": 5}, took)
	require.NoError(t, os.WriteFile(filepath.Join(log, "4.json"), []byte("{"), 0o600))
	_, err = b.parts()
	assert.ErrorContains(t, err, "read what a go command took: ")
}
