package adopter_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"

	"github.com/guiofsaints/procureflow-platform/scaffold"
)

// published is the platform at a tag of its own, in a folder that Go takes for a module proxy.
type published struct {
	version, commit string
	env             []string // of Go, which asks this folder and its own cache, and no network
}

// publish tags what is checked out here and publishes both modules of it. Nothing of the version stays in Go's module cache.
func publish(t *testing.T) published {
	t.Helper()
	platform, err := filepath.Abs(filepath.Join("..", ".."))
	require.NoError(t, err)
	clone, proxy := filepath.Join(t.TempDir(), "clone"), filepath.Join(t.TempDir(), "proxy")
	for file := range strings.SplitSeq(command(t, platform, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"), "\x00") {
		content, err := os.ReadFile(filepath.Join(platform, file))
		if file == "" || os.IsNotExist(err) {
			continue
		}
		require.NoError(t, err)
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(clone, file)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(clone, file), content, 0o600))
	}
	p := published{version: fmt.Sprintf("v1.2.3-test.%d", rand.Uint64())}
	command(t, clone, "git", "init", "--quiet", "--initial-branch=main")
	command(t, clone, "git", "add", "--all", "--force")
	command(t, clone, "git", "-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false", "commit", "--quiet",
		"-m", "a version")
	command(t, clone, "git", "tag", p.version)
	command(t, clone, "git", "tag", "policy/"+p.version)
	p.commit = strings.TrimSpace(command(t, clone, "git", "rev-parse", "HEAD"))

	cache := strings.TrimSpace(command(t, platform, "go", "env", "GOMODCACHE"))
	for path, folder := range map[string]string{scaffold.Module: "", scaffold.Module + "/policy": "policy"} {
		p.serve(t, filepath.Join(proxy, path, "@v"), clone, module.Version{Path: path, Version: p.version}, folder)
		t.Cleanup(func() { forget(t, cache, path, p.version) })
	}
	p.env = append(os.Environ(), "GOPROXY=file://"+filepath.ToSlash(proxy)+",file://"+filepath.ToSlash(cache)+"/cache/download",
		"GOSUMDB=off", "GOFLAGS=-modcacherw",
		"GOWORK=off", "GONOPROXY=none", "GOPRIVATE=")
	return p
}

// serve writes what a proxy has of a module: its list, and of the version where it comes from, its go.mod and its files.
func (p published) serve(t *testing.T, to, clone string, of module.Version, folder string) {
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
	for name, content := range map[string][]byte{"list": []byte(p.version + "\n"), p.version + ".info": info, p.version + ".mod": mod,
		p.version + ".zip": files.Bytes()} {
		require.NoError(t, os.WriteFile(filepath.Join(to, name), content, 0o600))
	}
}

// forget takes a version out of Go's module cache again.
func forget(t *testing.T, cache, path, version string) {
	t.Helper()
	gone, err := filepath.Glob(filepath.Join(cache, "cache", "download", filepath.FromSlash(path), "@v", version+".*"))
	assert.NoError(t, err)
	folder := filepath.Join(cache, filepath.FromSlash(path)+"@"+version)
	_ = filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			_ = os.Chmod(path, 0o755) // Go makes them read-only
		}
		return nil
	})
	for _, one := range append(gone, folder) {
		assert.NoError(t, os.RemoveAll(one))
	}
}

// TestAVersionFromAProxy is adoption as anybody does it: init by its version, from the address of the module, and everything that
// init writes names that version and its commit.
func TestAVersionFromAProxy(t *testing.T) {
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
	out := run(root, "run", scaffold.Module+"/cmd/init@"+p.version, "--yes")
	assert.Contains(t, out, "new       infra/platform/go.mod")

	folder := filepath.Join(root, "infra", "platform")
	for file, parts := range map[string][]string{
		"platform.yaml": {"application: shop\nowner: acme\nrepository: shop\n", "version: " + p.version, "commit: " + p.commit},
		"go.mod":        {scaffold.Module + " " + p.version, scaffold.Module + "/policy " + p.version},
		"go.sum":        {scaffold.Module + " " + p.version + " h1:", scaffold.Module + "/policy " + p.version + " h1:"},
		"../../.github/workflows/platform-ci.yml": {"/.github/workflows/build.yml@" + p.commit + " # " + p.version},
	} {
		content, err := os.ReadFile(filepath.Join(folder, file))
		require.NoError(t, err)
		for _, part := range parts {
			assert.Contains(t, string(content), part, file)
		}
	}
	assert.NotContains(t, run(folder, "list", "-m", "-f", "{{.Path}} {{with .Replace}}replaced{{end}}", scaffold.Module), "replaced")
	assert.Contains(t, run(folder, "tool", "check", "settings"), "The settings fit")
	assert.Contains(t, run(folder, "list", "-deps", "."), scaffold.Module+"/infra/program\n")
	assert.Contains(t, run(root, "run", scaffold.Module+"/cmd/init@"+p.version, "--yes"), "Nothing to do")
}
