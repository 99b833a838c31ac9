package crossguard

import (
	"hash/maphash"
	"sync"
)

// operation remembers which resources were analyzed one by one, up to the analysis of the stack that ends an operation.
//
// The engine hands a stack policy what it is about to delete, too, where the operation refreshes first (--refresh, or refresh:
// always in Pulumi.yaml): a refreshed resource stays in its list. A program that no longer asks for a resource registers it no
// more, so it was not analyzed by itself. That tells the two apart.
type operation struct {
	mu         sync.Mutex
	registered map[uint64]struct{} // hashes of URNs: the strings would keep whole requests in memory
	managed    bool                // whether one of them is made by a provider
}

var urnSeed = maphash.MakeSeed()

func (o *operation) saw(h header) {
	hash := maphash.String(urnSeed, h.urn)
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.registered == nil {
		o.registered = map[uint64]struct{}{}
	}
	o.registered[hash] = struct{}{}
	o.managed = o.managed || h.managed
}

// end forgets what was seen, and returns what tells the resources that are being deleted. Where no resource of a provider was
// seen no program has run, as in a refresh alone, and nothing is being deleted.
func (o *operation) end() (deleted func(header) bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	registered, managed := o.registered, o.managed
	o.registered, o.managed = nil, false
	return func(h header) bool {
		_, seen := registered[maphash.String(urnSeed, h.urn)]
		return managed && h.managed && !seen
	}
}
