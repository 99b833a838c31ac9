package engine

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A home of an earlier version has a folder of logs. What stands in its place stays.
func TestTheCLIKeepsNoLog(t *testing.T) {
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
