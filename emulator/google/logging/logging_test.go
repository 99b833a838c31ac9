package logging_test

import (
	"github.com/guiofsaints/procureflow-platform/emulator/cloudtest"
	"testing"

	"github.com/stretchr/testify/assert"
)

const p = "/projects/" + cloudtest.Project

func TestComputedFields(t *testing.T) {
	t.Parallel()
	w := cloudtest.Start(t)
	metric := w.OK("POST", "/log/v2"+p+"/metrics", `{"name":"web/deployments","filter":"x"}`)
	assert.Equal(t, metric, w.OK("GET", "/log/v2"+p+"/metrics/web%2Fdeployments", ""))
	assert.Equal(t, "logging.googleapis.com/user/web/deployments", cloudtest.Dig(metric, "metricDescriptor", "type"))
}
