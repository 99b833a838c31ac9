package sandbox_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestPolicyPackAsADirectory: the engine compiles policy/ through the language host and holds the stack against it.
func TestPolicyPackAsADirectory(t *testing.T) {
	t.Parallel()
	s, _ := deployed(t, "dev")
	pack, config := filepath.Join(root, "policy"), filepath.Join(root, "policy", "dev.json")
	passed := s.must("pulumi", "--", "preview", "--stack", "dev", "--policy-pack", pack, "--policy-pack-config", config)
	assert.Contains(t, passed.out, "procureflow@v")
	assert.NotContains(t, passed.out, "[mandatory]")

	// The same directory with a ceiling that nothing stays below stops the preview.
	strict := filepath.Join(t.TempDir(), "strict.json")
	require.NoError(t, os.WriteFile(strict, []byte(`{"worst-case-cost": {"enforcementLevel": "mandatory", "ceiling": 1}}`), 0o600))
	stopped := s.run("pulumi", "--", "preview", "--stack", "dev", "--policy-pack", pack, "--policy-pack-config", strict)
	assert.NotEqual(t, 0, stopped.exit, stopped)
	assert.Contains(t, stopped.out+stopped.err, "worst-case-cost")
}
