package pulumicli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// scripted returns a CLI that is a shell script.
func scripted(t *testing.T, script string) CLI {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pulumi")
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o755))
	return CLI{Path: path}
}

// TestRun checks what the Automation API gets from the CLI, and the CLI from the Automation API.
func TestRun(t *testing.T) {
	t.Setenv("PULUMI_ACCESS_TOKEN", "of somebody")
	folder := t.TempDir()
	cli := scripted(t, `echo "$* in $(pwd) with $PULUMI_HOME, $PULUMI_AUTOMATION_API and ${PULUMI_ACCESS_TOKEN:-no token}: $(cat)"
echo "a warning" >&2
exit $(test "$2" = fail && echo 3 || echo 0)`)
	started := 0
	cli.Started = func(process *os.Process) {
		started++
		assert.Positive(t, process.Pid)
	}
	for _, test := range []struct {
		args []string
		told string
		code int
	}{
		{[]string{"up", "--stack", "dev"}, "--non-interactive up --stack dev", 0},
		{[]string{"fail", "--non-interactive"}, "fail --non-interactive", 0},
		{[]string{"fail"}, "--non-interactive fail", 3},
	} {
		var out, errs bytes.Buffer
		gotOut, gotErrs, code, err := cli.Run(t.Context(), folder, strings.NewReader("typed"), []io.Writer{&out}, []io.Writer{&errs},
			[]string{"PULUMI_HOME=/home"}, test.args...)
		var exit *exec.ExitError
		assert.Equal(t, test.code != 0, errors.As(err, &exit), test.args)
		assert.Equal(t, test.code, code, test.args)
		assert.Equal(t, test.told+" in "+folder+" with /home, true and no token: typed\n", gotOut)
		assert.Equal(t, "a warning\n", gotErrs)
		assert.Equal(t, gotOut+gotErrs, out.String()+errs.String(), "it is shown while the command runs")
	}
	assert.Equal(t, 3, started)
	_, _, code, err := CLI{Path: filepath.Join(folder, "missing")}.Run(t.Context(), folder, nil, nil, nil, nil)
	require.ErrorIs(t, err, os.ErrNotExist)
	assert.Equal(t, -2, code)
}

// TestInterruptedRun checks that a canceled command is interrupted, and not killed: the engine finishes its running steps.
func TestInterruptedRun(t *testing.T) {
	t.Parallel()
	cli := scripted(t, `trap 'echo "the step is finished"; exit 0' INT
echo begun
while true; do sleep 0.01; done`)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out, _, _, err := cli.Run(ctx, t.TempDir(), nil, []io.Writer{&hook{then: cancel}}, nil, nil)
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, "begun\nthe step is finished\n", out)
}
