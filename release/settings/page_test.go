package settings

import (
	"flag"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/internal/golden"
	"github.com/guiofsaints/procureflow-platform/internal/keyspage"
)

var update = flag.Bool("update", false, "write docs/release-policy.md again")

// TestReleasePolicyPage compares docs/release-policy.md with the comments of the fields. `go test ./release/settings -run
// ReleasePolicyPage -update` writes the page.
func TestReleasePolicyPage(t *testing.T) {
	t.Parallel()
	page := keyspage.Page{Tag: "yaml", Kinds: map[string]string{"time.Duration": "time, such as 30s or 5m"}}
	tables, err := page.Read("environments.NAME", "Environment", "settings.go", "around.go", "../notify/notify.go")
	require.NoError(t, err)
	golden.Check(t, "../../docs/release-policy.md", "# The release policy\n\nGenerated from the comments in `release/settings` by `go test "+
		"./release/settings -run ReleasePolicyPage\n-update`: do not edit.\n\n"+
		"The release policy says how careful a release is in each environment. It is in `release.yaml` next to the stack files.\n"+
		"Without that file the platform's own counts (`release/settings/release.yaml`). A person who runs `release` by hand names\n"+
		"the file with `--policy`. An unknown key is refused, and an absent key has its default:\n\n"+
		"```yaml\nenvironments:\n  prod:\n    steps: [{percent: 10, bake: 5m}, {percent: 50, bake: 5m}, {percent: 100, bake: 5m}]\n"+
		"    inconclusive: hold\n```\n\n"+
		"`release backtest` tries a policy on past releases, and on simulated ones\n"+
		"([how](runbooks/rollout.md#held)). The [glossary](glossary.md) explains the words.\n"+tables, *update)
}
