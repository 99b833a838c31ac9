package store

import "sync"

// Kept keeps what readers make of a store's content until the content changes, for readers that come more often than changes do. Its
// zero value keeps nothing yet. Many goroutines may use it.
type Kept[T any] struct {
	mu      sync.Mutex
	version uint64
	values  map[string]T
}

// Get returns what is kept under key. If nothing is, it makes and keeps it, unless read reports that there is nothing to read. Readers
// share the value, so nobody may change it. tx must not have written anything, and read must not use the same Kept.
func (k *Kept[T]) Get(tx *Tx, key string, read func() (T, bool)) (T, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.values == nil || k.version != tx.Version() {
		k.version, k.values = tx.Version(), map[string]T{}
	}
	value, found := k.values[key]
	if !found {
		if value, found = read(); found {
			k.values[key] = value
		}
	}
	return value, found
}
