package gcloud_test

import (
	"path"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/release/command"
)

// TestBreakglass follows refused-image.md for the case that users are affected and nothing else helps.
func TestBreakglass(t *testing.T) {
	t.Parallel()
	w := newOffice(t, 0)
	w.call("POST", "/su/v1/projects/"+project+"/services/binaryauthorization.googleapis.com:enable", `{}`)
	w.call("PUT", "/ba/v1/projects/"+project+"/policy",
		`{"defaultAdmissionRule":{"evaluationMode":"ALWAYS_DENY","enforcementMode":"ENFORCED_BLOCK_AND_AUDIT_LOG"}}`)
	const image = "us-docker.pkg.dev/cloudrun/container/hello@" + broken
	update := []string{"run", "services", "update", "web", "--region", "us-central1", "--project", project, "--image", image}

	_, stderr, err := w.gcloud(update...)
	require.Error(t, err)
	assert.Contains(t, stderr, "uses an unauthorized container image. Container image '"+image+
		"' is not authorized by policy. Denied by always_deny admission rule")
	assert.Equal(t, "web-blue 100 stable", w.split("trafficStatuses"))

	_, stderr, err = w.gcloud(append(update, "--breakglass", "INC-7: users are hurt")...)
	require.NoError(t, err, stderr)
	live := w.call("GET", service, "")
	assert.Equal(t, map[string]any{"useDefault": true, "breakglassJustification": "INC-7: users are hurt"}, live["binaryAuthorization"])
	assert.Equal(t, "CONDITION_SUCCEEDED", live["terminalCondition"].(map[string]any)["state"])
	assert.Equal(t, "web-blue 100 stable", w.split("trafficStatuses"), "the new revision has no traffic yet")

	// The release command changes only the traffic, so the breakglass setting stays.
	broken, _ := live["latestReadyRevision"].(string)
	exit, out := w.release("rollback", "web", "--to", path.Base(broken), "--why", "INC-7: users are hurt")
	require.Equal(t, command.ExitDone, exit, out)
	assert.Contains(t, w.split("trafficStatuses"), path.Base(broken)+" 100 stable")

	// gcloud's own command removes the breakglass setting, and Binary Authorization judges a change of traffic as well.
	_, stderr, err = w.gcloud("run", "services", "update-traffic", "web", "--to-revisions", path.Base(broken)+"=90,web-blue=10")
	require.Error(t, err)
	assert.Contains(t, stderr, "uses an unauthorized container image.")
	assert.Contains(t, w.split("trafficStatuses"), path.Base(broken)+" 100 stable", "the serving revision keeps its requests")
}
