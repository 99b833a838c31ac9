package check

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/guiofsaints/procureflow-platform/internal/cli"
)

func TestMissing(t *testing.T) {
	t.Parallel()
	assert.Empty(t, missing(func(string) bool { return true }))
	assert.Equal(t, []string{"shellcheck", "nodejs"}, missing(func(program string) bool {
		return program != "shellcheck" &&
			program != "node"
	}))
}

func TestWrongCall(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"-only", "everything"}, `check: there is no step "everything": use install, format, compile, cli, vet, test`},
		{[]string{"--only", "vte"},
			`check: there is no step "vte": use install, format, compile, cli, vet, test; did you mean vet?`},
		{[]string{"seting"}, `check: unexpected argument "seting": see --help; did you mean settings?`},
		{[]string{"--qiuck"}, `check: unknown flag: --qiuck; did you mean --quick? See --help`},
		{[]string{"settings", "--foldr", "x"}, `check settings: unknown flag: --foldr; did you mean --folder? See --help`},
	} {
		var out, errs strings.Builder
		assert.Equal(t, ExitUsage, Run(t.Context(), test.args, cli.Streams{Out: &out, Err: &errs}))
		assert.Equal(t, test.want+"\n", errs.String())
	}
	var out, errs strings.Builder
	assert.Equal(t, ExitDone, Run(t.Context(), []string{"settings", "--help"}, cli.Streams{Out: &out, Err: &errs}))
	assert.Contains(t, out.String(), "Check the files of an application")
}
