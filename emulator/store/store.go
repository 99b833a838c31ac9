package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/tidwall/btree"
	"go.etcd.io/bbolt"
)

// ErrLocked is returned by [Open] if another process, or another Store in this process, has the folder open.
var ErrLocked = errors.New("the folder is open already")

var errClosed = errors.New("the cloud's store is closed")

// Store is an open folder, or a store in memory. Its methods may be called from several goroutines.
type Store struct {
	file   *bbolt.DB // nil for a store in memory
	sealer *sealer

	mu      sync.RWMutex
	current content
	closed  bool
}

// content is all that the store holds. It is in memory: Open reads the file once, and every read is answered from here. Values
// are encoded and never changed in place. A copy of a tree shares the nodes that have not changed, so a transaction costs as much
// as it changes, however large the store is.
type content struct {
	documents *btree.Map[string, []byte]
	// sealed holds the encrypted secret payloads: nonce and ciphertext, bound to their name.
	sealed *btree.Map[string, []byte]
	// version counts the changes since the store was opened.
	version uint64
}

func empty() content {
	return content{documents: new(btree.Map[string, []byte]), sealed: new(btree.Map[string, []byte])}
}

func (c content) clone() content {
	return content{documents: c.documents.Copy(), sealed: c.sealed.Copy(), version: c.version}
}

// Open opens a folder, and makes it if it does not exist. It converts a folder that an earlier version wrote. If the state cannot
// be read, the error names the file and the fix: the state is damaged, has a newer format, or its key is missing.
func Open(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open the cloud's store: %w; make the folder's parent writable", err)
	}
	file, err := openFile(dir)
	if err != nil {
		return nil, err
	}
	s := &Store{file: file}
	if err := s.load(dir); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return s, nil
}

// load reads the file, or the state that an earlier version left, and the key that the secrets are encrypted with.
func (s *Store) load(dir string) error {
	var err error
	if s.current, err = readFile(s.file); err != nil {
		return err
	}
	if err := s.takeOver(filepath.Join(dir, legacyFile)); err != nil {
		return err
	}
	s.sealer, err = openSealer(filepath.Join(dir, keyFile), s.current.sealed.Len() == 0)
	return err
}

// Memory returns an empty store without a folder. Its content is lost when the process ends. Simulations, which make thousands of
// stores, use it.
func Memory() (*Store, error) {
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	sealer, err := newSealer(key)
	return &Store{sealer: sealer, current: empty()}, err
}

// Close releases the folder. Transactions after Close fail. Close may be called twice.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}

// View runs read on the current state. Later transactions do not change the state that read sees. read must not write.
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

// Update runs change as one transaction. If change returns an error, or the file cannot be written, nothing changes and Update
// returns the error. Transactions run one after another. A transaction that writes nothing does not touch the file.
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
	if len(tx.writes) == 0 {
		return nil
	}
	if s.file != nil {
		if err := writeFile(s.file, tx.writes); err != nil {
			return fmt.Errorf("write the cloud's store %s: %w; free space or make the folder writable", s.file.Path(), err)
		}
	}
	s.current = tx.content
	s.current.version++
	return nil
}
