package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Document is an API's JSON object. Numbers are float64, as encoding/json makes them.
type Document = map[string]any

// Tx is one transaction. It must not be used after the function it was given to has returned.
type Tx struct {
	content  content
	sealer   *sealer
	readOnly bool
	changed  bool
}

var errReadOnly = errors.New("write in a read-only transaction")

// Get returns a copy of the document of that name, or nil when there is none.
func (tx *Tx) Get(name string) Document {
	data, found := tx.content.Documents[name]
	if !found {
		return nil
	}
	var document Document
	if err := json.Unmarshal(data, &document); err != nil {
		// Put encoded it and load checked it: only a damaged memory gets here.
		panic(fmt.Sprintf("store: document %s does not decode: %v", name, err))
	}
	return document
}

// Has says whether a document of that name exists.
func (tx *Tx) Has(name string) bool {
	_, found := tx.content.Documents[name]
	return found
}

// Put makes or replaces a document.
func (tx *Tx) Put(name string, document Document) error {
	if tx.readOnly {
		return errReadOnly
	}
	if document == nil {
		return fmt.Errorf("put %s: no document", name)
	}
	data, err := json.Marshal(document)
	if err != nil {
		return fmt.Errorf("put %s: %w", name, err)
	}
	if !bytes.Equal(tx.content.Documents[name], data) {
		tx.content.Documents[name] = data
		tx.changed = true
	}
	return nil
}

// Delete removes the document of that name and says whether there was one.
func (tx *Tx) Delete(name string) (bool, error) {
	if tx.readOnly {
		return false, errReadOnly
	}
	_, found := tx.content.Documents[name]
	if found {
		delete(tx.content.Documents, name)
		tx.changed = true
	}
	return found, nil
}

// List returns the names that begin with prefix, sorted.
func (tx *Tx) List(prefix string) []string {
	var names []string
	for name := range tx.content.Documents {
		if strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// PutSecret seals payload under name, which takes no part in the documents' names.
func (tx *Tx) PutSecret(name string, payload []byte) error {
	if tx.readOnly {
		return errReadOnly
	}
	if tx.content.Sealed == nil {
		tx.content.Sealed = map[string][]byte{}
	}
	tx.content.Sealed[name] = tx.sealer.seal(name, payload)
	tx.changed = true
	return nil
}

// Secret opens the payload sealed under name; found is false when there is none. The error says that the key does not
// fit, and never contains the payload.
func (tx *Tx) Secret(name string) (payload []byte, found bool, err error) {
	sealed, found := tx.content.Sealed[name]
	if !found {
		return nil, false, nil
	}
	payload, err = tx.sealer.open(name, sealed)
	return payload, true, err
}

// DeleteSecret destroys the payload sealed under name, if there is one.
func (tx *Tx) DeleteSecret(name string) error {
	if tx.readOnly {
		return errReadOnly
	}
	if _, found := tx.content.Sealed[name]; found {
		delete(tx.content.Sealed, name)
		tx.changed = true
	}
	return nil
}
