package stacks

import (
	"flag"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/internal/golden"
	"github.com/guiofsaints/procureflow-platform/internal/keyspage"
)

var update = flag.Bool("update", false, "write docs/settings.md again")

// TestSettingsPage compares docs/settings.md with the comments of the fields. `go test ./stacks -run SettingsPage -update` writes
// the page.
func TestSettingsPage(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("settings*.go")
	require.NoError(t, err)
	page := keyspage.Page{Tag: "json", Kinds: map[string]string{"URLVariables": "list of text, or map of text"}, Words: []string{
		"[StandInPrefix]", "`stand-in:`", "[PipelineAccountPrefix]", "`github-actions-`", "GitHub.Branch", "`github.branch`",
		"Settings.Secrets", "the stack's `secrets`", "Settings.Databases", "the stack's `databases`",
		"Settings.Buckets", "the stack's `buckets`"}}
	tables, err := page.Read("At the top", "Settings", files...)
	require.NoError(t, err)
	golden.Check(t, "../docs/settings.md", "# Settings\n\nGenerated from the comments in `stacks/settings*.go` by `go test ./stacks -run "+
		"SettingsPage -update`: do not edit.\n\n"+
		"The settings are in `Pulumi.STACK.yaml`, under `config: APPLICATION:platform:`. A key for which the\n"+
		"table says no default is required. The program refuses an unknown key, and a value that cannot work, before it makes\n"+
		"anything. `stand-in:` before a value marks a value that only the owner knows. A real `up` refuses it. The\n"+
		"[glossary](glossary.md) explains the words. [The release policy](release-policy.md) has the keys of release.yaml.\n"+tables, *update)
}
