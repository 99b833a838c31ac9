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

// ErrLocked is returned by [Open] when another process, or another Store of this one, has the folder open.
var ErrLocked = errors.New("the folder is open already")

var errClosed = errors.New("the cloud's store is closed")

// Store is an opened folder, or memory. Its methods may be called from several goroutines.
type Store struct {
	file   *bbolt.DB // Nil for memory.
	sealer *sealer

	mu      sync.RWMutex
	current content
	closed  bool
}

// content is all that the store holds, in memory: every read is answered from here, and the file is read once, by Open.
// Values are encoded and never changed in place. Copying a tree shares its nodes until they change, so that a transaction
// costs what it touches and not what is there.
type content struct {
	documents *btree.Map[string, []byte]
	// sealed are secret payloads: nonce and ciphertext, bound to their name.
	sealed *btree.Map[string, []byte]
}

func empty() content {
	return content{documents: new(btree.Map[string, []byte]), sealed: new(btree.Map[string, []byte])}
}

func (c content) clone() content {
	return content{documents: c.documents.Copy(), sealed: c.sealed.Copy()}
}

// Open opens the folder, making it when it is absent. A folder that an earlier version wrote is taken over. The error names
// the file and the fix when the state cannot be read: it is damaged, of a newer format, or its key is gone.
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

// load reads the file, or what an earlier version left, and the key that the secrets were sealed with.
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

// Memory is an empty store without a folder: what it holds ends with it. It is for simulations, which make thousands.
func Memory() (*Store, error) {
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	sealer, err := newSealer(key)
	return &Store{sealer: sealer, current: empty()}, err
}

// Close lets go of the folder. Transactions after Close fail. Closing twice is allowed.
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
	if len(tx.writes) == 0 {
		return nil
	}
	if s.file != nil {
		if err := writeFile(s.file, tx.writes); err != nil {
			return fmt.Errorf("write the cloud's store %s: %w; free space or make the folder writable", s.file.Path(), err)
		}
	}
	s.current = tx.content
	return nil
}
