package newrule

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestFirstRulePage runs the command blocks of docs/first-rule.md one after the other, in policy/. The lines that the
// page shows after a block have to be in the block's output. With `check --full`, go vet also reads the written rule, and for that all
// that it imports.
func TestFirstRulePage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "first-rule.md"))
	require.NoError(t, err)
	home := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(home, "gcp.json"), []byte(`{"name": "gcp", "provider": {}, "resources": {
		"gcp:storage/bucket:Bucket": {"inputProperties": {"versioning": {"$ref": "#/types/gcp:storage/BucketVersioning:BucketVersioning"}}}},
		"types": {"gcp:storage/BucketVersioning:BucketVersioning": {"properties": {"enabled": {"type": "boolean"}}}}}`), 0o600))
	vet := "off"
	if os.Getenv("CHECK_FULL") != "" {
		vet = "all"
	}
	environment := append(os.Environ(), "HOME="+home, "GOPATH="+goEnv(t, "GOPATH"), "GOMODCACHE="+goEnv(t, "GOMODCACHE"),
		"GOCACHE="+goEnv(t, "GOCACHE"), "GOFLAGS=-ldflags=-w -vet="+vet, "GOWORK=off",
		"PULUMI_HOME="+filepath.Join(home, "pulumi"), "PULUMI_SKIP_UPDATE_CHECK=true", "NO_COLOR=1", "PULUMI_OPTION_COLOR=never")
	pulumi := os.Getenv("PULUMI_COMMAND")
	if pulumi != "" {
		require.NoError(t, os.Mkdir(filepath.Join(home, "bin"), 0o755))
		require.NoError(t, os.Symlink(pulumi, filepath.Join(home, "bin", "pulumi")))
		environment = append(environment, "PATH="+filepath.Join(home, "bin")+":"+os.Getenv("PATH"))
	} else if found, err := exec.LookPath("pulumi"); err == nil {
		pulumi = found
	}
	blocks := strings.Split(string(page), "```sh\n")[1:]
	require.Len(t, blocks, 5)
	for _, block := range blocks {
		script, rest, _ := strings.Cut(block, "```")
		if pulumi == "" && strings.Contains(script, "pulumi ") {
			t.Skip("the page's last steps need pulumi, which is not on PATH: install it, or name one in PULUMI_COMMAND")
		}
		cmd := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", script)
		cmd.Dir, cmd.Env = filepath.Join("..", ".."), environment
		output, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s\n%s", script, output)
		_, shown, has := strings.Cut(rest, "```text\n")
		require.True(t, has, "the page does not show the output of:\n%s", script)
		shown, _, _ = strings.Cut(shown, "```")
		for line := range strings.Lines(shown) {
			assert.Contains(t, string(output), strings.TrimSpace(line))
		}
	}
}

// TestFirstRulePageShowsTheWrittenRule compares the rule on the page with the rule that the command writes.
func TestFirstRulePageShowsTheWrittenRule(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "first-rule.md"))
	require.NoError(t, err)
	_, shown, _ := strings.Cut(string(page), "```go\n")
	shown, _, _ = strings.Cut(shown, "```")
	r, err := parse("bucket-versioned", "gcp:storage/bucket:Bucket", "versioning.enabled=true")
	require.NoError(t, err)
	r.Package = "main"
	written, err := fill("rule.go", ruleTemplate, r)
	require.NoError(t, err)
	assert.Contains(t, strings.ReplaceAll(string(written), "\n\t", "\n"), shown)
}

func goEnv(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "env", name).Output()
	require.NoError(t, err)
	return strings.TrimSpace(string(out))
}
