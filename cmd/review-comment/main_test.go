package main

import (
	"bytes"
	"flag"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestRun(t *testing.T) {
	t.Parallel()
	const run1 = "https://github.com/o/r/actions/runs/1"
	for name, test := range map[string]struct {
		arguments []string
		in        string
		code      int
		out, said string
	}{
		"a report": {[]string{run1}, `{"base": "1", "head": "2", "stacks": [{"name": "dev"}]}`, 0,
			"<!-- platform-review -->\n## What this pull request would do\n\nNothing: no stack changes, costs stay, nobody gains anything, and no " +
				"policy says " +
				"anything new.\n\n", ""},
		"no report":       {[]string{run1}, "# hello", 2, "", "standard input is not a report of `sandbox review --json`"},
		"no address":      {nil, "{}", 2, "", "give the address of the workflow's run"},
		"a bad address":   {[]string{"https://example.com/a) [b](c"}, "{}", 2, "", "give the address of the workflow's run"},
		"help":            {[]string{"--help"}, "", 0, page.Help(flag.NewFlagSet("review-comment", flag.ContinueOnError)), ""},
		"an unknown flag": {[]string{"--run"}, "{}", 2, "", "review-comment: unknown flag: --run: see --help"},
		"another scheme":  {[]string{"javascript:alert(1)"}, "{}", 2, "", "give the address of the workflow's run"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out, said bytes.Buffer
			assert.Equal(t, test.code, run(test.arguments, strings.NewReader(test.in), &out, &said))
			assert.Equal(t, test.out, out.String())
			assert.Contains(t, said.String(), test.said)
		})
	}
}
