package statedir_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/sandbox/statedir"
)

func open(t *testing.T) statedir.Dir {
	t.Helper()
	dir, err := statedir.Open(filepath.Join(t.TempDir(), statedir.Name))
	require.NoError(t, err)
	return dir
}

func TestKeyIsMadeOnceAndPrivate(t *testing.T) {
	t.Parallel()
	dir := open(t)
	first, err := dir.Key("passphrase")
	require.NoError(t, err)
	second, err := dir.Key("passphrase")
	require.NoError(t, err)
	other, err := dir.Key("control")
	require.NoError(t, err)

	assert.Equal(t, first, second)
	assert.NotEqual(t, first, other)
	assert.Len(t, first, 43, "32 bytes as base64 without padding")
	info, err := os.Stat(dir.Path("keys", "passphrase"))
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	info, err = os.Stat(dir.Path())
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o700), info.Mode().Perm())
}

func TestWriteFileLeavesNoOtherFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "sub", "file")
	for _, content := range []string{"first", "second"} {
		require.NoError(t, statedir.WriteFile(path, []byte(content), 0o600))
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, content, string(data))
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	assert.Len(t, entries, 1)
}

func TestLockNamesItsHolder(t *testing.T) {
	t.Parallel()
	dir := open(t)
	release, err := dir.Lock(context.Background(), "sandbox up dev", 0, &bytes.Buffer{})
	require.NoError(t, err)

	_, err = dir.Lock(context.Background(), "sandbox preview dev", 0, &bytes.Buffer{})
	var busy *statedir.BusyError
	require.ErrorAs(t, err, &busy)
	assert.Equal(t, "sandbox up dev", busy.Holder.Command)
	assert.Equal(t, os.Getpid(), busy.Holder.PID)
	assert.Contains(t, err.Error(), `the sandbox is held by "sandbox up dev"`)
	assert.Contains(t, err.Error(), "--wait")

	release()
	release, err = dir.Lock(context.Background(), "sandbox preview dev", 0, &bytes.Buffer{})
	require.NoError(t, err)
	release()
}

func TestLockWaitsAndNamesItsHolder(t *testing.T) {
	t.Parallel()
	dir := open(t)
	release, err := dir.Lock(context.Background(), "sandbox up dev", 0, &bytes.Buffer{})
	require.NoError(t, err)
	var said safeBuffer
	done := make(chan error)
	go func() {
		second, err := dir.Lock(context.Background(), "sandbox up prod", time.Minute, &said)
		if err == nil {
			second()
		}
		done <- err
	}()
	require.Eventually(t, func() bool { return said.String() != "" }, 10*time.Second, time.Millisecond)
	assert.Contains(t, said.String(), `Waiting for "sandbox up dev" (process `)
	release()
	require.NoError(t, <-done)
}

func TestLockStopsWaitingWhenInterrupted(t *testing.T) {
	t.Parallel()
	dir := open(t)
	release, err := dir.Lock(context.Background(), "sandbox up dev", 0, &bytes.Buffer{})
	require.NoError(t, err)
	defer release()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = dir.Lock(ctx, "sandbox up prod", time.Minute, &bytes.Buffer{})
	assert.True(t, errors.Is(err, context.Canceled), "got %v", err)
}

type safeBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *safeBuffer) Write(data []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(data)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.String()
}

// TestFolderThatCannotBeUsed checks that the messages name the folder, and the flag that names another.
func TestFolderThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := statedir.Open(file)
	require.EqualError(t, err, "state folder: mkdir "+file+
		": not a directory: make it a folder that you can write to, or name another with --state")
	dir, err := statedir.Open(t.TempDir())
	require.NoError(t, err)
	require.NoError(t, os.Mkdir(dir.Path("lock"), 0o700))
	_, err = dir.Lock(t.Context(), "up", 0, io.Discard)
	require.ErrorContains(t, err, "lock the state folder: open "+dir.Path("lock"))
	require.ErrorContains(t, err, ": make it yours, or name another with --state")
}
