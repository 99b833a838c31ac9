package audit

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/release/plan"
	"github.com/guiofsaints/procureflow-platform/release/rollout"
)

func TestAppends(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	event := rollout.Event{At: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), Kind: "shift", Answer: "accepted", Percent: 10, Etag: "e",
		After: []plan.Target{{Revision: "web-a", Percent: 90, Tag: "stable"}}, Why: []string{"60 probes were good"}}
	for _, run := range []string{"1", "2"} {
		file := Open(path, Origin{Command: "rollout", Service: "s", Who: "me", Run: run})
		require.NoError(t, file.Record(event))
		require.NoError(t, file.Close())
	}
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	want := func(run string) string {
		return `{"command":"rollout","service":"s","who":"me","run":"` + run +
			`","at":"2026-11-23T12:00:00Z","kind":"shift","answer":"accepted","percent":10,` +
			`"after":[{"revision":"web-a","percent":90,"tag":"stable"}],"etag":"e","why":["60 probes were good"]}` + "\n"
	}
	assert.Equal(t, want("1")+want("2"), string(raw))
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	lines, err := Read(strings.NewReader(string(raw) + `{"command":"cut o`))
	require.NoError(t, err)
	require.Len(t, lines, 2)
	assert.Equal(t, Line{Origin{Command: "rollout", Service: "s", Who: "me", Run: "2"}, event}, lines[1])
}

func TestLinesOfTwoWritersDoNotMix(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			file := Open(path, Origin{Command: "rollout"})
			defer file.Close()
			for range 25 {
				assert.NoError(t, file.Record(rollout.Event{Kind: "probes", Why: []string{strings.Repeat("x", 5000)}}))
			}
		})
	}
	group.Wait()
	file, err := os.Open(path)
	require.NoError(t, err)
	defer file.Close()
	lines, err := Read(file)
	require.NoError(t, err)
	assert.Len(t, lines, 100)
}

// TestAppendsAfterACutOffLine checks a file whose last line was cut off by a full disk or a crash. Lines appended later are not
// lost, and the rest of the file can still be read.
func TestAppendsAfterACutOffLine(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	record := func(run string) {
		file := Open(path, Origin{Command: "rollout", Run: run})
		require.NoError(t, file.Record(rollout.Event{Kind: "end"}))
		require.NoError(t, file.Record(rollout.Event{Kind: "end"}))
		require.NoError(t, file.Close())
	}
	record("1")
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	for cut := 1; cut < len(whole)/2; cut++ {
		require.NoError(t, os.WriteFile(path, whole[:len(whole)-cut], 0o600))
		record("2")
		raw, err := os.ReadFile(path)
		require.NoError(t, err)
		lines, err := Read(bytes.NewReader(raw))
		require.NoError(t, err, "%d bytes cut off", cut)
		var runs []string
		for _, line := range lines {
			runs = append(runs, line.Run)
		}
		want := []string{"1", "2", "2"}
		if cut == 1 { // Only the line's end is missing, so the line is complete.
			want = []string{"1", "1", "2", "2"}
		}
		require.Equal(t, want, runs, "%d bytes cut off", cut)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	file := Open(t.TempDir(), Origin{})
	require.Error(t, file.Record(rollout.Event{}), "a folder is not a file")
	require.NoError(t, file.Close())
	_, err := Read(strings.NewReader("{}\nnonsense\n"))
	assert.ErrorContains(t, err, "line 2 is not a line of an audit file")
}
