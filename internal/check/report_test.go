package check

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/internal/cli"
)

// stream is what go test -json prints about six packages: one passes, one skips, one fails, one dies with its process, one has no
// tests, and one does not compile.
const stream = `{"ImportPath":"m/broken","Action":"build-output","Output":"broken.go:3:1: undefined: x\n"}
{"Action":"start","Package":"m/a"}
{"Action":"run","Package":"m/a","Test":"TestGood"}
{"Action":"output","Package":"m/a","Test":"TestGood","Output":"=== RUN   TestGood\n"}
{"Action":"output","Package":"m/a","Test":"TestGood","Output":"    a_test.go:5: chatter\n"}
{"Action":"pass","Package":"m/a","Test":"TestGood","Elapsed":0}
{"Action":"output","Package":"m/a","Test":"TestSkipped","Output":"=== RUN   TestSkipped\n"}
{"Action":"output","Package":"m/a","Test":"TestSkipped","Output":"    a_test.go:9: jq is not installed: apt-get install jq\n"}
{"Action":"output","Package":"m/a","Test":"TestSkipped","Output":"--- SKIP: TestSkipped (0.00s)\n"}
{"Action":"skip","Package":"m/a","Test":"TestSkipped","Elapsed":0}
{"Action":"output","Package":"m/a","Test":"TestBad/one","Output":"        a_test.go:14: 1 is not 2\n"}
{"Action":"fail","Package":"m/a","Test":"TestBad/one","Elapsed":0}
{"Action":"output","Package":"m/a","Test":"TestBad","Output":"--- FAIL: TestBad (0.00s)\n"}
{"Action":"fail","Package":"m/a","Test":"TestBad","Elapsed":0}
{"Action":"output","Package":"m/a","Test":"TestDies","Output":"panic: oh\n"}
{"Action":"output","Package":"m/a","Output":"FAIL\tm/a\t0.1s\n"}
{"Action":"fail","Package":"m/a","Elapsed":0.1}
not an event
{"Action":"output","Package":"m/b","Output":"PASS\n"}
{"Action":"output","Package":"m/b","Output":"ok  \tm/b\t0.1s\n"}
{"Action":"pass","Package":"m/b","Elapsed":0.1}
{"Action":"output","Package":"m/c","Output":"?   \tm/c\t[no test files]\n"}
{"Action":"skip","Package":"m/c","Elapsed":0}`

func TestReport(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	r := report{out: &out}
	require.NoError(t, r.read(strings.NewReader(stream)))
	r.summary()
	assert.Equal(t, `broken.go:3:1: undefined: x
        a_test.go:14: 1 is not 2
--- FAIL: TestBad (0.00s)
panic: oh
FAIL	m/a	0.1s
not an event
ok  	m/b	0.1s
Did not run:
  TestSkipped: jq is not installed: apt-get install jq
1 passed, 2 failed, 1 skipped
`, strings.Replace(out.String(), "FAIL\tm/a\t0.1s\npanic: oh\n", "panic: oh\nFAIL\tm/a\t0.1s\n", 1))
}

func TestMissing(t *testing.T) {
	t.Parallel()
	assert.Empty(t, missing(func(string) bool { return true }))
	assert.Equal(t, []string{"shellcheck", "nodejs"}, missing(func(program string) bool {
		return program != "shellcheck" &&
			program != "node"
	}))
}

func TestACallThatIsWrong(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"-only", "everything"}, `check: there is no step "everything": use install, format, compile, cli, vet, test`},
		{[]string{"--only", "vte"},
			`check: there is no step "vte"; did you mean vet?: use install, format, compile, cli, vet, test`},
		{[]string{"seting"}, `check: unexpected argument "seting"; did you mean settings?: see --help`},
		{[]string{"--qiuck"}, `check: unknown flag: --qiuck; did you mean --quick?: see --help`},
		{[]string{"settings", "--foldr", "x"}, `check settings: unknown flag: --foldr; did you mean --folder?: see --help`},
	} {
		var out, errs strings.Builder
		assert.Equal(t, ExitUsage, Run(t.Context(), test.args, cli.Streams{Out: &out, Err: &errs}))
		assert.Equal(t, test.want+"\n", errs.String())
	}
	var out, errs strings.Builder
	assert.Equal(t, ExitDone, Run(t.Context(), []string{"settings", "--help"}, cli.Streams{Out: &out, Err: &errs}))
	assert.Contains(t, out.String(), "Check the files of an application")
}
