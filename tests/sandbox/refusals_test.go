package sandbox_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/sandbox/command"
	"github.com/guiofsaints/procureflow-platform/sandbox/statedir"
)

// TestProdRefusesDestroy checks that the provider refuses because of deletion protection, before the cloud is asked.
func TestProdRefusesDestroy(t *testing.T) {
	t.Parallel()
	s, _ := deployed(t, "prod")
	destroy := s.run("destroy", "prod")
	assert.Equal(t, command.ExitFailed, destroy.exit)
	assert.Contains(t, destroy.out, "deletion")
	status, _ := s.api("GET", "/run/v2/projects/procureflow-prod/locations/us-central1/services/procureflow-web", nil)
	assert.Equal(t, 200, status)
}

func TestBadSettingsFailBeforeAnythingIsMade(t *testing.T) {
	t.Parallel()
	s := newSandbox(t, func(name, content string) string {
		if name != "Pulumi.dev.yaml" {
			return content
		}
		content = strings.Replace(content, "memory: 512Mi", "memory: 64Mi", 1)
		return strings.Replace(content, "maxInstances: 2", "maxInstances: 2\n        minInstnaces: 1", 1)
	})
	up := s.run("up", "dev")
	assert.Equal(t, command.ExitUsage, up.exit, "%s", up)
	assert.Contains(t, up.err, "services.web.memory")
	assert.Contains(t, up.err, "services.web.minInstnaces")
	assert.Contains(t, up.err, "minInstances", "the error suggests the nearest key")
	_, err := os.Stat(filepath.Join(s.state, "cloud"))
	assert.ErrorIs(t, err, os.ErrNotExist, "nothing was started")
}

func TestBadCalls(t *testing.T) {
	t.Parallel()
	s := newSandbox(t, nil)
	tests := []struct {
		args []string
		exit int
		says string
	}{
		{[]string{"up"}, command.ExitUsage, "takes one stack (dev, staging or prod), got 0 arguments"},
		{[]string{"up", "dev", "prod"}, command.ExitUsage, "got 2 arguments"},
		{[]string{"up", "production"}, command.ExitUsage,
			`there is no stack "production": Pulumi.production.yaml does not exist; stacks are dev, staging, prod`},
		{[]string{"up", "../dev"}, command.ExitUsage, `there is no stack "../dev"`},
		{[]string{"upp", "dev"}, command.ExitUsage, `there is no command "upp"; did you mean up?`},
		{[]string{"up", "--fast", "dev"}, command.ExitUsage, "unknown flag: --fast"},
		{[]string{"export", "staging"}, command.ExitUsage, "stack staging has no state yet"},
		{[]string{"drift", "staging"}, command.ExitUsage, "stack staging has no state yet"},
		{[]string{"--dir", filepath.Join(s.state, "none"), "up", "dev"}, command.ExitUsage, "Pulumi.yaml: no such file or directory"},
		{[]string{"pulumi"}, command.ExitUsage, "takes -- ARGS, got none; usage: sandbox pulumi -- ARGS"},
	}
	for _, test := range tests {
		got := s.run(test.args...)
		assert.Equal(t, test.exit, got.exit, "%v: %s", test.args, got)
		assert.Contains(t, got.err, test.says, "%v", test.args)
		assert.Empty(t, got.out, "%v", test.args)
	}
}

func TestSecondCommandNamesTheFirst(t *testing.T) {
	t.Parallel()
	s := newSandbox(t, nil)
	dir, err := statedir.Open(s.state)
	require.NoError(t, err)
	release, err := dir.Lock(t.Context(), "sandbox up prod", 0, os.Stderr)
	require.NoError(t, err)
	defer release()
	// serve ends a cloud in the background, which the first command may be using.
	for _, line := range [][]string{{"up", "dev"}, {"serve"}, {"stop"}} {
		got := s.run(append([]string{"--wait", "0s"}, line...)...)
		assert.Equal(t, command.ExitBusy, got.exit, line)
		assert.Contains(t, got.err, `the sandbox is held by "sandbox up prod"`, line)
	}
}

// TestPolicyStopsUp checks that a mandatory violation stops the update before the resource is made.
func TestPolicyStopsUp(t *testing.T) {
	t.Parallel()
	s := newSandbox(t, func(_, content string) string {
		return strings.ReplaceAll(content, "maxInstances: 2", "maxInstances: 6")
	})
	up := s.run("up", "dev")
	assert.Equal(t, command.ExitFailed, up.exit, "%s", up)
	assert.Contains(t, up.out, "run-max-instances")
	_, answer := s.api("GET", devServices, nil)
	assert.Empty(t, answer["services"])
}
