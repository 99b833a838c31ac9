package gcloud_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/google/run"
)

// TestJobsExecute runs a job by hand and waits for it, once with a failure and once without.
func TestJobsExecute(t *testing.T) {
	t.Parallel()
	w := start(t, 0)
	w.call("POST", "/run/v2/projects/"+project+"/locations/us-central1/jobs?jobId=migrate",
		`{"template":{"template":{"maxRetries":0,"containers":[{"image":"us-docker.pkg.dev/cloudrun/container/hello@`+broken+`"}]}}}`)
	require.NoError(t, w.cloud.Run.SetJobBehaviour("projects/"+project+"/locations/us-central1/jobs/migrate",
		run.JobBehaviour{Takes: 500 * time.Millisecond, Fail: 1}))
	_, stderr, err := w.gcloud("run", "jobs", "execute", "migrate", "--wait")
	require.Error(t, err)
	assert.Contains(t, stderr, "The execution failed.")
	_, stderr, err = w.gcloud("run", "jobs", "execute", "migrate", "--wait", "--args=down")
	require.NoError(t, err, stderr)
	assert.Contains(t, stderr, "has successfully completed")
	stdout, stderr, err := w.gcloud("run", "jobs", "executions", "list", "--job=migrate", "--format=value(status.succeededCount)")
	require.NoError(t, err, stderr)
	assert.Contains(t, stdout, "1")
}
