package adopter_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"

	"github.com/guiofsaints/procureflow-platform/scaffold"
	"github.com/guiofsaints/procureflow-platform/tests/linkonce"
)

// published is the platform at two tags, in a folder that Go uses as a module proxy. The newer tag is this checkout.
type published struct {
	older, newer tag
	env          []string // the environment of Go, which asks this folder and its own cache, and no network
}

// tag is a version and its commit.
type tag struct{ version, commit string }

// publish publishes both modules at two versions: this checkout's, and an older one, whose commands had other names and whose caller
// started at another hour. Nothing of them stays in Go's module cache.
func publish(t *testing.T) published {
	t.Helper()
	platform, err := filepath.Abs(filepath.Join("..", ".."))
	require.NoError(t, err)
	clone, proxy := filepath.Join(t.TempDir(), "clone"), filepath.Join(t.TempDir(), "proxy")
	files := command(t, platform, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", ".", ":!tests", ":!*_test.go",
		":!*/testdata/*") // An adopter's Go reads no tests.
	for file := range strings.SplitSeq(files, "\x00") {
		content, err := os.ReadFile(filepath.Join(platform, file))
		if file == "" || os.IsNotExist(err) {
			continue
		}
		require.NoError(t, err)
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(clone, file)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(clone, file), content, 0o600))
	}
	command(t, clone, "git", "init", "--quiet", "--initial-branch=main")
	edit := func(file, old, new string) {
		t.Helper()
		content, err := os.ReadFile(filepath.Join(clone, file))
		require.NoError(t, err)
		require.Contains(t, string(content), old)
		require.NoError(t, os.WriteFile(filepath.Join(clone, file), []byte(strings.Replace(string(content), old, new, 1)), 0o600))
	}
	cache := strings.TrimSpace(command(t, platform, "go", "env", "GOMODCACHE"))
	number := rand.Uint64()
	release := func(version string) tag {
		t.Helper()
		command(t, clone, "git", "add", "--all", "--force")
		commit(t, clone, version)
		command(t, clone, "git", "tag", version)
		command(t, clone, "git", "tag", "policy/"+version)
		of := tag{version, strings.TrimSpace(command(t, clone, "git", "rev-parse", "HEAD"))}
		for path, folder := range map[string]string{scaffold.Module: "", scaffold.Module + "/policy": "policy"} {
			of.serve(t, filepath.Join(proxy, path, "@v"), clone, module.Version{Path: path, Version: version}, folder)
			t.Cleanup(func() { forget(t, cache, path, version) })
		}
		return of
	}
	const goMod, drift = "scaffold/templates/go.mod.txt", ".github/workflows/platform-drift.yml"
	edit(goMod, "\t{{.Module}}/cmd/firstrun\n", "\t{{.Module}}/cmd/adopt\n\t{{.Module}}/cmd/bootstrap\n")
	edit(drift, "17 5 * * *", "18 6 * * *")
	for _, name := range []string{"adopt", "bootstrap"} {
		require.NoError(t, os.MkdirAll(filepath.Join(clone, "cmd", name), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(clone, "cmd", name, "main.go"), []byte("package main\n\nfunc main() {}\n"), 0o600))
	}
	p := published{older: release(fmt.Sprintf("v1.2.3-test.%d", number))}
	edit(goMod, "\t{{.Module}}/cmd/adopt\n\t{{.Module}}/cmd/bootstrap\n", "\t{{.Module}}/cmd/firstrun\n")
	edit(drift, "18 6 * * *", "17 5 * * *")
	for _, name := range []string{"adopt", "bootstrap"} {
		require.NoError(t, os.RemoveAll(filepath.Join(clone, "cmd", name)))
	}
	p.newer = release(fmt.Sprintf("v1.3.0-test.%d", number))
	p.env = slices.Concat(os.Environ(), linkonce.Compilers, []string{"GOSUMDB=off", "GOFLAGS=-modcacherw", "GOWORK=off",
		"GOPROXY=file://" + filepath.ToSlash(proxy) + ",file://" + filepath.ToSlash(cache) + "/cache/download", "GONOPROXY=none", "GOPRIVATE="})
	return p
}

func commit(t *testing.T, folder, message string) {
	t.Helper()
	command(t, folder, "git", "add", "--all")
	command(t, folder, "git", "-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false", "commit", "--quiet",
		"-m", message)
}

// serve writes what a proxy has of a module's version: its origin, its go.mod and its files. It also adds the version to the proxy's
// list.
func (p tag) serve(t *testing.T, to, clone string, of module.Version, folder string) {
	t.Helper()
	tag := strings.TrimPrefix(folder+"/", "/") + p.version
	info, err := json.Marshal(map[string]any{"Version": p.version, "Time": time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC),
		"Origin": map[string]string{
			"VCS": "git", "URL": "https://github.com/guiofsaints/procureflow-platform", "Subdir": folder, "Ref": "refs/tags/" + tag,
			"Hash": p.commit}})
	require.NoError(t, err)
	mod, err := os.ReadFile(filepath.Join(clone, folder, "go.mod"))
	require.NoError(t, err)
	var files bytes.Buffer
	require.NoError(t, zip.CreateFromVCS(&files, of, clone, tag, folder))
	require.NoError(t, os.MkdirAll(to, 0o755))
	list, err := os.ReadFile(filepath.Join(to, "list"))
	if !os.IsNotExist(err) {
		require.NoError(t, err)
	}
	for name, content := range map[string][]byte{"list": append(list, p.version+"\n"...), p.version + ".info": info, p.version + ".mod": mod,
		p.version + ".zip": files.Bytes()} {
		require.NoError(t, os.WriteFile(filepath.Join(to, name), content, 0o600))
	}
}

// forget removes a version from Go's module cache.
func forget(t *testing.T, cache, path, version string) {
	t.Helper()
	gone, err := filepath.Glob(filepath.Join(cache, "cache", "download", filepath.FromSlash(path), "@v", version+".*"))
	assert.NoError(t, err)
	folder := filepath.Join(cache, filepath.FromSlash(path)+"@"+version)
	_ = filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			_ = os.Chmod(path, 0o755) // Go makes its files read-only
		}
		return nil
	})
	for _, one := range append(gone, folder) {
		assert.NoError(t, os.RemoveAll(one))
	}
}

// TestAdoptionFromAModuleProxy adopts the platform as anybody does. init runs by its version from the module's address, and everything
// that it writes names that version and its commit. Then another version appears, whose commands have other names.
func TestAdoptionFromAModuleProxy(t *testing.T) {
	t.Parallel()
	p := publish(t)
	root, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(root, "Dockerfile"), []byte("EXPOSE 8080\n"), 0o600))
	command(t, root, "git", "init", "--quiet", "--initial-branch=main")
	command(t, root, "git", "remote", "add", "origin", "https://github.com/acme/shop.git")
	command(t, root, "git", "add", "--all")
	run := func(folder string, args ...string) string {
		t.Helper()
		command := exec.CommandContext(t.Context(), "go", args...)
		command.Dir, command.Env = folder, p.env
		output, err := command.CombinedOutput()
		require.NoError(t, err, "go %s: %s", strings.Join(args, " "), output)
		return string(output)
	}
	// Each version's packages are compiled, because they are in a folder of their own. Those of the older one are quickly made. `go tool`
	// knows no such flags, so those of the newer one would be compiled once more for it.
	quickly := "-gcflags=" + scaffold.Module + "/...=-N -l -dwarf=false"
	out := run(root, "run", quickly, "-ldflags=-w", scaffold.Module+"/cmd/init@"+p.older.version, "--yes")
	assert.Contains(t, out, "new       infra/platform/go.mod")
	folder := filepath.Join(root, "infra", "platform")
	names(t, folder, p.older, "/cmd/adopt\n", "/cmd/bootstrap\n")
	commit(t, root, "Run it on the platform")

	upgrade := []string{"run", scaffold.Module + "/cmd/init@" + p.newer.version, "--upgrade"}
	assert.Contains(t, run(root, append(upgrade, "--yes")...), "+        refs: ["+p.older.commit+", "+p.newer.commit+"]")
	commit(t, root, "Trust the newer version")
	out = run(root, upgrade...)
	for _, part := range []string{"-    - cron: \"18 6 * * *\"\n+    - cron: \"17 5 * * *\"\n", "-\t" + scaffold.Module + "/cmd/bootstrap\n",
		"+\t" + scaffold.Module + "/cmd/firstrun\n", "-  version: " + p.older.version + "\n"} {
		assert.Contains(t, out, part)
	}
	names(t, folder, p.older, "/cmd/adopt\n", "/cmd/bootstrap\n")
	run(root, append(upgrade, "--yes")...)
	names(t, folder, p.newer, "/cmd/firstrun\n")
	assert.NotContains(t, run(folder, "list", "-m", "-f", "{{.Path}} {{with .Replace}}replaced{{end}}", scaffold.Module), "replaced")
	assert.Contains(t, run(folder, "tool", "check", "settings"), "The settings fit")
	assert.Contains(t, run(folder, "list", "-deps", "."), scaffold.Module+"/infra/program\n")
	assert.Contains(t, run(root, append(upgrade, "--yes")...), "Nothing to do")
}

// names fails unless all files name one version, and go.mod lists its commands.
func names(t *testing.T, folder string, p tag, commands ...string) {
	t.Helper()
	for file, parts := range map[string][]string{
		"platform.yaml": {"application: shop\nowner: acme\nrepository: shop\n", "version: " + p.version, "commit: " + p.commit},
		"go.mod":        append([]string{scaffold.Module + " " + p.version, scaffold.Module + "/policy " + p.version}, commands...),
		"go.sum":        {scaffold.Module + " " + p.version + " h1:", scaffold.Module + "/policy " + p.version + " h1:"},
		"../../.github/workflows/platform-ci.yml": {"/.github/workflows/build.yml@" + p.commit + " # " + p.version},
	} {
		content, err := os.ReadFile(filepath.Join(folder, file))
		require.NoError(t, err)
		for _, part := range parts {
			assert.Contains(t, string(content), part, file)
		}
		if file == "go.mod" {
			assert.Equal(t, len(commands)+6, strings.Count(string(content), "/cmd/")+strings.Count(string(content), "/policy\n"), "%s", content)
		}
	}
}
