package command

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// What a command of the CLI reads and writes is where the caller stands.
func TestPathsAreTheCallers(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"stack export --file out.json --stack dev":                 "stack export --file /home/me/out.json --stack dev",
		"stack export --file=../out.json":                          "stack export --file=/home/out.json",
		"stack import --file /tmp/in.json":                         "stack import --file /tmp/in.json",
		"import -f import.json -o made.go":                         "import -f /home/me/import.json -o /home/me/made.go",
		"import --file import.json --out made.go --stack dev":      "import --file /home/me/import.json --out /home/me/made.go --stack dev",
		"--non-interactive import -f import.json":                  "--non-interactive import -f /home/me/import.json",
		"up -f --stack dev":                                        "up -f --stack dev",
		"preview --policy-pack pack --policy-pack-config dev.json": "preview --policy-pack /home/me/pack --policy-pack-config /home/me/dev.json",
		"preview --save-plan plan.json --import-file import.json":  "preview --save-plan /home/me/plan.json --import-file /home/me/import.json",
		"policy analyze --file state.json --policy-pack ./pack":    "policy analyze --file /home/me/state.json --policy-pack /home/me/pack",
		"config set --path a.file value --config-file mine.yaml":   "config set --path a.file value --config-file /home/me/mine.yaml",
		"config set --path a:b --file=":                            "config set --path a:b --file=",
		"stack export --file -":                                    "stack export --file -",
		"config set a:b=c d":                                       "config set a:b=c d",
		"stack export":                                             "stack export",
	} {
		assert.Equal(t, want, strings.Join(inFolder("/home/me", strings.Split(given, " ")), " "), given)
	}
}
