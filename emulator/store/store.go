package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"sync"

	"github.com/gofrs/flock"
)

// Format is the version of the file's layout. A file of a newer format is refused, never overwritten.
const Format = 1

const (
	stateFile = "state.json"
	lockFile  = "lock"
)

// ErrLocked is returned by [Open] when another process, or another Store of this one, has the folder open.
var ErrLocked = errors.New("the folder is open already")

// Store is an opened folder, or memory. Its methods may be called from several goroutines.
type Store struct {
	dir    string // Empty for memory.
	lock   *flock.Flock
	sealer *sealer

	mu      sync.RWMutex
	current content
	closed  bool
}

// content is what the file holds. Values are encoded and never changed in place, so a shallow copy is a snapshot.
type content struct {
	Format    int                        `json:"format"`
	Documents map[string]json.RawMessage `json:"documents"`
	// Sealed are secret payloads: nonce and ciphertext, bound to their name.
	Sealed map[string][]byte `json:"sealed,omitempty"`
}

func (c content) clone() content {
	return content{Format: c.Format, Documents: maps.Clone(c.Documents), Sealed: maps.Clone(c.Sealed)}
}

// Open opens the folder, making it when it is absent. The error names the file and the fix when the state cannot be
// read: it is damaged, of a newer format, or its key is gone.
func Open(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open the cloud's store: %w; make the folder's parent writable", err)
	}
	lock := flock.New(filepath.Join(dir, lockFile))
	held, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock the cloud's store %s: %w", dir, err)
	}
	if !held {
		return nil, fmt.Errorf("cloud's store %s: %w; stop the process that uses it", dir, ErrLocked)
	}
	s := &Store{dir: dir, lock: lock, current: empty()}
	if err := s.load(); err != nil {
		return nil, errors.Join(err, lock.Unlock())
	}
	return s, nil
}

// Memory is an empty store without a folder: what it holds ends with it. It is for simulations, which make thousands.
func Memory() (*Store, error) {
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	sealer, err := newSealer(key)
	return &Store{sealer: sealer, current: empty()}, err
}

func empty() content {
	return content{Format: Format, Documents: map[string]json.RawMessage{}, Sealed: map[string][]byte{}}
}

func (s *Store) load() error {
	path := filepath.Join(s.dir, stateFile)
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read the cloud's store: %w", err)
	}
	if err == nil {
		if err := decodeContent(path, data, &s.current); err != nil {
			return err
		}
	}
	s.sealer, err = openSealer(filepath.Join(s.dir, keyFile), len(s.current.Sealed) == 0)
	return err
}

func decodeContent(path string, data []byte, into *content) error {
	var header struct {
		Format *int `json:"format"`
	}
	if err := json.Unmarshal(data, &header); err != nil {
		return fmt.Errorf("the cloud's store %s is damaged: %w; restore the file, or delete its folder to start with an empty cloud", path, err)
	}
	if header.Format == nil || *header.Format < 1 {
		return fmt.Errorf("the cloud's store %s is damaged: it says no format; restore the file, or delete its folder to start with an empty cloud", path)
	}
	if *header.Format > Format {
		return fmt.Errorf("the cloud's store %s has format %d and this program reads up to %d; use the newer program, or delete the folder to start with an empty cloud", path, *header.Format, Format)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("the cloud's store %s is damaged: %w; restore the file, or delete its folder to start with an empty cloud", path, err)
	}
	for name, document := range into.Documents {
		if len(document) == 0 || document[0] != '{' {
			return fmt.Errorf("the cloud's store %s is damaged: %s is no object; restore the file, or delete its folder to start with an empty cloud", path, name)
		}
	}
	return nil
}

// Close lets go of the folder. Transactions after Close fail. Closing twice is allowed.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	if s.lock == nil {
		return nil
	}
	return s.lock.Unlock()
}

// View runs read on the state as it is now. Later transactions do not change what read sees, and read must not write.
func (s *Store) View(read func(*Tx) error) error {
	s.mu.RLock()
	tx := &Tx{content: s.current, sealer: s.sealer, readOnly: true}
	closed := s.closed
	s.mu.RUnlock()
	if closed {
		return errClosed
	}
	return read(tx)
}

var errClosed = errors.New("the cloud's store is closed")

// Update runs change as one transaction. When change returns an error, or the file cannot be written, nothing has
// changed and Update returns that error. Transactions run one after another. A transaction that wrote nothing does not
// touch the file.
func (s *Store) Update(change func(*Tx) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errClosed
	}
	tx := &Tx{content: s.current.clone(), sealer: s.sealer}
	if err := change(tx); err != nil {
		return err
	}
	if !tx.changed {
		return nil
	}
	if err := s.save(tx.content); err != nil {
		return err
	}
	s.current = tx.content
	return nil
}

func (s *Store) save(c content) error {
	if s.dir == "" {
		return nil
	}
	data, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("encode the cloud's store: %w", err)
	}
	if err := replaceFile(filepath.Join(s.dir, stateFile), data); err != nil {
		return fmt.Errorf("write the cloud's store: %w; free space or make the folder writable", err)
	}
	return nil
}

// replaceFile puts data in place of path in one step: a crash leaves the old content or the new.
func replaceFile(path string, data []byte) error {
	temporary, err := os.OpenFile(path+".new", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = temporary.Write(data)
	if err = errors.Join(err, temporary.Sync(), temporary.Close()); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	// The rename itself is durable only when the folder is; a file system that cannot sync a folder still has the file.
	if folder, err := os.Open(filepath.Dir(path)); err == nil {
		_ = folder.Sync()
		_ = folder.Close()
	}
	return nil
}
