package engine

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/sandbox/statedir"
)

// TestCLIKeepsNoLog checks a home folder that an earlier version left with a folder of logs. A file in its place stays.
func TestCLIKeepsNoLog(t *testing.T) {
	t.Parallel()
	home := filepath.Join(t.TempDir(), "home")
	logs := filepath.Join(home, "logs")
	require.NoError(t, os.MkdirAll(filepath.Join(logs, "old"), 0o700))
	for range 2 {
		require.NoError(t, withoutLog(home))
		info, err := os.Stat(logs)
		require.NoError(t, err)
		assert.True(t, info.Mode().IsRegular())
	}
}

// TestSelectedStackIsNotSelectedAgain checks when a stack counts as selected. The CLI records the selection by the backend: a
// copied folder has another backend, and a deleted stack has no state.
func TestSelectedStackIsNotSelectedAgain(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	dir, err := statedir.Open(folder)
	require.NoError(t, err)
	e := &Engine{options: Options{Dir: dir}, project: "shop"}
	write := func(path, content string) {
		t.Helper()
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	}
	note := filepath.Join(folder, "pulumi", "home", "workspaces", "shop-5f-workspace.json")
	for selected, want := range map[string]bool{
		`{"stacks": {"` + e.backendURL() + `": "organization/shop/dev"}}`:    true,
		`{"stacks": {"` + e.backendURL() + `": "organization/shop/prod"}}`:   false,
		`{"stacks": {"` + e.backendURL() + `": "organization/another/dev"}}`: false,
		`{"stacks": {"file:///elsewhere/state": "organization/shop/dev"}}`:   false,
		`{"stacks": {"` + e.backendURL() + `": "organization/shop/dev"`:      false,
	} {
		write(note, selected)
		require.NoError(t, os.RemoveAll(e.checkpoint("dev")))
		assert.False(t, e.isSelected("dev"), "without a state: %s", selected)
		write(e.checkpoint("dev"), "{}")
		assert.Equal(t, want, e.isSelected("dev"), selected)
	}
	require.NoError(t, os.Remove(note))
	assert.False(t, e.isSelected("dev"))
}
