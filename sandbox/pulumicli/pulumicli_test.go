package pulumicli

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3"
	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var _ auto.PulumiCommand = CLI{}

// TestCLIModulePinsTheSDKsVersion compares the versions of the CLI and the SDK, because the protocol between the engine and the
// program changes.
func TestCLIModulePinsTheSDKsVersion(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(filepath.Join("cli", "go.mod.in"))
	require.NoError(t, err)
	assert.Equal(t, sdk.Version, pinned)
	assert.Contains(t, string(data), "tool "+modulePackage+"\n")
}

// TestCLISharesItsDependenciesWithThePlatform compares the versions of the modules that both the CLI and the sandbox's executable
// import. A package is compiled once if the versions are equal.
func TestCLISharesItsDependenciesWithThePlatform(t *testing.T) {
	t.Parallel()
	for _, module := range []string{"../../go.mod", "../../policy/go.mod"} {
		ours, theirs := required(t, module), required(t, filepath.Join("cli", "go.mod.in"))
		require.Greater(t, len(theirs), 100)
		for path, version := range ours {
			if theirs[path] != "" {
				assert.Equal(t, version, theirs[path], "%s: %s; bring both to the higher version with go get", module, path)
			}
		}
	}
}

// required returns the versions of the modules that a go.mod requires.
func required(t *testing.T, file string) map[string]string {
	t.Helper()
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	versions := map[string]string{}
	for line := range strings.Lines(string(data)) {
		if words := strings.Fields(line); len(words) >= 2 && strings.HasPrefix(line, "\t") {
			versions[words[0]] = words[1]
		}
	}
	return versions
}

// TestLeaveOut checks that a stand-in package replaces the files that it names, or all files, and nothing else. added.go replaces none.
func TestLeaveOut(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, writeSource(dir))
	assert.FileExists(t, filepath.Join(dir, "go.mod"))
	assert.FileExists(t, filepath.Join(dir, "go.sum"))
	require.ErrorContains(t, leaveOut(dir), "is not a package of this CLI: remove its stand-in", "nothing was copied")

	const operations = "github.com/pulumi/pulumi/pkg/v3/operations"
	modules := filepath.Join(dir, "modules")
	require.NoError(t, os.CopyFS(modules, os.DirFS(filepath.Join(dir, "_leftout"))))
	for _, name := range append(keptFiles[operations], "operations_aws.go") {
		require.NoError(t, os.WriteFile(filepath.Join(modules, operations, name), nil, 0o600))
	}
	whole := filepath.Join(modules, "gocloud.dev", "blob", "s3blob")
	require.NoError(t, os.WriteFile(filepath.Join(whole, "s3blob.go"), nil, 0o600))
	joined := filepath.Join(modules, "github.com", "pulumi", "pulumi", "pkg", "v3", "secrets", "passphrase")
	require.NoError(t, os.WriteFile(filepath.Join(joined, "manager.go"), nil, 0o600))
	require.NoError(t, leaveOut(dir))
	for folder, want := range map[string][]string{
		filepath.Join(modules, operations): {"doc.go", "leftout.go", "operations.go", "resources.go"},
		whole:                              {"leftout.go"},
		joined:                             {"added.go", "manager.go"},
	} {
		entries, err := os.ReadDir(folder)
		require.NoError(t, err)
		var names []string
		for _, entry := range entries {
			names = append(names, entry.Name())
		}
		assert.Equal(t, want, names, folder)
	}
}

func TestReportShowsProgress(t *testing.T) {
	t.Parallel()
	lines := strings.Repeat("some/package\n", 25) + "# some/package\nfile.go:1:2: broken thing\n" + strings.Repeat("some/package\n", 5)

	var plain bytes.Buffer
	messages := report(strings.NewReader(lines), 100, Options{Out: &plain})
	assert.Equal(t, "# some/package\nfile.go:1:2: broken thing", messages)
	assert.Equal(t, "  compiled 10 of 100 packages\n  compiled 20 of 100 packages\n"+
		"  compiled 30 of 100 packages\n", plain.String())

	var terminal bytes.Buffer
	report(strings.NewReader("a\nb\n"), 4, Options{Out: &terminal, Terminal: true})
	assert.Equal(t, "\r  compiled 1 of 4 packages (25 %)\x1b[K\r  compiled 2 of 4 packages (50 %)\x1b[K\r\x1b[K",
		terminal.String())
}

// TestOffline builds without the modules and the proxy. The error says what is missing and what to do, and nothing is left behind.
func TestOffline(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("GOPROXY", "off")
	t.Setenv("GOMODCACHE", t.TempDir())
	var out bytes.Buffer
	_, err := Ensure(t.Context(), Options{CacheDir: cache, Out: &out, IgnorePath: true})
	require.ErrorContains(t, err, "build the Pulumi CLI: exit status 1; the module proxy must be reachable once, or put a pulumi of at "+
		"least v"+pinned.String()+" on PATH\n")
	for _, module := range changedModules {
		assert.ErrorContains(t, err, module+": module lookup disabled by GOPROXY=off")
	}
	left, err := filepath.Glob(filepath.Join(cache, "*", "*"))
	require.NoError(t, err)
	for _, name := range left {
		assert.Contains(t, []string{"bin", "lock"}, filepath.Base(name))
	}
}

// TestCleanEnvironmentDropsCredentials checks that a command of the sandbox cannot reach a real account.
func TestCleanEnvironmentDropsCredentials(t *testing.T) {
	t.Parallel()
	got := cleanEnvironment([]string{
		"PATH=/bin", "HOME=/home/u", "PULUMI_ACCESS_TOKEN=t", "PULUMI_STACK=prod", "GOOGLE_APPLICATION_CREDENTIALS=f",
		"GOOGLE_OAUTH_ACCESS_TOKEN=t", "CLOUDSDK_CONFIG=d", "GITHUB_TOKEN=t", "GH_TOKEN=t", "ACTIONS_ID_TOKEN_REQUEST_TOKEN=t", "GOPATH=/go",
	})
	assert.Equal(t, []string{"PATH=/bin", "HOME=/home/u", "GOPATH=/go"}, got)
}

// TestPulumiOnPath checks that a pulumi on PATH is used if it is new enough and of the same major version. Otherwise the command
// says why it is not used.
func TestPulumiOnPath(t *testing.T) {
	cache := t.TempDir()
	folder := fmt.Sprintf("pulumi-v%s-%s-%s-%s", pinned, runtime.GOOS, runtime.GOARCH, recipe())
	built := filepath.Join(cache, folder, "bin", executable("pulumi"))
	require.NoError(t, os.MkdirAll(filepath.Dir(built), 0o755))
	require.NoError(t, os.WriteFile(built, nil, 0o755)) // makes a build unnecessary
	newer, older, major := pinned, pinned, pinned
	newer.Minor++
	older.Minor--
	major.Major++
	for _, test := range []struct{ script, version, says string }{
		{"echo v" + pinned.String(), pinned.String(), ""},
		{"echo v" + newer.String(), newer.String(), ""},
		{"echo v" + older.String(), "", "it is v" + older.String() + ", and v" + pinned.String() + " or newer is needed"},
		{"echo v" + major.String(), "", "it is v" + major.String()},
		{"echo hello", "", `it says that its version is "hello"`},
		{"exit 1", "", "ask it for its version"},
	} {
		folder := t.TempDir()
		path := filepath.Join(folder, "pulumi")
		require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+test.script+"\n"), 0o755))
		t.Setenv("PATH", folder+string(os.PathListSeparator)+os.Getenv("PATH"))
		var out bytes.Buffer
		cli, err := Ensure(t.Context(), Options{CacheDir: cache, Out: &out})
		require.NoError(t, err)
		if test.version == "" {
			assert.Equal(t, CLI{Path: built, version: pinned}, cli, test.script)
			assert.Contains(t, out.String(), "Not using "+path+": "+test.says)
			continue
		}
		assert.Equal(t, path, cli.Path)
		assert.Equal(t, test.version, cli.Version().String())
		assert.Empty(t, out.String())
	}
}
