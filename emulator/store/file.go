package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// layout is the version of the file's layout. A file of a newer format is refused and never overwritten. Format 1 was a single
// JSON file; see legacy.go.
const layout = 2

const stateFile = "state.db"

// The file has these buckets. The format is stored in about, under formatKey.
const (
	aboutBucket     = "about"
	documentsBucket = "documents"
	sealedBucket    = "sealed"

	formatKey = "format"
)

const restore = "restore the file, or delete its folder to start with an empty cloud"

// write is one change of the file. It stores value under name in bucket; a nil value removes the name.
type write struct {
	bucket string
	name   string
	value  []byte
}

// lockWait bounds how long [Open] waits for the file's lock. It is long enough for a process that is just releasing the lock.
const lockWait = 50 * time.Millisecond

// openFile opens and locks the database of the folder. A new database stays empty until the first write.
func openFile(dir string) (*bbolt.DB, error) {
	path := filepath.Join(dir, stateFile)
	var file *bbolt.DB
	err := guarded(func() (err error) {
		file, err = bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockWait})
		return err
	})
	switch {
	case errors.Is(err, berrors.ErrTimeout):
		return nil, fmt.Errorf("cloud's store %s: %w; stop the process that uses it", dir, ErrLocked)
	case errors.Is(err, os.ErrPermission):
		return nil, fmt.Errorf("open the cloud's store: %w; make the file yours", err)
	case err != nil:
		return nil, fmt.Errorf("the cloud's store %s is damaged: %w; %s", path, err, restore)
	}
	return file, nil
}

// readFile reads everything into memory. A new file has no buckets yet.
func readFile(file *bbolt.DB) (content, error) {
	damaged := func(err error) error {
		return fmt.Errorf("the cloud's store %s is damaged: %w; %s", file.Path(), err, restore)
	}
	all, format := empty(), 0
	err := guarded(func() error {
		return file.View(func(tx *bbolt.Tx) error {
			about := tx.Bucket([]byte(aboutBucket))
			if about == nil {
				return nil
			}
			var err error
			if format, err = strconv.Atoi(string(about.Get([]byte(formatKey)))); err != nil || format < 2 {
				return errors.New("it says no format")
			}
			if format > layout {
				return nil
			}
			return errors.Join(
				eachOf(tx, documentsBucket, func(name string, value []byte) error {
					if len(value) == 0 || value[0] != '{' {
						return fmt.Errorf("%s has something other than an object", name)
					}
					all.documents.Set(name, value)
					return nil
				}),
				eachOf(tx, sealedBucket, func(name string, value []byte) error {
					all.sealed.Set(name, value)
					return nil
				}),
			)
		})
	})
	switch {
	case err != nil:
		return content{}, damaged(err)
	case format > layout:
		return content{}, fmt.Errorf("the cloud's store %s has format %d and this program reads up to %d; "+
			"use the newer program, or delete the folder to start with an empty cloud", file.Path(), format, layout)
	}
	return all, nil
}

// eachOf calls read with a copy of each value of a bucket. A copy is needed because the file's own memory is invalid after the
// transaction.
func eachOf(tx *bbolt.Tx, bucket string, read func(name string, value []byte) error) error {
	b := tx.Bucket([]byte(bucket))
	if b == nil {
		return fmt.Errorf("it has no bucket %q", bucket)
	}
	return b.ForEach(func(name, value []byte) error { return read(string(name), slices.Clone(value)) })
}

// writeFile makes the changes in one transaction of the file. They are durable if it returns without an error.
func writeFile(file *bbolt.DB, writes []write) error {
	return file.Update(func(tx *bbolt.Tx) error {
		if tx.Bucket([]byte(aboutBucket)) == nil {
			if err := layOut(tx); err != nil {
				return err
			}
		}
		for _, w := range writes {
			bucket := tx.Bucket([]byte(w.bucket))
			if w.value == nil {
				if err := bucket.Delete([]byte(w.name)); err != nil {
					return fmt.Errorf("%s: %w", w.name, err)
				}
				continue
			}
			if err := bucket.Put([]byte(w.name), w.value); err != nil {
				return fmt.Errorf("%s: %w", w.name, err)
			}
		}
		return nil
	})
}

func layOut(tx *bbolt.Tx) error {
	for _, name := range []string{aboutBucket, documentsBucket, sealedBucket} {
		if _, err := tx.CreateBucketIfNotExists([]byte(name)); err != nil {
			return err
		}
	}
	return tx.Bucket([]byte(aboutBucket)).Put([]byte(formatKey), []byte(strconv.Itoa(layout)))
}

// guarded runs read and turns a crash in it into an error. The database maps the file into memory, so a truncated file shows as a
// memory fault or a panic.
func guarded(read func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if broken := recover(); broken != nil {
			err = fmt.Errorf("its pages do not read: %v", broken)
		}
	}()
	return read()
}
