package engine

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/sandbox/pulumicli"
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

// TestCLISelectsTheStackOfTheLastCommand checks that the CLI is told once which stack the sandbox used last, when a command of
// the CLI needs it.
func TestCLISelectsTheStackOfTheLastCommand(t *testing.T) {
	t.Parallel()
	e := open(t)
	called := filepath.Join(t.TempDir(), "called")
	script := filepath.Join(t.TempDir(), "pulumi")
	write := func(path, content string, mode os.FileMode) {
		t.Helper()
		require.NoError(t, os.WriteFile(path, []byte(content), mode))
	}
	write(script, "#!/bin/sh\necho \"$@\" >> "+called+"\n", 0o700)
	e.cli = pulumicli.CLI{Path: script}
	require.NoError(t, e.files().Create("dev"))
	for _, step := range []struct {
		noted string // the stack of a sandbox's command before; empty for none
		args  []string
		want  string
	}{
		{"", []string{"stack"}, ""},
		{"dev", []string{"stack", "--stack", "dev"}, ""},
		{"", []string{"stack", "--stack=dev"}, ""},
		{"", []string{"stack", "-s", "dev"}, ""},
		{"", []string{"stack"}, "--non-interactive stack select --stack dev\n"},
		{"", []string{"stack"}, ""},
		{"gone", []string{"stack"}, ""},
	} {
		write(called, "", 0o600)
		if step.noted != "" {
			require.NoError(t, workspace{engine: e}.SelectStack(t.Context(), step.noted))
		}
		require.NoError(t, e.selectNoted(t.Context(), step.args))
		got, err := os.ReadFile(called)
		require.NoError(t, err)
		assert.Equal(t, step.want, string(got), "%+v", step)
	}
	require.NoError(t, workspace{engine: e}.SelectStack(t.Context(), "dev"))
	write(script, "#!/bin/sh\nexit 6\n", 0o700)
	require.EqualError(t, e.selectNoted(t.Context(), nil), "select stack dev: the CLI ended with 6")
	assert.FileExists(t, e.selectedPath(), "the next command tries again")
}

// TestKeysWereDeleted refuses states without the passphrase that encrypts their secrets. A new folder has neither.
func TestKeysWereDeleted(t *testing.T) {
	t.Parallel()
	for _, state := range []bool{false, true} {
		for _, key := range []bool{false, true} {
			e := open(t)
			if state {
				require.NoError(t, e.files().Create("dev"))
			}
			if !key {
				require.NoError(t, os.Remove(e.options.Dir.Path("keys", "passphrase")))
			}
			_, err := Open(e.options)
			if !state || key {
				require.NoError(t, err)
				continue
			}
			var usage *UsageError
			require.ErrorAs(t, err, &usage)
			assert.Equal(t, "the keys in "+e.options.Dir.Path("keys")+" were deleted, and without them nobody reads the stacks' states: delete "+
				e.options.Dir.Path()+" to start over. If the emulated cloud still runs, end its process first; its pid is in "+
				e.options.Dir.Path("cloud.json"), err.Error())
		}
	}
}
