package sandbox_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// An `up` whose engine is killed while it makes resources, several at once, is recovered by the next one: nothing is made
// twice, nothing is lost. The moments come from the seed that the failure names.
func TestKilledUpIsRecoveredByTheNext(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("finds the engine's process in /proc, which this system does not have")
	}
	const seed = 20261123
	random := rand.New(rand.NewPCG(seed, 0))
	s := newSandbox(t, nil)
	for kill := range 4 {
		creations := 5 + random.IntN(20)
		killed := s.upKilledAfter(creations)
		t.Logf("seed %d, kill %d after the beginning of %d creations: %t", seed, kill, creations, killed)
	}
	assert.Contains(t, s.must("up", "dev", "--skip-preview").out, "answers 200")
	s.unchanged("dev")
	assert.Equal(t, "No drift: stack dev is as Pulumi left it.\n", s.must("drift", "dev").out)
	s.must("destroy", "dev")
	assert.Empty(t, s.leftovers(), "what was made twice is left (seed %d)", seed)
}

// upKilledAfter runs `up dev` in a process of its own and kills it and its engine when so many creations have begun. It
// is false when the command ended before that.
func (s *sandbox) upKilledAfter(creations int) bool {
	s.t.Helper()
	executable, err := os.Executable()
	require.NoError(s.t, err)
	command := exec.Command(executable, "up", "dev", "--skip-preview", "--state", s.state, "--dir", s.dir)
	command.Env = append(os.Environ(), asCommand+"=1")
	out := &counter{reached: make(chan struct{}), word: []byte(" creating "), after: creations}
	command.Stdout, command.Stderr = out, out
	// The engine may hold the pipes for a moment longer than the killed process.
	command.WaitDelay = 5 * time.Second
	require.NoError(s.t, command.Start())
	ended := make(chan struct{})
	go func() { _ = command.Wait(); close(ended) }()
	select {
	case <-ended:
		require.True(s.t, command.ProcessState.Success(), "an up after a killed one failed:\n%s", out.text.String())
		return false
	case <-out.reached:
	case <-time.After(2 * time.Minute):
	}
	children := childrenOf(command.Process.Pid)
	for _, child := range children {
		_ = syscall.Kill(child, syscall.SIGKILL)
	}
	_ = command.Process.Kill()
	<-ended
	require.NotEmpty(s.t, children, "the engine was running")
	for line := range strings.Lines(out.text.String()) {
		if strings.HasPrefix(line, "Interrupted creation") {
			s.t.Log(strings.TrimSpace(line))
		}
	}
	return true
}

// childrenOf lists the processes whose parent is pid and which are the Pulumi CLI: the cloud, in the background, stays.
func childrenOf(pid int) []int {
	var children []int
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		data, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		// "PID (NAME) STATE PPID …"; the name may contain anything but is in the last parentheses.
		text := string(data)
		end := strings.LastIndex(text, ")")
		fields := strings.Fields(text[end+1:])
		name := text[strings.Index(text, "(")+1 : end]
		if len(fields) > 1 && fields[1] == fmt.Sprint(pid) && name == "pulumi" {
			child, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			children = append(children, child)
		}
	}
	return children
}

// counter tells when a word was written so often.
type counter struct {
	reached chan struct{}
	word    []byte
	after   int
	seen    int
	text    bytes.Buffer
}

func (c *counter) Write(data []byte) (int, error) {
	before := c.seen
	c.text.Write(data)
	c.seen += bytes.Count(data, c.word)
	if before < c.after && c.seen >= c.after {
		close(c.reached)
	}
	return len(data), nil
}
