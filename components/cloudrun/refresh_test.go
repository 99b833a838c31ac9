package cloudrun

import (
	"testing"

	"github.com/stretchr/testify/assert"
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
