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

// TestKilledUpIsRecoveredByTheNext kills the engine of an `up` while it makes several resources at once. The next `up` recovers:
// nothing is made twice, and nothing is lost. The moment comes from a seed, which the failure names.
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
	assert.Empty(t, s.leftovers(), "a resource was made twice, and is left over (seed %d)", seed)
}

// upKilledAfter runs `up dev` in its own process, and kills it and its engine once that many creations have begun. It returns
// false if the command ended before.
func (s *sandbox) upKilledAfter(creations int) bool {
	s.t.Helper()
	executable, err := os.Executable()
	require.NoError(s.t, err)
	command := exec.Command(executable, "up", "dev", "--skip-preview", "--state", s.state, "--dir", s.dir)
	command.Env = append(os.Environ(), asCommand+"=1")
	out := &counter{reached: make(chan struct{}), word: []byte(" creating "), after: creations}
	command.Stdout, command.Stderr = out, out
	// The engine may hold the pipes a moment longer than the killed process.
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

// childrenOf lists the children of pid that are the Pulumi CLI. The cloud, which runs in the background, stays.
func childrenOf(pid int) []int {
	var children []int
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		data, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		// The format is "PID (NAME) STATE PPID …". The name may contain anything, but ends at the last parenthesis.
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

// counter notices when a word has been written a number of times.
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
