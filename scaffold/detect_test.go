package scaffold

import (
	"testing"

	"github.com/stretchr/testify/assert"
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
