// Package adopter_test runs the platform from repositories that use it: what init writes, compiled by Go as any module is.
package adopter_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/scaffold"
	"github.com/guiofsaints/procureflow-platform/tests/linkonce"
)

// repository makes a clone of an application that consists of a Dockerfile and of what init writes. It returns the platform's
// folder.
func repository(t *testing.T, app string, args ...string) string {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(root, "Dockerfile"), []byte("EXPOSE 8080\n"), 0o600))
	command(t, root, "git", "init", "--quiet", "--initial-branch=main")
	command(t, root, "git", "add", "--all")
	platform, err := filepath.Abs(filepath.Join("..", ".."))
	require.NoError(t, err)
	var out bytes.Buffer
	code := scaffold.Run(t.Context(), append([]string{"--repo", root, "--yes", "--app", app, "--owner", "acme", "--repository", app,
		"--replace", platform,
		"--commit", "0123456789abcdef0123456789abcdef01234567"}, args...), scaffold.Streams{In: strings.NewReader(""), Out: &out, Err: &out})
	require.Equal(t, scaffold.ExitDone, code, out.String())
	return filepath.Join(root, "infra", "platform")
}

func command(t *testing.T, folder, name string, args ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), name, args...)
	command.Dir = folder
	output, err := command.CombinedOutput()
	require.NoError(t, err, "%s %s: %s", name, strings.Join(args, " "), output)
	return string(output)
}

// TestTwoApplicationsSideBySide runs two applications in one state folder, where they share a Pulumi organization and an emulated
// cloud.
func TestTwoApplicationsSideBySide(t *testing.T) {
	t.Parallel()
	shop := repository(t, "shop", "--region", "europe-west1", "--environments", "dev", "--service", "api", "--service", "web")
	desk := repository(t, "desk")
	assert.Empty(t, scaffold.Check(shop).Problems)
	// The check vets this program in infra, so here it is only compiled: go vet would read all that it imports, for half a minute.
	assert.Equal(t, code(t, filepath.Join("..", "..", "infra")), code(t, desk))
	command(t, desk, "go", "list", "-export", ".")
	// What `go run` compiles of it is what this repository compiles, and linking it here takes seconds.
	command(t, shop, "go", "list", "-export", scaffold.Module+"/cmd/sandbox")

	tools := t.TempDir()
	executables := map[string]string{shop: filepath.Join(tools, "shop"), desk: filepath.Join(tools, "desk")}
	require.NoError(t, linkonce.Link(filepath.Join("..", ".."), "./cmd/sandbox", executables[shop]))
	copyAsAnotherBuild(t, executables[desk], executables[shop])
	require.NoError(t, linkonce.Link(filepath.Join("..", "..", "policy"), ".", filepath.Join(tools, "policy-pack")))
	require.NoError(t, os.Mkdir(filepath.Join(tools, "linked"), 0o755))
	once, err := filepath.Abs(filepath.Join("..", "chains", "testdata", "compiled"))
	require.NoError(t, err)
	state := filepath.Join(t.TempDir(), "state")
	sandbox := func(folder string, args ...string) string {
		t.Helper()
		command := exec.Command(executables[folder], append([]string{"--state", state}, args...)...)
		command.Dir = folder
		command.Env = append(os.Environ(), "PATH="+once+string(os.PathListSeparator)+os.Getenv("PATH"), "CHAIN_PATH="+os.Getenv("PATH"),
			"CHAIN_TOOLS="+tools)
		output, err := command.CombinedOutput()
		assert.NoError(t, err, "sandbox %v: %s", args, output)
		return string(output)
	}
	t.Cleanup(func() { sandbox(shop, "stop") })

	up := sandbox(shop, "up", "dev")
	assert.Contains(t, up, "Service shop-api answers 200")
	assert.Contains(t, up, "Service shop-web answers 200")
	assert.Contains(t, up, ".europe-west1.run.app")
	other := sandbox(desk, "up", "dev")
	assert.Contains(t, other, "Service desk-web answers 200")
	assert.NotContains(t, other, "shop")
	again := sandbox(shop, "up", "dev")
	assert.Contains(t, again, "Stack dev: no changes", "the other application changed nothing of this one")
	assert.NotContains(t, again, "desk")
}

// code returns a folder's main.go without the comment that names it.
func code(t *testing.T, folder string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(folder, "main.go"))
	require.NoError(t, err)
	_, code, found := strings.Cut(string(content), "\npackage main\n")
	require.True(t, found, folder)
	return code
}

// copyAsAnotherBuild copies an executable with another build ID, as if another module had linked the same sources.
func copyAsAnotherBuild(t *testing.T, to, from string) {
	t.Helper()
	id := strings.TrimSpace(command(t, ".", "go", "tool", "buildid", from))
	data, err := os.ReadFile(from)
	require.NoError(t, err)
	other := bytes.Replace(data, []byte(id), []byte(strings.ToUpper(id)), 1)
	require.NotEqual(t, data, other)
	require.NoError(t, os.WriteFile(to, other, 0o755))
}
