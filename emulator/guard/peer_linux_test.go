package guard_test

import (
	"io"
	"net"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/guard"
)

// TestOtherUsersOfTheMachineAreNotAccepted connects as this user and, where the test may change its user, as nobody.
func TestOtherUsersOfTheMachineAreNotAccepted(t *testing.T) {
	t.Parallel()
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	listener := guard.OwnUser(plain)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = connection.Write([]byte("welcome"))
			_ = connection.Close()
		}
	}()
	connection, err := net.Dial("tcp", listener.Addr().String())
	require.NoError(t, err)
	said, err := io.ReadAll(connection)
	require.NoError(t, err)
	require.NoError(t, connection.Close())
	assert.Equal(t, "welcome", string(said))

	bash, err := exec.LookPath("bash")
	if os.Getuid() != 0 || err != nil {
		return // only root can ask as somebody else
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	require.NoError(t, err)
	ask := func(uid uint32) string {
		command := exec.Command(bash, "-c", "exec 3<>/dev/tcp/127.0.0.1/"+port+" && cat <&3")
		command.Dir = "/"
		command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
		out, _ := command.Output()
		return string(out)
	}
	assert.Equal(t, "welcome", ask(0))
	assert.Empty(t, ask(65534), "nobody gets nothing")
}
