package pulumicli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/gofrs/flock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fakeGo puts a go on PATH that knows the changed modules and runs the script compile for go build. The returned file
// has a line for each call.
func fakeGo(t *testing.T, compile string) (asked string) {
	t.Helper()
	folder := t.TempDir()
	asked = filepath.Join(folder, "asked")
	// The modules have the packages that are left out, and also a test and test data, which are not copied.
	kept := filepath.Join(folder, "modules")
	require.NoError(t, writeSource(folder))
	require.NoError(t, os.CopyFS(kept, os.DirFS(filepath.Join(folder, "_leftout"))))
	writeChanged(t, filepath.Join(kept, "github.com", "pulumi", "pulumi", "pkg", "v3"))
	var modules bytes.Buffer
	for _, module := range changedModules {
		dir := filepath.Join(kept, filepath.FromSlash(module))
		for _, name := range []string{"more/kept.go", "more/kept_test.go", "more/testdata/kept.go"} {
			require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("package kept\n"), 0o644))
		}
		// Go keeps the module's go.mod next to it.
		gomod := dir + ".mod"
		require.NoError(t, os.WriteFile(gomod, []byte("module "+module+"\n"), 0o644))
		require.NoError(t, json.NewEncoder(&modules).Encode(map[string]string{"Path": module, "Dir": dir, "GoMod": gomod}))
	}
	list := filepath.Join(folder, "modules.json")
	require.NoError(t, os.WriteFile(list, modules.Bytes(), 0o600))
	script := `#!/bin/sh
echo "$GOWORK $GOFLAGS $*" >> ` + asked + `
case "$1 $2" in
"mod download") cat ` + list + `;;
"mod edit") ;;
"list -deps") printf '%s\n' a b c d;;
"build -v")
	for last in "$@"; do [ "$before" = -o ] && out=$last; before=$last; done
	find modules -name 'kept*' -o -name testdata -o -name go.mod >> ` + asked + `
` + compile + `;;
esac
`
	bin := filepath.Join(folder, "bin")
	require.NoError(t, os.MkdirAll(bin, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(bin, "go"), []byte(script), 0o755))
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	return asked
}

// writeChanged writes files that have nothing but what is changed in them, and returns what they have afterwards.
func writeChanged(t *testing.T, module string) map[string]string {
	t.Helper()
	before, after := map[string]string{}, map[string]string{}
	for _, change := range changes {
		before[change.file] += change.old + "\n"
		after[change.file] += change.new + "\n"
	}
	for file, content := range before {
		path := filepath.Join(module, filepath.FromSlash(file))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o644))
	}
	return after
}

// TestChanges checks that each change is made where it belongs. A version of the CLI that says something otherwise is refused.
func TestChanges(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	module := moduleDir(dir, "github.com/pulumi/pulumi/pkg/v3")
	after := writeChanged(t, module)
	require.NoError(t, makeChanges(dir))
	for file, want := range after {
		content, err := os.ReadFile(filepath.Join(module, file))
		require.NoError(t, err)
		assert.Equal(t, want, string(content), file)
	}
	manager := filepath.Join(module, "secrets", "passphrase", "manager.go")
	require.NoError(t, os.WriteFile(manager, []byte("package passphrase\n"), 0o600))
	assert.ErrorContains(t, makeChanges(dir), "secrets/passphrase/manager.go has no "+
		`"config.NewSymmetricCrypterFromPassphrase(phrase, salt)" any more: bring the change in sandbox/pulumicli to this version`)
}

// TestBuild builds the CLI with a go that compiles nothing. The build compiles copies of the changed modules without
// their tests, leaves one executable and deletes the copies.
func TestBuild(t *testing.T) {
	asked := fakeGo(t, `echo a >&2; echo b >&2; printf '#!/bin/sh\necho v`+pinned.String()+`\n' > "$out"; chmod +x "$out"`)
	t.Setenv("GOFLAGS", "-mod=vendor")
	cache := t.TempDir()
	var out bytes.Buffer
	options := Options{CacheDir: cache, Out: &out, IgnorePath: true, Flags: []string{"-toolexec", "sh x"}}
	cli, err := Ensure(t.Context(), options)
	require.NoError(t, err)
	assert.Equal(t, pinned, cli.Version())
	assert.Equal(t, filepath.Join(filepath.Dir(filepath.Dir(cli.Path)), "bin", executable("pulumi")), cli.Path)
	said := regexp.MustCompile(`in \d+s\.`).ReplaceAllString(out.String(), "in 0s.")
	assert.Equal(t, "Building the Pulumi CLI v"+pinned.String()+" from its Go module, once. Every later command uses it.\n"+
		"  compiled 1 of 4 packages\n  compiled 2 of 4 packages\nBuilt the Pulumi CLI in 0s.\n", said)
	left, err := filepath.Glob(filepath.Join(cache, "*", "*"))
	require.NoError(t, err)
	assert.Equal(t, []string{filepath.Dir(cli.Path), filepath.Join(filepath.Dir(filepath.Dir(cli.Path)), "lock")}, left)
	lines, err := os.ReadFile(asked)
	require.NoError(t, err)
	text := string(lines)
	assert.Contains(t, text, "off -buildvcs=false mod download -json "+strings.Join(changedModules, " ")+"\n",
		"the caller's flags do not count")
	for _, module := range changedModules {
		assert.Contains(t, text, " -replace="+module+"=./modules/"+module)
		assert.Contains(t, text, "modules/"+module+"/more/kept.go\n")
		assert.Contains(t, text, "modules/"+module+"/go.mod\n")
	}
	assert.NotContains(t, text, "kept_test.go")
	assert.NotContains(t, text, "testdata")
	assert.Contains(t, text, fmt.Sprintf("build -v -ldflags -s -w -X %s=v%s -toolexec sh x -o %s.partial %s\n", versionSymbol, pinned,
		cli.Path, modulePackage))

	out.Reset()
	again, err := Ensure(t.Context(), options)
	require.NoError(t, err)
	assert.Equal(t, cli, again)
	assert.Empty(t, out.String(), "nothing is built twice")
}

// TestBuildFails checks that an error has what the compiler said, and that neither a source nor half an executable stays.
func TestBuildFails(t *testing.T) {
	for name, test := range map[string]struct{ compile, want string }{
		"it does not compile": {`echo "# some/package" >&2; echo "a.go:1:2: broken" >&2; exit 1`,
			"build the Pulumi CLI: exit status 1; the module proxy must be reachable once, or put a pulumi of at least v" + pinned.String() +
				" on PATH\n# some/package\na.go:1:2: broken"},
		"it does not run": {`printf '#!/bin/sh\nexit 1\n' > "$out"; chmod +x "$out"`,
			"the built Pulumi CLI does not run: ask it for its version: exit status 1"},
	} {
		t.Run(name, func(t *testing.T) {
			fakeGo(t, test.compile)
			cache := t.TempDir()
			_, err := Ensure(t.Context(), Options{CacheDir: cache, Out: io.Discard, IgnorePath: true})
			require.EqualError(t, err, test.want)
			left, err := filepath.Glob(filepath.Join(cache, "*", "*", "*"))
			require.NoError(t, err)
			assert.Empty(t, left)
			left, err = filepath.Glob(filepath.Join(cache, "*", "source"))
			require.NoError(t, err)
			assert.Empty(t, left)
		})
	}
}

// TestNoGo checks what somebody without Go is told.
func TestNoGo(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := Ensure(t.Context(), Options{CacheDir: t.TempDir(), Out: io.Discard})
	require.ErrorContains(t, err, `executable file not found in $PATH; install Go 1.26, or a pulumi of at least v`+pinned.String()+" on PATH")
}

// hook is an output that does something when it is first written to.
type hook struct {
	text strings.Builder
	then func()
}

func (h *hook) Write(data []byte) (int, error) {
	if h.text.Len() == 0 {
		h.then()
	}
	return h.text.Write(data)
}

// TestAnotherProcessBuilds checks that a command waits while another builds, and then uses the built CLI.
func TestAnotherProcessBuilds(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	path := filepath.Join(root, "bin", "pulumi")
	lock := flock.New(filepath.Join(root, "lock"))
	held, err := lock.TryLock()
	require.NoError(t, err)
	require.True(t, held)
	out := &hook{then: func() {
		assert.NoError(t, os.WriteFile(path, nil, 0o700))
		assert.NoError(t, lock.Unlock())
	}}
	require.NoError(t, buildOnce(t.Context(), Options{Out: out}, root, path))
	assert.Equal(t, "Waiting for another process that builds the Pulumi CLI.\n", out.text.String())
}
