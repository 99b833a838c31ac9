package keyspage

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// source has a field of each kind, two fields under one comment, and a struct that two fields have.
const source = `package p

// File is the file.
type File struct {
	// Name is what File calls it. Default: none.
	Name string ` + "`json:\"name\"`" + `
	// MaxSize limits a|b. With Name empty, MaxSize is 0; see Top.Level.
	MaxSize int64 ` + "`json:\"maxSize,omitempty\"`" + `
	// Wait and Pause are times.
	Wait  time.Duration ` + "`json:\"wait\"`" + `
	Pause time.Duration ` + "`json:\"pause\"`" + `
	// First and Second are parts.
	First  *Part          ` + "`json:\"first\"`" + `
	Second Part           ` + "`json:\"second\"`" + `
	All    map[string]Sub ` + "`json:\"all\"`" + `
	Some   []other.Sub    ` + "`json:\"some\"`" + `
	Share  float64        ` + "`json:\"share\"`" + `
	On     bool           ` + "`json:\"on\"`" + `
}

type Part struct {
	// Key is a key.
	Key string ` + "`json:\"key\"`" + `
}

type Sub struct {
	// Port is a port.
	Port int ` + "`json:\"port\"`" + `
}

func f() {}
`

const page = `
## Above

| key | value | meaning |
|---|---|---|
| ` + "`name`" + ` | text | ` + "`name`" + ` is what File calls it. Default: none. |
| ` + "`maxSize`" + ` | whole number | ` + "`maxSize` limits a\\|b. With `name` empty, `maxSize`" + ` is 0; see the top. |
| ` + "`wait`" + ` | time | ` + "`wait` and `pause`" + ` are times. |
| ` + "`pause`" + ` | time | ` + "`wait` and `pause`" + ` are times. |
| ` + "`first`" + ` | [first](#first) | ` + "`first` and `second`" + ` are parts. |
| ` + "`second`" + ` | [first](#first) | ` + "`first` and `second`" + ` are parts. |
| ` + "`all`" + ` | map of [all.KEY](#allkey) | ` + "`first` and `second`" + ` are parts. |
| ` + "`some`" + ` | list of [all.KEY](#allkey) | ` + "`first` and `second`" + ` are parts. |
| ` + "`share`" + ` | number | ` + "`first` and `second`" + ` are parts. |
| ` + "`on`" + ` | true or false | ` + "`first` and `second`" + ` are parts. |

## first

| key | value | meaning |
|---|---|---|
| ` + "`key`" + ` | text | ` + "`key`" + ` is a key. |

## all.KEY

| key | value | meaning |
|---|---|---|
| ` + "`port`" + ` | whole number | ` + "`port`" + ` is a port. |
`

func TestRead(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "p.go")
	require.NoError(t, os.WriteFile(file, []byte(source), 0o600))
	p := Page{Tag: "json", Kinds: map[string]string{"time.Duration": "time"}, Words: []string{"Top.Level", "the top"}}
	got, err := p.Read("Above", "File", file)
	require.NoError(t, err)
	assert.Equal(t, page, got)

	_, err = p.Read("Above", "Fiel", file)
	assert.EqualError(t, err, "no struct Fiel is in "+file)
	_, err = p.Read("Above", "File", file+"x")
	assert.ErrorIs(t, err, os.ErrNotExist)
	require.NoError(t, os.WriteFile(file, []byte("package"), 0o600))
	_, err = p.Read("Above", "File", file)
	assert.ErrorContains(t, err, "expected")
}
