//go:build unix

package detached_test

import (
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/guiofsaints/procureflow-platform/sandbox/detached"
)

// TestSession compares a detached command's session with that of any other command, which is in its parent's and gets the terminal's
// signals.
func TestSession(t *testing.T) {
	t.Parallel()
	session := func(command *exec.Cmd) int {
		t.Helper()
		in, err := command.StdinPipe()
		require.NoError(t, err)
		require.NoError(t, command.Start())
		session, err := unix.Getsid(command.Process.Pid)
		require.NoError(t, err)
		require.NoError(t, in.Close())
		require.NoError(t, command.Wait())
		return session
	}
	own, err := unix.Getsid(0)
	require.NoError(t, err)
	plain, apart := exec.Command("cat"), exec.Command("cat")
	assert.Equal(t, own, session(plain))
	detached.Session(apart)
	of := session(apart)
	assert.Equal(t, apart.Process.Pid, of)
}
