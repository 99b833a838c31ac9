package plural_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/guiofsaints/procureflow-platform/internal/plural"
)

func TestOf(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{-1: "-1 entries", 0: "0 entries", 1: "1 entry", 2: "2 entries", 21: "21 entries"} {
		assert.Equal(t, want, plural.Of(n, "entry", "entries"))
	}
}
