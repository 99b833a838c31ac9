// Package statedir is the one folder in which the sandbox keeps everything: the cloud's store, Pulumi's state, keys and
// ports. It stays between commands, git ignores it, and deleting it deletes the sandbox.
//
// A command that changes anything holds the folder's lock ([Dir.Lock]). A second command waits, and says which command
// it waits for.
package statedir

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// Name is the folder's usual name, inside the repository.
const Name = ".sandbox"

// Dir is the opened folder.
type Dir struct{ path string }

// Open creates the folder if it is absent. It holds keys, so only its owner may read it.
func Open(folder string) (Dir, error) {
	path, err := filepath.Abs(folder)
	if err != nil {
		return Dir{}, fmt.Errorf("state folder: %w", err)
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return Dir{}, fmt.Errorf("state folder: %w: make it a folder that you can write to, or name another with --state", err)
	}
	return Dir{path: path}, nil
}

// Path joins names onto the folder's absolute path.
func (d Dir) Path(names ...string) string {
	return filepath.Join(append([]string{d.path}, names...)...)
}

// Key returns the random key of that name, made on first use: 32 bytes as base64, readable by the owner only.
func (d Dir) Key(name string) (string, error) {
	path := d.Path("keys", name)
	if data, err := os.ReadFile(path); err == nil && len(data) > 0 {
		return string(data), nil
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read key: %w", err)
	}
	var raw [32]byte
	if _, err := rand.Read(raw[:]); err != nil {
		return "", fmt.Errorf("make key %s: %w", name, err)
	}
	key := base64.RawURLEncoding.EncodeToString(raw[:])
	return key, WriteFile(path, []byte(key), 0o600)
}

// WriteFile replaces path in one step, so that a reader sees the old content or the new, never a part, even after a
// crash.
func WriteFile(path string, data []byte, mode fs.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	temporary, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name())
	_, err = temporary.Write(data)
	err = errors.Join(err, temporary.Chmod(mode), temporary.Sync(), temporary.Close())
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return os.Rename(temporary.Name(), path)
}

// Holder is the command that holds the lock.
type Holder struct {
	// PID is the process id; 0 if it is not known. Command is what was called, and Since is when it took the lock.
	PID     int       `json:"pid"`
	Command string    `json:"command"`
	Since   time.Time `json:"since"`
}

func (h Holder) String() string {
	if h.PID == 0 {
		return "another command"
	}
	return fmt.Sprintf("%q (process %d, since %s)", h.Command, h.PID, h.Since.Format(time.TimeOnly))
}

// BusyError says that another command held the lock for longer than the caller wanted to wait.
type BusyError struct {
	// Holder is the other command, and Waited how long the caller waited for it.
	Holder Holder
	Waited time.Duration
}

func (e *BusyError) Error() string {
	return fmt.Sprintf("the sandbox is held by %s; waited %s. Let it finish or end it, or wait longer with --wait",
		e.Holder, e.Waited.Round(time.Second))
}

// Lock takes the folder's lock for command. It waits at most wait (0: not at all) and prints to out which command it
// waits for. The lock is the operating system's, so it ends with the process in any case. When the time is over, the
// error is a [*BusyError].
func (d Dir) Lock(ctx context.Context, command string, wait time.Duration, out io.Writer) (release func(), err error) {
	lock, holderFile := flock.New(d.Path("lock")), d.Path("lock.holder")
	held, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock the state folder: %w: make it yours, or name another with --state", err)
	}
	if !held {
		if wait > 0 {
			fmt.Fprintf(out, "Waiting for %s.\n", readHolder(holderFile))
		}
		limited, cancel := context.WithTimeout(ctx, wait)
		defer cancel()
		held, err = lock.TryLockContext(limited, 100*time.Millisecond)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if !held {
			return nil, &BusyError{Holder: readHolder(holderFile), Waited: wait}
		}
		if err != nil {
			return nil, fmt.Errorf("lock %s: %w", lock.Path(), err)
		}
	}
	data, err := json.Marshal(Holder{PID: os.Getpid(), Command: command, Since: time.Now()})
	if err == nil {
		err = WriteFile(holderFile, data, 0o600)
	}
	if err != nil {
		return nil, errors.Join(err, lock.Unlock())
	}
	return func() {
		_ = os.Remove(holderFile)
		_ = lock.Unlock()
	}, nil
}

// readHolder returns the zero Holder if the file is absent or incomplete; the holder is then unknown.
func readHolder(path string) Holder {
	var holder Holder
	if data, err := os.ReadFile(path); err == nil {
		_ = json.Unmarshal(data, &holder)
	}
	return holder
}
