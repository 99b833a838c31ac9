package sandbox_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/sandbox/command"
	"github.com/guiofsaints/procureflow-platform/sandbox/server"
	"github.com/guiofsaints/procureflow-platform/sandbox/statedir"
)

// firstUps has one first `up` of each stack for all tests, because it is the most expensive command. A test that begins after it
// gets a copy of the folder: the cloud's documents, the engine's state, the keys and the compiled programs.
var firstUps = map[string]*firstUp{"dev": {}, "prod": {}}

type firstUp struct {
	once   sync.Once
	folder string
	result result
}

// deployed returns a sandbox of the tests' own application in which `up` of the stack has run, and the command's result.
func deployed(t *testing.T, stack string) (*sandbox, result) {
	t.Helper()
	first := firstUps[stack]
	first.once.Do(func() { first.deploy(t, stack) })
	require.NotEmpty(t, first.folder, "the first up of %s failed in the test that came first", stack)
	s := newSandbox(t, nil)
	require.NoError(t, copyFolder(first.folder, s.state))
	dir, err := statedir.Open(s.state)
	require.NoError(t, err)
	executable, err := os.Executable()
	require.NoError(t, err)
	_, err = server.Ensure(t.Context(), dir, "", []string{executable, "cloud", "--state", s.state})
	require.NoError(t, err)
	return s, first.result
}

func (f *firstUp) deploy(t *testing.T, stack string) {
	t.Helper()
	folder, err := os.MkdirTemp(states, stack)
	require.NoError(t, err)
	s := &sandbox{t: t, state: filepath.Join(folder, "state"), dir: t.TempDir()}
	s.writeProject(nil)
	defer stopCloud(t, s.state)
	f.result = s.run("up", stack)
	require.Equal(t, command.ExitDone, f.result.exit, "%s", f.result)
	f.folder = s.state
}

// states is the folder of the first ups' folders. TestMain removes it.
var states string

// stopCloud ends the cloud of a state folder, if one runs.
func stopCloud(t *testing.T, state string) {
	t.Helper()
	// t.Context may have ended.
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	dir, err := statedir.Open(state)
	require.NoError(t, err)
	client, err := server.Connect(ctx, dir)
	if errors.Is(err, server.ErrNotRunning) {
		return
	}
	require.NoError(t, err)
	require.NoError(t, client.Stop(ctx, dir))
}

// copyFolder copies a folder with its files' modes, so that only the owner can read the keys.
func copyFolder(from, to string) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(to, strings.TrimPrefix(path, from))
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return os.MkdirAll(target, info.Mode().Perm())
		}
		if !info.Mode().IsRegular() {
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, data, info.Mode().Perm())
	})
}
