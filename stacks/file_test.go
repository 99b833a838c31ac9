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
