package journal

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/sandbox/statedir"
)

var now = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

const emptyState = `{"version":3,"checkpoint":{"stack":"organization/app/dev"}}`

func newFiles(t *testing.T) Files {
	t.Helper()
	files := Files{Backend: t.TempDir(), Journals: t.TempDir(), Project: "app"}
	require.NoError(t, statedir.WriteFile(files.Checkpoint("dev"), []byte(emptyState), 0o600))
	return files
}

// writeJournal writes a journal of three creations and returns its content.
func writeJournal(t *testing.T, files Files) []byte {
	t.Helper()
	file, err := files.begin("dev", "v3.0.0")
	require.NoError(t, err)
	defer file.Close()
	for i, name := range []string{"a", "b", "c"} {
		operation := int64(i + 1)
		require.NoError(t, appendLine(file, line{Entries: []apitype.JournalEntry{begin(operation, name, apitype.OperationTypeCreating)}}))
		require.NoError(t, appendLine(file, line{Entries: []apitype.JournalEntry{success(operation, made(name, name+"1"))}}))
	}
	data, err := os.ReadFile(file.Name())
	require.NoError(t, err)
	return data
}

// stateOf describes the stack's state in one line.
func stateOf(t *testing.T, files Files) string {
	t.Helper()
	data, err := os.ReadFile(files.Checkpoint("dev"))
	require.NoError(t, err)
	state, err := parseState(data)
	require.NoError(t, err)
	assert.Equal(t, "organization/app/dev", string(state.stack))
	if state.latest == nil {
		return ""
	}
	return shown(state.latest)
}

// TestJournalCutOffAtAnyByte cuts the journal off at every byte, as a killed writer would. Nothing that was answered is lost: the state is
// that of the complete lines.
func TestJournalCutOffAtAnyByte(t *testing.T) {
	t.Parallel()
	wants := []string{"", "", "creating a", "a=a1", "a=a1, creating b", "a=a1, b=b1", "a=a1, b=b1, creating c", "a=a1, b=b1, c=c1"}
	journal := writeJournal(t, newFiles(t))
	for length := range len(journal) + 1 {
		after, err := apply(&lines{from: bufio.NewReader(bytes.NewReader(journal[:length]))}, []byte(emptyState), now)
		require.NoError(t, err)
		got := ""
		if after != nil {
			state, err := parseState(after)
			require.NoError(t, err)
			got = shown(state.latest)
		}
		require.Equal(t, wants[bytes.Count(journal[:length], []byte("\n"))], got, "killed after %d bytes", length)
	}
}

// TestFoldIsKilled interrupts a fold before the state is replaced and before the journal is removed.
func TestFoldIsKilled(t *testing.T) {
	t.Parallel()
	files := newFiles(t)
	unfolded := append(writeJournal(t, files), `{"entries":[{"ki`...) // the engine was killed in the middle of a line
	require.NoError(t, os.WriteFile(files.journal("dev"), unfolded, 0o600))
	require.NoError(t, files.Fold("dev", now))
	after, err := os.ReadFile(files.Checkpoint("dev"))
	require.NoError(t, err)
	whole := unfolded[:strings.LastIndex(string(unfolded), "\n")+1]
	note, err := json.Marshal(line{Folded: hash(after)})
	require.NoError(t, err)
	noted := append(append([]byte{}, whole...), append(note, '\n')...)
	for name, test := range map[string]struct{ state, journal []byte }{
		"while the state was written to the note":              {[]byte(emptyState), noted[:len(noted)-9]},
		"before the state was replaced":                        {[]byte(emptyState), noted},
		"before the journal was removed":                       {after, noted},
		"after the journal was removed, with the journal back": {after, append(append([]byte{}, noted...), append(note, '\n')...)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := newFiles(t)
			require.NoError(t, os.WriteFile(files.Checkpoint("dev"), test.state, 0o600))
			require.NoError(t, os.WriteFile(files.journal("dev"), test.journal, 0o600))
			require.NoError(t, files.Fold("dev", now))
			assert.Equal(t, "a=a1, b=b1, c=c1", stateOf(t, files))
			assert.NoFileExists(t, files.journal("dev"))
		})
	}
}

func TestFold(t *testing.T) {
	t.Parallel()
	files := newFiles(t)
	require.NoError(t, files.Fold("dev", now))
	assert.NoFileExists(t, files.Checkpoint("dev")+".bak", "without a journal nothing is folded")

	writeJournal(t, files)
	require.NoError(t, os.WriteFile(files.Checkpoint("dev")+".attrs", []byte("{}"), 0o600))
	require.NoError(t, files.Fold("dev", now))
	assert.NoFileExists(t, files.Checkpoint("dev")+".attrs", "the old notes about the state are removed")
	before, err := os.ReadFile(files.Checkpoint("dev") + ".bak")
	require.NoError(t, err)
	assert.Equal(t, emptyState, string(before))
}

// TestFoldRefuses checks a journal that does not belong to the state. Both are kept, because only a person knows which one is right.
func TestFoldRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		from, state, more string // the state that the journal began with, by default an empty one; the state now; the journal's last line
		says              string
	}{
		"another's change": {state: strings.Replace(emptyState, "dev", "other", 1), says: "the state was changed by somebody else since the " +
			"journal began: move the journal away to keep the state as it is"},
		"a line that is not JSON": {state: emptyState, more: "}\n", says: "the journal does not fit the state it began with: "},
		"an entry that does not fit": {state: emptyState, more: `{"entries":[{"kind":1,"sequenceID":9,"removeOld":4}]}` + "\n",
			says: "entry 9 names resource 4 of 0"},
		"an old schema": {from: `{"version":2,"checkpoint":{}}`, state: `{"version":2,"checkpoint":{}}`,
			says: "the state has the schema 2, and the sandbox writes 3 and 4"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := newFiles(t)
			if test.from != "" {
				require.NoError(t, os.WriteFile(files.Checkpoint("dev"), []byte(test.from), 0o600))
			}
			journal := append(writeJournal(t, files), test.more...)
			require.NoError(t, os.WriteFile(files.journal("dev"), journal, 0o600))
			require.NoError(t, os.WriteFile(files.Checkpoint("dev"), []byte(test.state), 0o600))
			err := files.Fold("dev", now)
			require.ErrorContains(t, err, test.says)
			assert.ErrorContains(t, err, files.journal("dev"))
			state, err := os.ReadFile(files.Checkpoint("dev"))
			require.NoError(t, err)
			assert.Equal(t, test.state, string(state))
			kept, err := os.ReadFile(files.journal("dev"))
			require.NoError(t, err)
			assert.Equal(t, journal, kept)
		})
	}
}

// TestCreate checks that a new stack's state is the one that the CLI's own command makes, and that an existing one stays.
func TestCreate(t *testing.T) {
	t.Parallel()
	files := Files{Backend: t.TempDir(), Journals: t.TempDir(), Project: "app"}
	require.NoError(t, files.Create("dev"))
	data, err := os.ReadFile(files.Checkpoint("dev"))
	require.NoError(t, err)
	assert.JSONEq(t, emptyState, string(data))
	layout, err := os.ReadFile(filepath.Join(files.Backend, ".pulumi", "meta.yaml"))
	require.NoError(t, err)
	assert.Equal(t, "version: 1\n", string(layout))

	require.NoError(t, os.WriteFile(files.Checkpoint("dev"), []byte("mine"), 0o600))
	require.NoError(t, files.Create("dev"))
	data, err = os.ReadFile(files.Checkpoint("dev"))
	require.NoError(t, err)
	assert.Equal(t, "mine", string(data))
}

// TestExport compares what it writes with the form of `pulumi stack export`.
func TestExport(t *testing.T) {
	t.Parallel()
	files := newFiles(t)
	var empty, whole bytes.Buffer
	require.NoError(t, files.Export("dev", &empty))
	assert.Equal(t, "{\n    \"version\": 3,\n    \"deployment\": null\n}\n", empty.String())

	const latest = `{"manifest":{"time":"2026-11-27T12:00:00Z","magic":"m","version":"v"},"resources":[{"urn":"a","custom":true,"type":"t",` +
		`"inputs":{"filter":"a<b"}}],"metadata":{}}`
	require.NoError(t, os.WriteFile(files.Checkpoint("dev"),
		[]byte(`{"version":4,"features":["hooks"],"checkpoint":{"stack":"organization/app/dev","latest":`+latest+`}}`), 0o600))
	require.NoError(t, files.Export("dev", &whole))
	assert.JSONEq(t, `{"version":4,"features":["hooks"],"deployment":`+latest+`}`, whole.String())
	assert.Contains(t, whole.String(), `"a<b"`)
	assert.ErrorIs(t, files.Export("prod", &whole), os.ErrNotExist)
}
