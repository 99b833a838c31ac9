package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
)

// legacyFile held the whole state in format 1, until 2026-11.
const legacyFile = "state.json"

// takeOver moves the state that an earlier version left in path into the file, in one transaction, and then removes path. If the
// store already has content, a process was killed between these two steps, and path is outdated.
func (s *Store) takeOver(path string) error {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the cloud's store: %w", err)
	}
	if s.current.documents.Len()+s.current.sealed.Len() == 0 {
		writes, err := decodeLegacy(path, data)
		if err != nil {
			return err
		}
		if err := writeFile(s.file, writes); err != nil {
			return fmt.Errorf("take the cloud's store %s over into %s: %w; free space or make the folder writable", path, s.file.Path(), err)
		}
		for _, w := range writes {
			s.current.apply(w)
		}
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("remove the cloud's store %s, which was taken over: %w; make the folder writable", path, err)
	}
	return nil
}

func decodeLegacy(path string, data []byte) ([]write, error) {
	damaged := func(err error) error {
		return fmt.Errorf("the cloud's store %s is damaged: %w; %s", path, err, restore)
	}
	var legacy struct {
		Format    int                        `json:"format"`
		Documents map[string]json.RawMessage `json:"documents"`
		Sealed    map[string][]byte          `json:"sealed"`
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&legacy); err != nil {
		return nil, damaged(err)
	}
	if legacy.Format != 1 {
		return nil, damaged(fmt.Errorf("it says format %d instead of 1", legacy.Format))
	}
	var writes []write
	for _, name := range slices.Sorted(maps.Keys(legacy.Documents)) {
		if document := legacy.Documents[name]; len(document) == 0 || document[0] != '{' {
			return nil, damaged(fmt.Errorf("%s has something other than an object", name))
		}
		writes = append(writes, write{bucket: documentsBucket, name: name, value: legacy.Documents[name]})
	}
	for _, name := range slices.Sorted(maps.Keys(legacy.Sealed)) {
		writes = append(writes, write{bucket: sealedBucket, name: name, value: legacy.Sealed[name]})
	}
	return writes, nil
}
