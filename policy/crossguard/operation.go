package crossguard

import (
	"hash/maphash"
	"sync"
)

// operation remembers which resources Analyze has checked, until AnalyzeStack ends the operation.
//
// It tells AnalyzeStack which resources are about to be deleted. If the operation refreshes first (--refresh, or refresh: always
// in Pulumi.yaml), the engine sends those to the stack policies too, because a refreshed resource stays in its list. The program
// does not register a resource that it no longer contains, so Analyze was never called for it.
type operation struct {
	mu         sync.Mutex
	registered map[uint64]struct{} // hashes of URNs, because the strings would keep whole requests in memory
	managed    bool                // whether a provider makes at least one of them
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

// end forgets the analyzed resources. It returns a function that reports whether a resource is being deleted. If no resource with
// a provider was analyzed, no program has run, as in a plain refresh, and nothing is being deleted.
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
