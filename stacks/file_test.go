package stacks_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/stacks"
)

func TestStackNamesAreSortedByPromotion(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		folders [][]string
		want    []string
	}{
		"no stack":               {[][]string{{}}, nil},
		"the three environments": {[][]string{{"prod", "dev", "staging"}}, []string{"dev", "staging", "prod"}},
		"names of their own":     {[][]string{{"us", "prod", "eu", "dev"}}, []string{"dev", "prod", "eu", "us"}},
		"two sides of a change":  {[][]string{{"us", "eu", "dev"}, {"eu", "us", "asia"}}, []string{"dev", "asia", "eu", "us"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var folders []string
			for _, files := range test.folders {
				folder := t.TempDir()
				for _, stack := range files {
					require.NoError(t, os.WriteFile(filepath.Join(folder, "Pulumi."+stack+".yaml"), nil, 0o600))
				}
				require.NoError(t, os.WriteFile(filepath.Join(folder, "Pulumi.yaml"), nil, 0o600))
				folders = append(folders, folder)
			}
			assert.Equal(t, test.want, stacks.Names(folders...))
		})
	}
}

// TestWhereTheSettingsAre reads stack files whose settings are under the project's key, under another one, or nowhere.
func TestWhereTheSettingsAre(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ file, err string }{
		"under the project's key": {"config: {shop:platform: {a: 1}}", ""},
		"among other keys":        {"config: {gcp:project: p, shop:platform: {a: 1}, other:platform: {}}", ""},
		"under another project's": {"config: {old:platform: {a: 1}}", "Pulumi.dev.yaml has the settings under old:platform, and the project in " +
			"Pulumi.yaml is called shop: write shop:platform, or call the project as before"},
		"nowhere":          {"config: {gcp:project: p}", "Pulumi.dev.yaml has no settings: write them below config, under the key shop:platform"},
		"no config":        {"encryptionsalt: v1", "Pulumi.dev.yaml has no settings: write them below config, under the key shop:platform"},
		"a line --- above": {"---\nconfig: {shop:platform: {a: 1}}", ""},
		"two documents": {"config: {shop:platform: {a: 1}}\n---\nconfig: {}\n", "settings of stack dev: Pulumi.dev.yaml goes on after a " +
			"line ---, where Pulumi stops reading: remove the line"},
		"a key twice": {"config: {}\nconfig: {}\n", "settings of stack dev: Pulumi.dev.yaml is not YAML: yaml: unmarshal errors:\n  line 2: " +
			"mapping key \"config\" already defined at line 1"},
		"a line too far to the right": {"config:\n  shop:platform:\n    a: 1\n      b: 2\n", "settings of stack dev: Pulumi.dev.yaml is not " +
			"YAML: yaml: line 4: mapping values are not allowed in this context: look at the indentation and the colons there and in the " +
			"line before"},
		"an empty file": {"", "Pulumi.dev.yaml has no settings: write them below config, under the key shop:platform"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(folder, "Pulumi.yaml"), []byte("name: shop\n"), 0o600))
			require.NoError(t, os.WriteFile(filepath.Join(folder, "Pulumi.dev.yaml"), []byte(test.file), 0o600))
			document, err := stacks.Document(folder, "dev")
			if test.err != "" {
				require.EqualError(t, err, test.err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, map[string]any{"a": 1}, document)
		})
	}
}
