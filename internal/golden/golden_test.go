package golden_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/internal/golden"
)

// recorder is a test that remembers how it failed.
type recorder struct {
	testing.TB
	failure string
}

func (r *recorder) Errorf(format string, args ...any) { r.failure = fmt.Sprintf(format, args...) }

func TestCheck(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "recorded.txt")
	long := strings.Repeat("line\n", 1000)
	golden.Check(t, file, "first\n"+long, true)
	golden.Check(t, file, "first\n"+long, false)

	changed := &recorder{TB: t}
	golden.Check(changed, file, "other\n"+long, false)
	assert.Equal(t, file+" is not what the test made now. Read the difference, and run TestCheck with -update to accept it:\n"+
		"@@ -1,3 +1,3 @@\n-first\n+other\n line\n line", changed.failure)

	rewritten := &recorder{TB: t}
	golden.Check(rewritten, file, strings.Repeat("new\n", 1000), false)
	assert.Contains(t, rewritten.failure, "… and more")
	assert.Less(t, strings.Count(rewritten.failure, "\n"), 210)

	recorded, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, "first\n"+long, string(recorded), "only update writes")
}
