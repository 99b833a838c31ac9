package architecture_test

import (
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"
)

// TestEveryModuleAndActionIsUpdated checks that dependabot covers every module, package and action of the repository, and that each
// of its pull requests is for a group.
func TestEveryModuleAndActionIsUpdated(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile(filepath.Join(root, ".github", "dependabot.yml"))
	require.NoError(t, err)
	var config struct {
		Updates []struct {
			Ecosystem   string `yaml:"package-ecosystem"`
			Directories []string
			Groups      map[string]struct{ Patterns []string }
		}
	}
	require.NoError(t, yaml.Unmarshal(content, &config))
	listed := map[string][]string{}
	for _, update := range config.Updates {
		listed[update.Ecosystem] = slices.Sorted(slices.Values(update.Directories))
		all := false
		for _, group := range update.Groups {
			all = all || slices.Contains(group.Patterns, "*")
		}
		assert.True(t, all, ".github/dependabot.yml: %s has no group with the pattern *, so some updates come as single pull requests",
			update.Ecosystem)
	}
	there := map[string][]string{"github-actions": {"/", "/.github/actions/*"}}
	for _, name := range files(t) {
		ecosystem := map[string]string{"go.mod": "gomod", "package.json": "npm"}[path.Base(name)]
		if ecosystem == "" || strings.Contains(name, "/testdata/") {
			continue
		}
		manifest, err := os.ReadFile(filepath.Join(root, name))
		require.NoError(t, err)
		if ecosystem == "gomod" && !strings.Contains(string(manifest), "require") {
			continue // nothing to update
		}
		there[ecosystem] = append(there[ecosystem], path.Join("/", path.Dir(name)))
	}
	for ecosystem, folders := range there {
		assert.Equal(t, slices.Sorted(slices.Values(folders)), listed[ecosystem], "the directories of %s in .github/dependabot.yml", ecosystem)
	}
}
