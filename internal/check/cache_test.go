package check

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/internal/check/parallel"
)

// TestAChangedWorkflowIsNoticed checks that a nested module's tests run again after a file of the repository has changed. Go's own
// test cache does not notice such a file.
func TestAChangedWorkflowIsNoticed(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	module, workflow := filepath.Join(root, "tests", "workflows"), filepath.Join(root, ".github", "ci.yml")
	write := func(path, content string) {
		t.Helper()
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	}
	write(filepath.Join(module, "go.mod"), "module example.com/workflows\n\ngo 1.26.0\n")
	write(filepath.Join(module, "a_test.go"), `package a

import (
	"os"
	"testing"
)

func TestWorkflow(t *testing.T) {
	content, err := os.ReadFile("../../.github/ci.yml")
	if err != nil || string(content) != "good" {
		t.Fatal(string(content), err)
	}
}
`)
	check := func() (said string, err error) {
		var errs, out bytes.Buffer // The command's own lines arrive while its events are written, so each stream has its own buffer.
		err = checker{ctx: t.Context(), root: root, out: &errs}.testPackages(&parallel.Report{Out: &out},
			group{module: module, packages: []string{"./..."}})
		return out.String(), err
	}
	write(workflow, "good")
	_, err := check()
	require.NoError(t, err, "a file that git does not list is tested each time")
	said, err := check()
	require.NoError(t, err)
	assert.NotContains(t, said, "(cached)")
	require.NoError(t, exec.CommandContext(t.Context(), "git", "-C", root, "init", "--quiet").Run())
	for _, cached := range []bool{false, true} {
		said, err := check()
		require.NoError(t, err)
		assert.Equal(t, cached, strings.Contains(said, "(cached)"), said)
	}
	write(workflow, "bad")
	_, err = check()
	assert.Error(t, err)
}
