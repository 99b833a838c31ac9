package engine

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestHeldPreview checks what is shown of the CLI's output, while it runs and at its end.
func TestHeldPreview(t *testing.T) {
	t.Parallel()
	type piece struct{ out, err string }
	for _, test := range []struct {
		name         string
		said         []piece
		before, want string // what is shown before the command ends, and at its end
	}{
		{"an update", []piece{{out: "Previewing update (dev)\n + web create\n"}, {out: "Updating (dev)\n"}, {out: " + web created\n"}},
			"Updating (dev)\n + web created\n", "Updating (dev)\n + web created\n"},
		{"a refused preview", []piece{{out: "Previewing update (dev)\n"}, {err: "error: a policy\n"}, {out: "Resources:\n"}},
			"", "Previewing update (dev)\nerror: a policy\nResources:\n"},
		{"a warning, once for both", []piece{{err: "warning: w\n"}, {out: "Previewing update (dev)\n"}, {out: "Updating (dev)\n"},
			{err: "error: e\n"}}, "warning: w\nUpdating (dev)\nerror: e\n", "warning: w\nUpdating (dev)\nerror: e\n"},
		{"in pieces", []piece{{out: "Previewing update (dev)\n web"}, {out: "\nUpd"}, {out: "ating"}, {out: " (dev)\n"}},
			"Updating (dev)\n", "Updating (dev)\n"},
		{"in colours", []piece{{out: "\x1b[95;1mPreviewing update (dev)\x1b[0m\n\x1b[95;1mUpdating (dev)\x1b[0m\n"}},
			"\x1b[95;1mUpdating (dev)\x1b[0m\n", "\x1b[95;1mUpdating (dev)\x1b[0m\n"},
		{"a resource of that name", []piece{{out: " + Updating (dev) create\n"}}, "", " + Updating (dev) create\n"},
		{"nothing", nil, "", ""},
	} {
		var shown bytes.Buffer
		held := &heldPreview{to: &shown}
		for _, piece := range test.said {
			_, err := held.stdout().Write([]byte(piece.out))
			require.NoError(t, err)
			_, err = held.stderr().Write([]byte(piece.err))
			require.NoError(t, err)
		}
		assert.Equal(t, test.before, shown.String(), test.name)
		require.NoError(t, held.release())
		assert.Equal(t, test.want, shown.String(), test.name)
	}
}
