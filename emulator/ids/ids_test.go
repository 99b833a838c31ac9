package ids_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/guiofsaints/procureflow-platform/emulator/ids"
)

// TestForms checks the form of each kind of id. It makes many of each, because an id's first character is as random as the others.
func TestForms(t *testing.T) {
	t.Parallel()
	source := ids.New(rand.NewChaCha8([32]byte{1}))
	for range 200 {
		assert.Regexp(t, `^[1-9][0-9]{18}$`, source.Digits(19))
		assert.Regexp(t, `^[a-z]{5}$`, source.Letters(5))
		assert.Regexp(t, `^[xyz]{3}$`, source.Pick("xyz", 3))
		assert.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, source.UUID())
		assert.Regexp(t, `^[A-Za-z0-9+/]{16}$`, source.Etag())
	}
}

// TestSeedRepeats checks that the ids depend only on the bytes of the source.
func TestSeedRepeats(t *testing.T) {
	t.Parallel()
	first, second := ids.New(rand.NewChaCha8([32]byte{1})), ids.New(rand.NewChaCha8([32]byte{1}))
	for range 20 {
		assert.Equal(t, first.UUID(), second.UUID())
	}
	assert.Equal(t, "00010203-0405-4607-8809-0a0b0c0d0e0f",
		ids.New(bytes.NewReader([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15})).UUID())
	assert.PanicsWithValue(t, "ids: the source of random ids is exhausted: unexpected EOF", func() {
		ids.New(bytes.NewReader([]byte{1})).UUID()
	})
}
