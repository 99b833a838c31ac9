package parallel

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
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
	r := Report{Out: &out}
	require.NoError(t, r.Read(strings.NewReader(stream)))
	r.Summary()
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
