package cloudrun

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRefreshIsReadFromPulumiYAML(t *testing.T) {
	t.Parallel()
	for project, want := range map[string]bool{
		"name: a\noptions:\n  refresh: always\n":                true,
		"options:\n    refresh: \"always\" # for the traffic\n": true,
		"name: a\noptions: {refresh: always}\n":                 true,
		"options: {refresh: always} # for the traffic\n":        true,
		`{"name": "a", "options": {"refresh": "always"}}`:       true,
		"name: a\n":                         false,
		"refresh: always\n":                 false,
		"config:\n  refresh: always\n":      false,
		"options:\n  refresh: never\n":      false,
		"options:\n  # refresh: always\n":   false,
		"options:\n  refresh: always-not\n": false,
		"options: always\n":                 false,
		"":                                  false,
		"\t":                                false,
	} {
		assert.Equal(t, want, refreshes([]byte(project)), project)
	}
}

// TestProjectFileWithoutRefresh checks which file of a project's folder is read: the first of the names that Pulumi looks for.
func TestProjectFileWithoutRefresh(t *testing.T) {
	t.Parallel()
	const asks, silent = "options: {refresh: always}\n", "name: a\n"
	for _, test := range []struct {
		files map[string]string
		want  string
	}{
		{nil, ""}, {map[string]string{"Pulumi.yaml": asks}, ""}, {map[string]string{"Pulumi.yaml": silent}, "Pulumi.yaml"},
		{map[string]string{"Pulumi.yml": silent}, "Pulumi.yml"}, {map[string]string{"Pulumi.json": "{}"}, "Pulumi.json"},
		{map[string]string{"Pulumi.yaml": asks, "Pulumi.json": "{}"}, ""},
		{map[string]string{"Pulumi.yaml": silent, "Pulumi.yml": asks}, "Pulumi.yaml"},
		{map[string]string{"Pulumi.yaml/is/a/folder": ""}, ""},
	} {
		folder := t.TempDir()
		for name, content := range test.files {
			file := filepath.Join(folder, name)
			require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o700))
			require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
		}
		want := test.want
		if want != "" {
			want += " lacks `options: {refresh: always}`. An update without a refresh writes the traffic that the state remembers, and so " +
				"undoes what a release has made since. Add the option, or run every update with --refresh."
		}
		assert.Equal(t, want, withoutRefresh(folder), "%v", test.files)
	}
}
