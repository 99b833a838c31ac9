package sandbox_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/firstrun/adopt"
)

// documented are the commands of a section's first block that stands at the margin, comments removed.
func documented(t *testing.T, document, section string) []string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, "docs", document))
	require.NoError(t, err)
	_, text, found := strings.Cut(string(content), "\n## "+section+"\n")
	require.True(t, found, "%s has no section %q", document, section)
	var commands []string
	for line := range strings.Lines(text) {
		command, block := strings.CutPrefix(line, "    ")
		if !block && len(commands) > 0 {
			break
		}
		if command, _, _ = strings.Cut(command, " #"); block {
			commands = append(commands, strings.TrimSpace(command))
		}
	}
	return commands
}

// TestTheFirstRunAsDocumented types what docs/bootstrap.md says, in its order, into the sandbox.
func TestTheFirstRunAsDocumented(t *testing.T) {
	t.Parallel()
	s := newSandbox(t, nil)
	s.must("preview", "prod") // the cloud is up, and empty; the stack is there
	status, answer := s.api(http.MethodPost, "/su/v1/projects/procureflow-prod/services/secretmanager.googleapis.com:enable", map[string]any{})
	require.Equal(t, http.StatusOK, status, answer)
	const secret = "/sm/v1/projects/procureflow-prod/secrets"
	status, answer = s.api(http.MethodPost, secret+"?secretId=nextauth-secret",
		map[string]any{"replication": map[string]any{"automatic": map[string]any{}}})
	require.Equal(t, http.StatusOK, status, answer)
	created := answer["createTime"]

	file := filepath.Join(t.TempDir(), "import.json")
	var ran []string
	for _, command := range documented(t, "bootstrap.md", "The run") {
		words := strings.Fields(strings.NewReplacer("'", "", "bin/policy-pack", filepath.Join(root, "policy"), "policy/",
			filepath.Join(root, "policy")+"/",
			"import.json", file).Replace(command))
		switch {
		case command == "pulumi stack init prod", command == "go build -C policy -o ../bin/policy-pack .":
			ran = append(ran, words[1])
		case command == "pulumi preview --json | go run ./cmd/firstrun adopt --out import.json":
			planned, err := adopt.ReadPlan(strings.NewReader(s.must("pulumi", "--", "preview", "--json", "--stack", "prod").out))
			require.NoError(t, err)
			assert.Greater(t, len(planned), 100)
			// The command itself asks Google; this is the same with the sandbox's addresses.
			assert.Contains(t, s.must("adopt", "prod", "--out", file).out, "1 of the ")
			ran = append(ran, "adopt")
		default:
			require.Equal(t, "pulumi", words[0], command)
			if words[1] != "preview" {
				words = append(words, "--yes")
			}
			noLoss(t, s.must(append([]string{"pulumi", "--"}, append(words[1:], "--stack", "prod")...)...))
			ran = append(ran, words[1])
		}
	}
	assert.Equal(t, []string{"stack", "build", "adopt", "up", "import", "preview", "up"}, ran)
	_, after := s.api(http.MethodGet, secret+"/nextauth-secret", nil)
	assert.Equal(t, created, after["createTime"])
	assert.Contains(t, s.must("up", "prod").out, "Stack prod: no changes")
}

// TestNothingDocumentedRunsUnjudged: every documented `pulumi up` has the policy pack, which is built before; the one without
// takes up the providers alone, and what is made for the release controller is the workflows'.
func TestNothingDocumentedRunsUnjudged(t *testing.T) {
	t.Parallel()
	for _, document := range []string{"README.md", "docs/bootstrap.md", "docs/migration.md"} {
		content, err := os.ReadFile(filepath.Join(root, document))
		require.NoError(t, err)
		built := false
		for line := range strings.Lines(string(content)) {
			command, block := strings.CutPrefix(line, "    ")
			if !block {
				continue
			}
			built = built || strings.Contains(command, "go build -C policy -o ../bin/policy-pack .")
			assert.False(t, strings.Contains(command, "bin/policy-pack ") && !strings.Contains(command, "go build") && !built,
				"%s uses the pack before it is built: %s", document, line)
			assert.False(t, strings.Contains(command, "echo $?") && strings.HasPrefix(command, "go run"),
				"%s: go run ends with 1 whatever the command ends with: %s", document, line)
			if strings.Contains(command, "pulumi up ") && !strings.Contains(command, "'**pulumi:providers:**'") {
				assert.Contains(t, command, "--policy-pack bin/policy-pack --policy-pack-config policy/", document)
			}
		}
	}
}
