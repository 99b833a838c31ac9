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
)

// repository is a clone of an application that is nothing but a Dockerfile, with what init writes, and its folder.
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

// Two applications share what a Pulumi organization and a simulated cloud are on this machine: one state folder.
func TestTwoApplicationsSideBySide(t *testing.T) {
	t.Parallel()
	state := filepath.Join(t.TempDir(), "state")
	sandbox := func(folder string, args ...string) string {
		t.Helper()
		return command(t, folder, "go", append([]string{"run", scaffold.Module + "/cmd/sandbox", "--state", state}, args...)...)
	}
	shop := repository(t, "shop", "--region", "europe-west1", "--environments", "dev", "--service", "api", "--service", "web")
	desk := repository(t, "desk")
	t.Cleanup(func() {
		stop := exec.Command("go", "run", scaffold.Module+"/cmd/sandbox", "--state", state, "stop") // t.Context is over by now
		stop.Dir = shop
		output, err := stop.CombinedOutput()
		assert.NoError(t, err, "%s", output)
	})
	assert.Contains(t, command(t, shop, "go", "run", scaffold.Module+"/cmd/check", "settings"), "The settings fit")

	up := sandbox(shop, "up", "dev")
	assert.Contains(t, up, "Service shop-api answers 200")
	assert.Contains(t, up, "Service shop-web answers 200")
	assert.Contains(t, up, ".europe-west1.run.app")
	other := sandbox(desk, "up", "dev")
	assert.Contains(t, other, "Service desk-web answers 200")
	assert.NotContains(t, other, "shop")
	again := sandbox(shop, "up", "dev")
	assert.Contains(t, again, "Stack dev: no changes", "the other application touched nothing of this one")
	assert.NotContains(t, again, "desk")
}
