package artifactregistry_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/guiofsaints/procureflow-platform/emulator/cloudtest"
)

const p = "/projects/" + cloudtest.Project

func TestComputedFields(t *testing.T) {
	t.Parallel()
	w := cloudtest.Start(t)
	w.OK("POST", "/su/v1"+p+"/services/containerscanning.googleapis.com:disable", `{}`)
	repository := w.OK("POST", "/ar/v1"+p+"/locations/us-central1/repositories?repositoryId=procureflow",
		`{"format":"DOCKER","dockerConfig":{"immutableTags":true}}`)
	assert.Equal(t, "us-central1-docker.pkg.dev/procureflow-dev/procureflow", repository["registryUri"])
	assert.Equal(t, "SCANNING_DISABLED", cloudtest.Dig(repository, "vulnerabilityScanningConfig", "enablementState"))
}
