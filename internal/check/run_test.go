package check

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/internal/cli"
)

// linked is where vet's program is linked, once for all repositories.
var linked string

func TestMain(m *testing.M) {
	var err error
	if linked, err = os.MkdirTemp("", "check-test-"); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(linked)
	os.Exit(code)
}

// repository makes a repository of two modules, each with a package of one line, and with this one's tools. It changes to its root and
// commits it.
func repository(t *testing.T) {
	t.Helper()
	tools, err := filepath.Abs(filepath.Join("..", "tools"))
	require.NoError(t, err)
	root := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(root, "internal"), 0o755))
	require.NoError(t, os.Symlink(tools, filepath.Join(root, "internal", "tools")))
	whole := modules
	modules = []string{".", "policy"}
	t.Cleanup(func() { modules = whole })
	for _, module := range modules {
		path := strings.TrimSuffix("example.com/procureflow-platform/"+module, "/.")
		put(t, filepath.Join(root, module, "go.mod"), "module "+path+"\n\ngo 1.26.0\n")
		put(t, filepath.Join(root, module, "one", "one.go"), "package one\n\nfunc One() int { return 1 }\n")
	}
	put(t, filepath.Join(root, ".gitignore"), "/bin\n")
	require.NoError(t, os.Symlink(linked, filepath.Join(root, "bin")))
	t.Chdir(root)
	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	compiled, err := exec.CommandContext(t.Context(), "go", "env", "GOCACHE").Output()
	require.NoError(t, err)
	t.Setenv("GOCACHE", strings.TrimSpace(string(compiled)))
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	git(t, "init", "--quiet", "--initial-branch=main")
	git(t, "add", ".")
	git(t, "-c", "user.name=n", "-c", "user.email=e@example.com", "commit", "--quiet", "--message=m")
}

func put(t *testing.T, path, content string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
}

func git(t *testing.T, args ...string) {
	t.Helper()
	said, err := exec.CommandContext(t.Context(), "git", args...).CombinedOutput()
	require.NoError(t, err, string(said))
}

// called runs a command line, and returns its exit code and all that it printed.
func called(t *testing.T, args ...string) (int, string) {
	t.Helper()
	var out, errs strings.Builder
	code := Run(t.Context(), args, cli.Streams{Out: &out, Err: &errs})
	return code, out.String() + errs.String()
}

const (
	passes = "package one\n\nimport \"testing\"\n\nfunc TestOne(t *testing.T) {\n\tif One() != 1 {\n\t\tt.Fatal(One())\n\t}\n}\n"
	skips  = "package one\n\nimport \"testing\"\n\nfunc TestTwo(t *testing.T) { t.Skip(\"jq is not installed\") }\n"
)

// TestQuick checks the changes since main, and that the check ends at the first failure.
func TestQuick(t *testing.T) {
	repository(t)
	code, said := called(t, "--quick")
	assert.Equal(t, ExitDone, code, said)
	assert.Contains(t, said, "No package changed since main.\n")

	put(t, "one/one.go", "package one\n\nfunc  One() int { return 1 }\n")
	code, said = called(t, "--quick")
	assert.Equal(t, ExitFailed, code)
	assert.Contains(t, said, "not formatted; run gofmt -w on:\none/one.go\n")

	put(t, "one/one.go", "package one\n\nfunc One() int { return 1 }\n\nfunc nobody() {}\n")
	code, said = called(t, "--quick")
	assert.Equal(t, ExitFailed, code)
	assert.Contains(t, said, "one/one.go:5:6: func nobody is unused (U1000)\n")
	assert.Contains(t, said, "\nin .: vet ./one: exit status 1\n")

	git(t, "checkout", "--quiet", "one/one.go")
	put(t, "one/one_test.go", strings.Replace(passes, "!= 1", "!= 2", 1))
	put(t, "policy/one/two_test.go", skips)
	put(t, "LICENSE", "")
	put(t, "Überblick über alles.txt", "") // git quotes such a name unless it is asked not to
	put(t, "tests/chains/chains.go", "package chains\n")
	code, said = called(t, "--quick")
	assert.Equal(t, ExitFailed, code)
	assert.Contains(t, said, "Left to the whole check, which no package's tests cover: LICENSE, Überblick über alles.txt\n")
	assert.Contains(t, said, "Only vetted, because their tests take minutes: ./tests/chains\n")
	assert.Contains(t, said, "--- FAIL: TestOne")
	assert.Contains(t, said, "\nin .: go test: exit status 1\n")
	assert.Contains(t, said, "Did not run:\n  TestTwo: jq is not installed\n0 passed, 1 failed, 1 skipped\n")

	put(t, "one/one_test.go", passes)
	code, said = called(t, "--quick")
	assert.Equal(t, ExitDone, code, said)
	assert.Contains(t, said, "All checks passed.\n")

	code, said = called(t, "--quick", "--base", "nowhere")
	assert.Equal(t, ExitFailed, code)
	assert.Contains(t, said, "find where this branch left nowhere: git merge-base: exit status 128: fatal: Not a valid object name nowhere; "+
		"name another commit with --base\n")
}

// TestSteps runs the whole check over all modules: one step fails, and the others are carried out.
func TestSteps(t *testing.T) {
	repository(t)
	suitableCLI(t)
	put(t, "one/one_test.go", passes)
	put(t, "policy/one/two_test.go", skips)
	put(t, "tests/gcloud/gcloud_test.go", strings.ReplaceAll(skips, "package one", "package gcloud"))
	put(t, "policy/one/one.go", "package one\n\nimport \"fmt\"\n\nfunc One() { fmt.Printf(\"%d\", \"one\") }\n")
	code, said := called(t, "--install=false", "--race=false")
	assert.Equal(t, ExitFailed, code)
	assert.Contains(t, said, "one/one.go:5:26: fmt.Printf format %d has arg \"one\" of wrong type string (printf)\n")
	assert.Contains(t, said, "in policy: vet ./...: exit status 1\n== vet failed in ")
	assert.Contains(t, said, "ok  \texample.com/procureflow-platform/one\t")
	assert.Contains(t, said, "  TestTwo: jq is not installed\n")
	for _, step := range []string{"format", "compile", "cli", "test"} {
		assert.Contains(t, said, "== "+step+" passed in ")
	}
	assert.Contains(t, said, " of processor time\n")
	assert.True(t, strings.HasSuffix(said, "\nFailed: vet\n"), said)
	code, said = called(t, "--only", "format")
	assert.Equal(t, ExitDone, code, said)
	assert.True(t, strings.HasPrefix(said, "== format\n== format passed in "), said)
}

// TestInstall checks what is installed on a machine with apt-get, and that the check does not fail if apt-get does.
func TestInstall(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("PATH", folder)
	for _, tool := range tools {
		if tool.program != "jq" && tool.program != "node" {
			require.NoError(t, os.Symlink("/bin/sh", filepath.Join(folder, tool.program)))
		}
	}
	const none = "jq nodejs. The tests that want them say so.\n"
	code, said := called(t, "--only", "install")
	assert.Equal(t, ExitDone, code)
	assert.Contains(t, said, "Not installed, and only root with apt-get can: "+none)
	if os.Geteuid() != 0 {
		return // The same is said where apt-get is there.
	}
	for _, test := range []struct{ script, want string }{
		{"#!/bin/sh\necho \"$@\" >> " + folder + "/calls\n", "Installing jq nodejs\n== install passed"},
		{"#!/bin/sh\necho no network; exit 100\n", "Installing jq nodejs\nno network\nCould not install jq nodejs: apt-get update: " +
			"exit status 100. The tests that want them say so.\n== install passed"},
	} {
		put(t, filepath.Join(folder, "apt-get"), test.script)
		require.NoError(t, os.Chmod(filepath.Join(folder, "apt-get"), 0o700))
		code, said := called(t, "--only", "install")
		assert.Equal(t, ExitDone, code)
		assert.Contains(t, said, test.want)
	}
	calls, err := os.ReadFile(filepath.Join(folder, "calls"))
	require.NoError(t, err)
	assert.Equal(t, "update\ninstall --yes --no-install-recommends jq nodejs\n", string(calls))
}

// suitableCLI puts a pulumi on PATH that is new enough, and returns its path.
func suitableCLI(t *testing.T) (program string) {
	t.Helper()
	folder := t.TempDir()
	program = filepath.Join(folder, "pulumi")
	put(t, program, "#!/bin/sh\necho v3.9999.0\n")
	require.NoError(t, os.Chmod(program, 0o700))
	t.Setenv("PATH", folder+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv("PULUMI_COMMAND", "")
	return program
}

// TestInstalledCLIIsUsed checks that a suitable pulumi on PATH is used.
func TestInstalledCLIIsUsed(t *testing.T) {
	program := suitableCLI(t)
	code, said := called(t, "--only", "cli")
	assert.Equal(t, ExitDone, code, said)
	assert.Equal(t, program, os.Getenv("PULUMI_COMMAND"))
}

func TestSettingsOfAnApplication(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	code, said := called(t, "settings", "--folder", folder, "--branch", "main")
	assert.Equal(t, ExitFailed, code)
	assert.Equal(t, folder+": is in no git repository; check it in the application's clone\ncheck settings: 1 problem\n", said)
}

func TestLanes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		of   group
		want int
	}{
		{group{module: ".", processes: true}, 0},
		{group{module: ".", race: true}, 1},
		{group{module: "policy"}, 1},
		{group{module: "."}, 2},
	} {
		assert.Equal(t, test.want, laneOf(test.of), fmt.Sprint(test.of))
	}
}

func TestDocuments(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"docs/adr/0001.md": true, "README.md": true, "scaffold/templates/README.md": false, "main.go": false,
	} {
		assert.Equal(t, want, isDocument(name), name)
	}
}
