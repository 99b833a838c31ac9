package store_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/store"
)

func TestKept(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	var kept store.Kept[string]
	reads := 0
	get := func(key string) string {
		t.Helper()
		said := "nothing"
		require.NoError(t, s.View(func(tx *store.Tx) error {
			value, found := kept.Get(tx, key, func() (string, bool) {
				reads++
				document := tx.Get(key)
				return fmt.Sprint(document["n"]), document != nil
			})
			if found {
				said = value
			}
			return nil
		}))
		return fmt.Sprint(said, ", reads: ", reads)
	}
	put := func(key string, n float64) {
		t.Helper()
		require.NoError(t, s.Update(func(tx *store.Tx) error { return tx.Put(key, store.Document{"n": n}) }))
	}
	assert.Equal(t, "nothing, reads: 1", get("a"))
	assert.Equal(t, "nothing, reads: 2", get("a"), "what is missing is looked for again")
	put("a", 1)
	assert.Equal(t, "1, reads: 3", get("a"))
	assert.Equal(t, "1, reads: 3", get("a"))
	put("b", 2)
	assert.Equal(t, "1, reads: 4", get("a"), "any change may concern it")
	assert.Equal(t, "2, reads: 5", get("b"))
	put("a", 3)
	assert.Equal(t, "3, reads: 6", get("a"))
	require.NoError(t, s.Update(func(tx *store.Tx) error { return tx.Delete("a") }))
	assert.Equal(t, "nothing, reads: 7", get("a"))
}

// TestKeptByMany has many goroutines read while one writes. Each reader finds what its transaction has.
func TestKeptByMany(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	var kept store.Kept[float64]
	var all sync.WaitGroup
	all.Go(func() {
		for n := range 50 {
			assert.NoError(t, s.Update(func(tx *store.Tx) error { return tx.Put("a", store.Document{"n": float64(n)}) }))
		}
	})
	for range 4 {
		all.Go(func() {
			for range 200 {
				assert.NoError(t, s.View(func(tx *store.Tx) error {
					read := func() (float64, bool) { n, is := tx.Get("a")["n"].(float64); return n, is }
					value, found := kept.Get(tx, "a", read)
					want, is := read()
					assert.Equal(t, is, found)
					assert.Equal(t, want, value)
					return nil
				}))
			}
		})
	}
	all.Wait()
}
