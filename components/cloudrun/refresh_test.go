package cloudrun

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestProjectsThatRefresh(t *testing.T) {
	t.Parallel()
	for project, want := range map[string]bool{
		"name: a\noptions:\n  refresh: always\n":                true,
		"options:\n    refresh: \"always\" # for the traffic\n": true,
		"name: a\n":                         false,
		"refresh: always\n":                 false,
		"options:\n  refresh: never\n":      false,
		"options:\n  # refresh: always\n":   false,
		"options:\n  refresh: always-not\n": false,
	} {
		assert.Equal(t, want, refreshesAlways.MatchString(project), project)
	}
}
