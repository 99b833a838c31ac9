package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Document is an API's JSON object. Numbers are float64, as encoding/json makes them.
type Document = map[string]any

// Tx is one transaction. Do not use it after the function that received it has returned.
type Tx struct {
	content  content
	sealer   *sealer
	readOnly bool
	writes   []write // in the order in which they were made
}

var errReadOnly = errors.New("write in a read-only transaction")

// set makes a change in the transaction's own copy and records it for the file.
func (tx *Tx) set(w write) {
	tx.content.apply(w)
	tx.writes = append(tx.writes, w)
}

func (c content) apply(w write) {
	tree := c.documents
	if w.bucket == sealedBucket {
		tree = c.sealed
	}
	if w.value == nil {
		tree.Delete(w.name)
	} else {
		tree.Set(w.name, w.value)
	}
}

// Version is the same in two transactions of a store if and only if nothing was written between them. What a reader made of the content
// may be kept as long. It does not count the transaction's own writes.
func (tx *Tx) Version() uint64 { return tx.content.version }

// Get returns a copy of the document of that name, or nil if it does not exist.
func (tx *Tx) Get(name string) Document {
	data, found := tx.content.documents.Get(name)
	if !found {
		return nil
	}
	var document Document
	if err := json.Unmarshal(data, &document); err != nil {
		// Put has encoded it and load has checked it, so only damaged memory leads here.
		panic(fmt.Sprintf("store: document %s does not decode: %v", name, err))
	}
	return document
}

// Has reports whether a document of that name exists.
func (tx *Tx) Has(name string) bool {
	_, found := tx.content.documents.Get(name)
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
	if before, _ := tx.content.documents.Get(name); !bytes.Equal(before, data) {
		tx.set(write{bucket: documentsBucket, name: name, value: data})
	}
	return nil
}

// Delete removes the document of that name, if there is one.
func (tx *Tx) Delete(name string) error {
	if tx.readOnly {
		return errReadOnly
	}
	if tx.Has(name) {
		tx.set(write{bucket: documentsBucket, name: name})
	}
	return nil
}

// List returns the sorted names of the documents whose names begin with prefix.
func (tx *Tx) List(prefix string) []string {
	var names []string
	tx.content.documents.Ascend(prefix, func(name string, _ []byte) bool {
		if !strings.HasPrefix(name, prefix) {
			return false
		}
		names = append(names, name)
		return true
	})
	return names
}

// PutSecret encrypts payload and stores it under name. The name is not in the list of documents.
func (tx *Tx) PutSecret(name string, payload []byte) error {
	if tx.readOnly {
		return errReadOnly
	}
	tx.set(write{bucket: sealedBucket, name: name, value: tx.sealer.seal(name, payload)})
	return nil
}

// Secret decrypts the payload stored under name. found is false if there is no such payload. The error says that the key does not
// fit, and never contains the payload.
func (tx *Tx) Secret(name string) (payload []byte, found bool, err error) {
	sealed, found := tx.content.sealed.Get(name)
	if !found {
		return nil, false, nil
	}
	payload, err = tx.sealer.open(name, sealed)
	return payload, true, err
}

// DeleteSecret destroys the payload stored under name, if it exists.
func (tx *Tx) DeleteSecret(name string) error {
	if tx.readOnly {
		return errReadOnly
	}
	if _, found := tx.content.sealed.Get(name); found {
		tx.set(write{bucket: sealedBucket, name: name})
	}
	return nil
}
