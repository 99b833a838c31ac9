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

func TestTheReadmeHasEveryCommand(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	require.NoError(t, err)
	code, help, _ := sandbox(t.TempDir(), "--help")
	require.Zero(t, code)
	_, list, _ := strings.Cut(help, "Available Commands:\n")
	list, _, _ = strings.Cut(list, "\n\n")
	commands := regexp.MustCompile(`(?m)^  (\S+) `).FindAllStringSubmatch(list, -1)
	require.Greater(t, len(commands), 10)
	for _, command := range commands {
		if command[1] != "help" {
			assert.Regexp(t, "go run ./cmd/sandbox "+command[1]+`\b|`+"`"+command[1]+"`", string(readme))
		}
	}
}
