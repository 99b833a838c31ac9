package journal

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/encoding"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"

	"github.com/guiofsaints/procureflow-platform/sandbox/statedir"
)

// organization is the organization of the file backend's stacks.
const organization = "organization"

// Files are the files of one project's stacks: those of Pulumi's file backend, and the journals next to them.
type Files struct {
	// Backend is the folder of the file backend, and Journals a folder of this package's own. Required.
	Backend, Journals string
	// Project is the Pulumi project's name. Required.
	Project string
}

// Checkpoint returns the path of a stack's state.
func (f Files) Checkpoint(stack string) string {
	return filepath.Join(f.Backend, ".pulumi", "stacks", f.Project, stack+".json")
}

// SetAside takes a stack's state away, and returns where it is now. The stack has no state then, nor a backup of one.
func (f Files) SetAside(stack string) (aside string, err error) {
	path := f.Checkpoint(stack)
	aside = path + ".lost"
	err = os.Rename(path, aside)
	for _, left := range []string{path + ".attrs", path + ".bak", path + ".bak.attrs"} {
		if removed := os.Remove(left); err == nil && !errors.Is(removed, fs.ErrNotExist) {
			err = removed
		}
	}
	return aside, err
}

// Create makes a stack's state, with nothing in it, unless there is one.
func (f Files) Create(stack string) error {
	if _, err := os.Stat(f.Checkpoint(stack)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	empty := state{VersionedCheckpoint: apitype.VersionedCheckpoint{Version: apitype.DeploymentSchemaVersionCurrent},
		stack: tokens.QName(organization + "/" + f.Project + "/" + stack)}
	data, err := empty.format()
	if err != nil {
		return err
	}
	// The layout in which a stack's files are below its project's name. The file backend reads its number before anything else.
	layout := filepath.Join(f.Backend, ".pulumi", "meta.yaml")
	return errors.Join(statedir.WriteFile(layout, []byte("version: 1\n"), 0o600), statedir.WriteFile(f.Checkpoint(stack), data, 0o600))
}

// Export writes a stack's state as `pulumi stack export` does: as JSON, with encrypted secrets.
func (f Files) Export(stack string, out io.Writer) error {
	data, err := os.ReadFile(f.Checkpoint(stack))
	if err != nil {
		return err
	}
	state, err := parseState(data)
	if err != nil {
		return err
	}
	exported, err := state.export()
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "    ")
	return encoder.Encode(exported)
}

// locked says whether a command holds the file backend's lock on a stack.
func (f Files) locked(stack string) bool {
	locks, err := os.ReadDir(f.locks(stack))
	return err == nil && len(locks) > 0
}

// Unlock removes the file backend's locks on a stack, and says whether there were any. The caller knows that their holders are dead.
func (f Files) Unlock(stack string) (bool, error) {
	return f.locked(stack), os.RemoveAll(f.locks(stack))
}

// locks returns the folder of the locks on a stack. Any file in it is one.
func (f Files) locks(stack string) string {
	return filepath.Join(f.Backend, ".pulumi", "locks", organization, f.Project, stack)
}

func (f Files) history(stack string) string {
	return filepath.Join(f.Backend, ".pulumi", "history", f.Project, stack)
}

func (f Files) journal(stack string) string { return filepath.Join(f.Journals, stack+".jsonl") }

// line is a line of a journal. The first line names the state with which the operation began, by its hash. The next lines hold the
// engine's entries. The last line is written before the journal is folded into the state, and names the resulting state.
type line struct {
	Base string `json:"base,omitempty"`
	// Version is the engine's version, for the state's manifest.
	Version string                 `json:"version,omitempty"`
	Entries []apitype.JournalEntry `json:"entries,omitempty"`
	Folded  string                 `json:"folded,omitempty"`
}

func hash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// begin starts a stack's journal. The caller has to fold an earlier journal before.
func (f Files) begin(stack, version string) (*os.File, error) {
	state, err := os.ReadFile(f.Checkpoint(stack))
	if err != nil {
		return nil, fmt.Errorf("read the state of stack %s: %w", stack, err)
	}
	if err := os.MkdirAll(f.Journals, 0o700); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(f.journal(stack), os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("begin the journal of stack %s: %w", stack, err)
	}
	return file, appendLine(file, line{Base: hash(state), Version: version})
}

func appendLine(file *os.File, l line) error {
	data, err := json.Marshal(l)
	if err != nil {
		return err
	}
	_, err = file.Write(append(data, '\n'))
	return err
}

// Fold writes the entries of a stack's journal into the stack's state, and removes the journal. Without a journal it does nothing. It
// may be stopped at any moment and called again: the state changes in one step, and a journal knows which state it was written into.
func (f Files) Fold(stack string, now time.Time) error {
	file, err := os.OpenFile(f.journal(stack), os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return fmt.Errorf("read the journal of stack %s: %w", stack, err)
	}
	defer file.Close()
	before, err := os.ReadFile(f.Checkpoint(stack))
	if err != nil {
		return fmt.Errorf("read the state of stack %s, to which its journal %s belongs: %w", stack, f.journal(stack), err)
	}
	lines := &lines{from: bufio.NewReader(file)}
	after, err := apply(lines, before, now)
	if err != nil {
		return fmt.Errorf("bring the state of stack %s up to date from its journal %s: %w", stack, f.journal(stack), err)
	}
	if after != nil {
		_, err := file.Seek(lines.whole, io.SeekStart)
		if err = errors.Join(err, file.Truncate(lines.whole), appendLine(file, line{Folded: hash(after)}), f.write(stack, after)); err != nil {
			return fmt.Errorf("write the state of stack %s: %w", stack, err)
		}
	}
	return os.Remove(f.journal(stack))
}

// write replaces a stack's state, and keeps the previous one as the file backend does.
func (f Files) write(stack string, state []byte) error {
	path := f.Checkpoint(stack)
	previous, err := os.ReadFile(path)
	if err == nil {
		err = statedir.WriteFile(path+".bak", previous, 0o600)
	}
	if err == nil {
		err = statedir.WriteFile(path, state, 0o600)
	}
	// The backend's notes about these files describe their previous contents.
	for _, notes := range []string{path + ".attrs", path + ".bak.attrs"} {
		if removed := os.Remove(notes); err == nil && !errors.Is(removed, fs.ErrNotExist) {
			err = removed
		}
	}
	return err
}

// apply returns the state after a journal. It is nil if there is nothing to change: the journal has no entries, or is in the state already.
func apply(journal *lines, before []byte, now time.Time) ([]byte, error) {
	first, ok, err := journal.next()
	if err != nil || !ok {
		return nil, err
	}
	was := hash(before)
	if first.Base != was {
		return nil, alreadyIn(journal, was)
	}
	state, err := parseState(before)
	if err != nil {
		return nil, err
	}
	played, entries := newReplay(state.latest, slices.Contains(state.Features, "byteString")), 0
	for {
		line, ok, err := journal.next()
		if err != nil {
			return nil, err
		} else if !ok {
			break
		}
		for _, entry := range line.Entries {
			if err := played.add(entry); err != nil {
				return nil, err
			}
			entries++
		}
	}
	if entries == 0 {
		return nil, nil
	}
	deployment, schema, features, err := played.result(now, first.Version)
	if err != nil {
		return nil, err
	}
	state.Version, state.Features, state.latest = schema, features, deployment
	return state.format()
}

// alreadyIn returns nil if a journal says that it was folded into the state that has this hash.
func alreadyIn(journal *lines, state string) error {
	for {
		line, ok, err := journal.next()
		switch {
		case err != nil:
			return err
		case !ok:
			return errors.New("the state was changed by somebody else since the journal began: " +
				"move the journal away to keep the state as it is")
		case line.Folded == state:
			return nil
		}
	}
}

// lines reads a journal line by line.
type lines struct {
	from  *bufio.Reader
	whole int64 // the length of the whole lines so far
}

// next returns the next line, and false at the end. It leaves out an incomplete last line: its writer was killed, so the engine
// got no answer to it.
func (l *lines) next() (line, bool, error) {
	text, err := l.from.ReadBytes('\n')
	if errors.Is(err, io.EOF) {
		return line{}, false, nil
	} else if err != nil {
		return line{}, false, err
	}
	l.whole += int64(len(text))
	var read line
	if err := json.Unmarshal(text, &read); err != nil {
		return line{}, false, fmt.Errorf("%w: %w", errDamaged, err)
	}
	return read, true, nil
}

// state is a checkpoint in the form in which it is on disk.
type state struct {
	apitype.VersionedCheckpoint
	stack  tokens.QName
	latest *apitype.DeploymentV3
}

func parseState(data []byte) (state, error) {
	var s state
	if err := json.Unmarshal(data, &s.VersionedCheckpoint); err != nil {
		return s, err
	}
	if s.Version != apitype.DeploymentSchemaVersionCurrent && s.Version != apitype.DeploymentSchemaVersionLatest {
		return s, fmt.Errorf("the state has the schema %d, and the sandbox writes %d and %d", s.Version,
			apitype.DeploymentSchemaVersionCurrent, apitype.DeploymentSchemaVersionLatest)
	}
	var checkpoint apitype.CheckpointV3
	err := json.Unmarshal(s.Checkpoint, &checkpoint)
	s.stack, s.latest = checkpoint.Stack, checkpoint.Latest
	return s, err
}

// format returns the state in the form in which it is on disk.
func (s state) format() ([]byte, error) {
	checkpoint, err := json.Marshal(apitype.CheckpointV3{Stack: s.stack, Latest: s.latest})
	if err != nil {
		return nil, err
	}
	s.Checkpoint = checkpoint
	return json.Marshal(s.VersionedCheckpoint)
}

// export returns the state without the note that names its owner.
func (s state) export() (apitype.UntypedDeployment, error) {
	latest, err := encoding.JSON.Marshal(s.latest)
	return apitype.UntypedDeployment{Version: s.Version, Features: s.Features, Deployment: latest}, err
}
