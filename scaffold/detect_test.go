package scaffold

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestServicesOfDockerfiles checks which services the paths of Dockerfiles suggest. Of two that suggest the same, the first counts.
func TestServicesOfDockerfiles(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ files, want []string }{
		{nil, []string{"web"}},
		{[]string{"Dockerfile"}, []string{"web"}},
		{[]string{"docker/Dockerfile"}, []string{"web"}},
		{[]string{"Dockerfile.api", "services/api/Dockerfile", "services/worker/Dockerfile"}, []string{"api", "worker"}},
		{[]string{"Dockerfile", "Dockerfile.dev", "e2e/Dockerfile", "Dockerfile.dockerignore"}, []string{"web"}},
		{[]string{"Dockerfile.A_B", "services/jobs/Dockerfile"}, []string{"jobs"}},
	} {
		r := Repository{Dockerfiles: map[string]int{}}
		for _, file := range test.files {
			r.Dockerfiles[file] = 0
		}
		assert.Equal(t, test.want, r.services(), "%v", test.files)
	}
}

// TestNoRepository checks that init names the folder and git's reason, or why git did not start.
func TestNoRepository(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "none")
	_, err := toplevel(folder)
	require.EqualError(t, err, folder+" is in no git repository: run it in the application's clone, or name that with --repo (chdir "+folder+
		": no such file or directory)")
}
