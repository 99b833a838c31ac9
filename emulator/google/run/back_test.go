package run_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/cloud"
	"github.com/guiofsaints/procureflow-platform/emulator/cloudtest"
	"github.com/guiofsaints/procureflow-platform/emulator/google/run"
)

// asks makes the service ask for a revision and returns what its operation failed with, nil when it did not.
func (w *world) asks(revision, digest string) any {
	return w.operation("template", `{"template":`+tpl(revision, digest)+`}`)
}

// latest are the short names of the service's latest created and latest ready revisions.
func (w *world) latest() string {
	service := w.OK("GET", services+"/web", "")
	short := func(field string) string {
		full, _ := service[field].(string)
		return full[strings.LastIndexByte(full, '/')+1:]
	}
	return short("latestCreatedRevision") + " " + short("latestReadyRevision")
}

// TestBackToAnEarlierRevision deploys templates that were deployed before. The revision that the template names becomes the
// service's latest one again, even if others were made since.
func TestBackToAnEarlierRevision(t *testing.T) {
	t.Parallel()
	w := newWorld(t, t.TempDir(), cloud.Options{})
	require.NoError(t, w.Cloud.Run.SetBehaviour(broken, run.Behaviour{NeverReady: true}))
	w.OK("POST", services+"?serviceId=web", `{"template":`+tpl("web-a", healthy)+`}`)
	for _, step := range []struct{ revision, digest, latest, condition, failure string }{
		{"web-b", healthy, "web-b web-b", "CONDITION_SUCCEEDED", ""},
		{"web-a", healthy, "web-a web-a", "CONDITION_SUCCEEDED", ""},
		{"web-x", broken, "web-x web-a", "CONDITION_FAILED", "Revision 'web-x' is not ready and cannot serve traffic."},
		{"web-a", healthy, "web-a web-a", "CONDITION_SUCCEEDED", ""},
		{"web-x", broken, "web-x web-a", "CONDITION_FAILED", "Revision 'web-x' is not ready and cannot serve traffic."},
		{"web-b", healthy, "web-b web-b", "CONDITION_SUCCEEDED", ""},
	} {
		failure := w.asks(step.revision, step.digest)
		if step.failure == "" {
			assert.Nil(t, failure, step)
		} else {
			assert.Contains(t, cloudtest.Dig(failure, "message"), step.failure, step)
		}
		assert.Equal(t, step.latest, w.latest(), step)
		service := w.OK("GET", services+"/web", "")
		assert.Equal(t, step.condition, cloudtest.Dig(service, "terminalCondition", "state"), step)
		assert.Equal(t, step.revision, cloudtest.Dig(service, "template", "revision"), step)
		serves, err := w.Cloud.Run.Service(web)
		require.NoError(t, err)
		assert.Equal(t, strings.Fields(step.latest)[1], serves.Traffic[0].Revision, "traffic to the latest goes to the one asked for: %v", step)
	}
	assert.Equal(t, "Bad Request FAILED_PRECONDITION: Revision 'web-b' is the latest created revision of its service and cannot be deleted.",
		w.Refused("DELETE", services+"/web/revisions/web-b", ""))
	w.OK("DELETE", services+"/web/revisions/web-a", "")
	assert.Nil(t, w.asks("web-a", healthy), "a revision that was deleted is made again")
	assert.Equal(t, "web-a web-a", w.latest())
}

// TestBackWhileAnotherStarts goes back to an earlier revision while a new one still starts. What becomes of the new one later
// changes nothing.
func TestBackWhileAnotherStarts(t *testing.T) {
	t.Parallel()
	for name, fails := range map[string]bool{"it becomes ready": false, "it fails": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, t.TempDir(), cloud.Options{})
			require.NoError(t, w.Cloud.Run.SetBehaviour(broken, run.Behaviour{Startup: time.Minute, NeverReady: fails}))
			w.OK("POST", services+"?serviceId=web", `{"template":`+tpl("web-a", healthy)+`}`)
			assert.Nil(t, w.asks("web-b", broken))
			assert.Equal(t, "web-b web-a", w.latest())
			assert.Nil(t, w.asks("web-a", healthy))
			assert.Equal(t, "web-a web-a", w.latest())
			w.Clock.Advance(2 * time.Minute)
			assert.Equal(t, "web-a web-a", w.latest())
			assert.Equal(t, "CONDITION_SUCCEEDED", cloudtest.Dig(w.OK("GET", services+"/web", ""), "terminalCondition", "state"))
		})
	}
}

// TestBackByV1 goes back through the v1 API, as `gcloud run services replace` does.
func TestBackByV1(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.OK("POST", services+"?serviceId=web", `{"template":`+tpl("web-a", healthy)+`}`)
	assert.Nil(t, w.asks("web-b", healthy))
	const v1 = "http://us-central1-run.emulator/apis/serving.knative.dev/v1/namespaces/" + project + "/services/web"
	w.OK("PUT", v1,
		`{"apiVersion":"serving.knative.dev/v1","kind":"Service","metadata":{"name":"web"},"spec":{"template":{"metadata":{"name":"web-a"},
		"spec":{"containers":[{"image":"us-docker.pkg.dev/cloudrun/container/hello@`+healthy+`"}]}}}}`)
	assert.Equal(t, "web-a web-a", w.latest())
}
