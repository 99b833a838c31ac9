package parallel

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestDo checks that functions run side by side, and that each error is at the place of its function.
func TestDo(t *testing.T) {
	t.Parallel()
	met := make(chan struct{})
	assert.Equal(t, []error{nil, assert.AnError}, Do(
		func() error { met <- struct{}{}; return nil },
		func() error { <-met; return assert.AnError }))
	assert.Empty(t, Do())
}

// TestLinesDoNotMix writes from many functions at once.
func TestLinesDoNotMix(t *testing.T) {
	t.Parallel()
	var said strings.Builder
	out := &Output{To: &said}
	all := make([]func() error, 8)
	for i := range all {
		all[i] = func() error {
			for range 50 {
				fmt.Fprintf(out, "%s\n", strings.Repeat(fmt.Sprint(i), 20))
			}
			return nil
		}
	}
	Do(all...)
	count := 0
	for line := range strings.Lines(said.String()) {
		assert.Equal(t, strings.Repeat(line[:1], 20)+"\n", line)
		count++
	}
	assert.Equal(t, 50*len(all), count)
}

// TestUsage adds up what several commands took, and says nothing about a command that did not start.
func TestUsage(t *testing.T) {
	t.Parallel()
	var nobody *Usage
	nobody.Add(nil)
	counted := &Usage{}
	counted.Add(nil)
	assert.Empty(t, counted.String())
	command := exec.CommandContext(t.Context(), "go", "version")
	require.NoError(t, command.Run())
	add := func() error { counted.Add(command.ProcessState); return nil }
	Do(add, add, add)
	assert.Equal(t, 3*(command.ProcessState.UserTime()+command.ProcessState.SystemTime()), counted.sum)
}

// TestAReportOfSeveralStreams reads the events of several commands at once.
func TestAReportOfSeveralStreams(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	r := &Report{Out: &Output{To: &out}}
	read := func() error { return r.Read(strings.NewReader(stream)) }
	assert.Equal(t, []error{nil, nil, nil}, Do(read, read, read))
	r.Summary()
	assert.Contains(t, out.String(), "\n3 passed, 6 failed, 3 skipped\n")
}
