package rehearse_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/sandbox/rehearse"
)

// TestUnpackingRunsNoCode checks that unpacking a commit runs no hook and no filter, and leaves out links that lead
// outside.
func TestUnpackingRunsNoCode(t *testing.T) {
	t.Parallel()
	repository, into := t.TempDir(), t.TempDir()
	git := func(arguments ...string) {
		t.Helper()
		command := exec.Command("git", append([]string{"-c", "user.name=test", "-c", "user.email=test@example.com", "-c",
			"commit.gpgsign=false", "-C",
			repository}, arguments...)...)
		out, err := command.CombinedOutput()
		require.NoError(t, err, string(out))
	}
	write := func(name, content string) {
		t.Helper()
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(repository, name)), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(repository, name), []byte(content), 0o700))
	}
	git("init", "--quiet")
	ran := filepath.Join(t.TempDir(), "ran")
	write(".git/hooks/post-checkout", "#!/bin/sh\ntouch "+ran+"\n")
	write("sub/Pulumi.yaml", "name: a\n")
	write(".gitattributes", "* filter=evil\n")
	require.NoError(t, os.Symlink("/etc/passwd", filepath.Join(repository, "Pulumi.dev.yaml")))
	require.NoError(t, os.Symlink("/", filepath.Join(repository, "out")))
	git("add", "--all")
	git("commit", "--quiet", "-m", "one")
	write("sub/Pulumi.yaml", "name: b\n") // not committed

	commit, err := rehearse.Commit(t.Context(), repository, "HEAD")
	require.NoError(t, err)
	assert.Len(t, commit, 40)
	require.NoError(t, rehearse.Unpack(t.Context(), repository, commit, into))
	content, err := os.ReadFile(filepath.Join(into, "sub", "Pulumi.yaml"))
	require.NoError(t, err)
	assert.Equal(t, "name: a\n", string(content))
	for _, absent := range []string{filepath.Join(into, "Pulumi.dev.yaml"), filepath.Join(into, "out"), ran} {
		_, err := os.Lstat(absent)
		assert.ErrorIs(t, err, os.ErrNotExist, absent)
	}
	for _, odd := range []string{"nowhere", "--output=x", "-h", ""} {
		_, err := rehearse.Commit(t.Context(), repository, odd)
		assert.ErrorContains(t, err, "names no commit", odd)
	}
}

// TestEnvironmentHasNoCredentials checks that the environment of a change's code has what compiling needs, and no credentials.
func TestEnvironmentHasNoCredentials(t *testing.T) {
	t.Parallel()
	scrubbed, err := rehearse.Scrubbed([]string{"PATH=/bin", "LANG=C", "GOFLAGS=-mod=readonly", "GITHUB_TOKEN=x", "GH_TOKEN=x",
		"AWS_SECRET_ACCESS_KEY=x",
		"NPM_TOKEN=x", "SSH_AUTH_SOCK=/x", "GOOGLE_APPLICATION_CREDENTIALS=/x", "ACTIONS_ID_TOKEN_REQUEST_TOKEN=x", "HOME=/me", "PATHS=x",
		"GOPROXY=https://me:x@proxy.example", "GONOSUMDB=a", "MY_PASSWORD=x", "PULUMI_ACCESS_TOKEN=x", "DOCKER_CONFIG=/x", "KUBECONFIG=/x"},
		"/empty")
	require.NoError(t, err)
	assert.Equal(t, []string{"PATH=/bin", "LANG=C", "GOFLAGS=-mod=readonly", "GONOSUMDB=a"}, scrubbed[:4])
	assert.Contains(t, scrubbed, "HOME=/empty")
	for _, variable := range scrubbed {
		assert.NotContains(t, variable, "=x")
		assert.NotContains(t, variable, "/home/me")
	}
}
