package docs

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/guiofsaints/procureflow-platform/policy/internal/cli"
	"github.com/guiofsaints/procureflow-platform/policy/rules"
)

const help = `Write docs/policies.md from the policy pack. Run it in policy/.

Usage:
  docs

Examples:
  go run ./cmd/docs

Exit codes: 0 written; 2 the call is wrong; 3 the settings of the pack cannot be read, or the page cannot be written.
`

// Run runs one command line and returns the exit code.
func Run(_ context.Context, args []string, streams cli.Streams) int {
	if cli.Asked(args) {
		fmt.Fprint(streams.Out, help)
		return cli.ExitDone
	}
	if len(args) > 0 {
		return streams.End("docs", cli.UsageError(fmt.Sprintf("unexpected argument %q: it takes none, see --help", args[0])))
	}
	configs, err := Load(".")
	if err == nil {
		err = os.WriteFile(filepath.Join("..", "docs", "policies.md"), []byte(Markdown(rules.Pack(), configs)), 0o644)
	}
	return streams.End("docs", err)
}
