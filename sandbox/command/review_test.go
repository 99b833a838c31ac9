package command_test

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/sandbox/command"
)

// TestReviewRefusesBadCalls checks the refusals that come before anything is started. tests/review has the results of
// reviews.
func TestReviewRefusesBadCalls(t *testing.T) {
	t.Parallel()
	repository := t.TempDir()
	require.NoError(t, exec.Command("git", "init", "--quiet", repository).Run())
	nowhere := filepath.Join(t.TempDir(), "nowhere")
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"review"}, "takes BASE [HEAD], got none"},
		{[]string{"review", "nowhere", "--folder", repository}, `"nowhere" names no commit of`},
		{[]string{"review", "main", "--folder", nowhere}, "is in no git repository"},
		{[]string{"review", "main", "--measured", "web"}, `--measured "web": write SERVICE=REQUESTS:MILLISECONDS`},
		{[]string{"review", "HEAD", "--from-export", nowhere}, "--from-export: open "},
		{[]string{"rehearse", "main"}, "takes BASE HEAD, got main"},
		{[]string{"cost", "dev", "--measured", "web=many:1"}, `--measured "web=many:1"`},
	} {
		code, out, problems := sandbox(t.TempDir(), test.args...)
		assert.Equal(t, command.ExitUsage, code, "%v: %s", test.args, problems)
		assert.Empty(t, out)
		assert.Contains(t, problems, test.want, test.args)
	}
}
