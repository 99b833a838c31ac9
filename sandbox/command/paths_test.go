package command

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestPathsAreTheCallers checks that files named on the command line are relative to the caller's folder.
func TestPathsAreTheCallers(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"stack export --file out.json --stack dev": "stack export --file /folder/mine/out.json --stack dev",
		"stack export --file=../out.json":          "stack export --file=/folder/out.json",
		"stack import --file /other/in.json":       "stack import --file /other/in.json",
		"import -f import.json -o made.go":         "import -f /folder/mine/import.json -o /folder/mine/made.go",
		"import --file import.json --out made.go --stack dev": "import --file /folder/mine/import.json --out /folder/mine/made.go " +
			"--stack dev",
		"--non-interactive import -f import.json": "--non-interactive import -f /folder/mine/import.json",
		"up -f --stack dev":                       "up -f --stack dev",
		"preview --policy-pack pack --policy-pack-config dev.json": "preview --policy-pack /folder/mine/pack --policy-pack-config " +
			"/folder/mine/dev.json",
		"preview --save-plan plan.json --import-file import.json": "preview --save-plan /folder/mine/plan.json --import-file " +
			"/folder/mine/import.json",
		"policy analyze --file state.json --policy-pack ./pack": "policy analyze --file /folder/mine/state.json --policy-pack " +
			"/folder/mine/pack",
		"config set --path a.file value --config-file mine.yaml": "config set --path a.file value --config-file /folder/mine/mine.yaml",
		"config set --path a:b --file=":                          "config set --path a:b --file=",
		"stack export --file -":                                  "stack export --file -",
		"config set a:b=c d":                                     "config set a:b=c d",
		"stack export":                                           "stack export",
	} {
		assert.Equal(t, want, strings.Join(inFolder("/folder/mine", strings.Split(given, " ")), " "), given)
	}
}
