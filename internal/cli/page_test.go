package cli

import (
	"bytes"
	"flag"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var page = Page{Usage: "tool FOLDER", Purpose: "Do things", Details: "It does them to a folder.", Examples: "  tool --fast x",
	Codes: "Exit codes: 0 done."}

func parse(args ...string) (said string, fast bool, err error) {
	var out bytes.Buffer
	flags := flag.NewFlagSet("tool", flag.ContinueOnError)
	flags.SetOutput(&out)
	flags.BoolVar(&fast, "fast", false, "at once")
	flags.Int("times", 1, "how often")
	err = page.Parse(flags, args, &out)
	return out.String(), fast, err
}

func TestPage(t *testing.T) {
	t.Parallel()
	said, _, err := parse("-h")
	require.ErrorIs(t, err, flag.ErrHelp)
	assert.Equal(t, "Do things.\n\nIt does them to a folder.\n\n"+
		"Usage:\n  tool FOLDER [flags]\n\nExamples:\n  tool --fast x\n\nFlags:\n"+
		"      --fast        at once\n  -h, --help        help for tool\n"+
		"      --times int   how often (default 1)\n\nExit codes: 0 done.\n", said)
	for _, word := range []string{"-fast", "--fast"} {
		_, fast, err := parse(word)
		require.NoError(t, err)
		assert.True(t, fast)
	}
	for args, want := range map[string]string{
		"--fats": "unknown flag: --fats; did you mean --fast? See --help", "-zzzzzz": "unknown flag: --zzzzzz: see --help",
		"-times=x": `invalid value "x" for flag -times: parse error: see --help`,
	} {
		said, _, err := parse(args)
		require.EqualError(t, err, want)
		assert.Empty(t, said)
	}
}
