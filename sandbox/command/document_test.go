package command_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDocumentHasEveryCommand(t *testing.T) {
	t.Parallel()
	document, err := os.ReadFile(filepath.Join("..", "..", "docs", "sandbox.md"))
	require.NoError(t, err)
	code, help, _ := sandbox(t.TempDir(), "--help")
	require.Zero(t, code)
	_, list, _ := strings.Cut(help, "Available Commands:\n")
	list, _, _ = strings.Cut(list, "\n\n")
	commands := regexp.MustCompile(`(?m)^  (\S+) `).FindAllStringSubmatch(list, -1)
	require.Greater(t, len(commands), 10)
	for _, command := range commands {
		if command[1] != "help" {
			assert.Regexp(t, "go run ./cmd/sandbox "+command[1]+`\b|`+"`"+command[1]+"`", string(document))
		}
	}
}

// TestDocumentedArguments compares the arguments in the document's table with those that the commands take.
func TestDocumentedArguments(t *testing.T) {
	t.Parallel()
	document, err := os.ReadFile(filepath.Join("..", "..", "docs", "sandbox.md"))
	require.NoError(t, err)
	rows := regexp.MustCompile("(?m)^\\| `go run ./cmd/sandbox ((?:[a-z]+ ?)+)([^`]*)`").FindAllStringSubmatch(string(document), -1)
	require.Greater(t, len(rows), 8)
	argument := regexp.MustCompile(`[A-Z][A-Z@|]+`)
	for _, row := range rows {
		code, help, _ := sandbox(t.TempDir(), append(strings.Fields(row[1]), "--help")...)
		require.Zero(t, code, row[0])
		_, usage, _ := strings.Cut(help, "Usage:\n  sandbox ")
		usage, _, _ = strings.Cut(usage, "\n")
		typed, taken := argument.FindAllString(row[2], -1), argument.FindAllString(usage, -1)
		if assert.Len(t, typed, len(taken), "%s, and it takes %s", row[0], usage) {
			for i := range typed {
				assert.Contains(t, taken[i], typed[i], row[0])
			}
		}
	}
}
