package run_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/cloud"
	"github.com/guiofsaints/procureflow-platform/emulator/cloudtest"
	"github.com/guiofsaints/procureflow-platform/emulator/google/run"
)

// TestContainersStartOneAfterTheOther checks that a container starts once those that it depends on are healthy, so that their times
// add up. A sidecar that never becomes healthy keeps the revision from serving, whatever its probe asks.
func TestContainersStartOneAfterTheOther(t *testing.T) {
	t.Parallel()
	sidecar := func(name, digest, more string) string {
		return fmt.Sprintf(`{"name":%q,"image":"us-docker.pkg.dev/cloudrun/container/hello@%s","startupProbe":%s`, name, digest, more)
	}
	for name, test := range map[string]struct {
		order, probe string
		after        time.Duration
		want         any
	}{
		"at once":     {``, `{"tcpSocket":{"port":90}}`, 21 * time.Second, "CONDITION_SUCCEEDED"},
		"in turn":     {`,"dependsOn":["proxy"]`, `{"tcpSocket":{"port":90}}`, 21 * time.Second, nil},
		"in turn, up": {`,"dependsOn":["proxy"]`, `{"tcpSocket":{"port":90}}`, 31 * time.Second, "CONDITION_SUCCEEDED"},
	} {
		w := newWorld(t, t.TempDir(), cloud.Options{OperationDelay: time.Second})
		require.NoError(t, w.Cloud.Run.SetBehaviour(healthy, run.Behaviour{Startup: 10 * time.Second}))
		require.NoError(t, w.Cloud.Run.SetBehaviour(broken, run.Behaviour{Startup: 20 * time.Second}))
		w.Call("POST", services+"?serviceId=web", `{"template":{"revision":"web-a","containers":[
			{"name":"main","image":"us-docker.pkg.dev/cloudrun/container/hello@`+healthy+`","ports":[{"containerPort":80}]`+test.order+`},`+sidecar("proxy", broken, test.probe)+`}]}}`)
		w.Clock.Advance(test.after)
		assert.Equal(t, test.want, cloudtest.Dig(w.OK("GET", services+"/web/revisions/web-a", ""), "conditions", 0, "state"), name)
	}
	for _, probe := range []string{`{"tcpSocket":{"port":90}}`, `{"grpc":{"port":90}}`, `{"httpGet":{"path":"/","port":90}}`} {
		w := newWorld(t, t.TempDir(), cloud.Options{OperationDelay: time.Second})
		require.NoError(t, w.Cloud.Run.SetBehaviour(broken, run.Behaviour{NeverReady: true}))
		w.Call("POST", services+"?serviceId=web", `{"template":{"revision":"web-a","containers":[
			{"name":"main","image":"us-docker.pkg.dev/cloudrun/container/hello@`+healthy+`","ports":[{"containerPort":80}],"dependsOn":["proxy"]},`+sidecar("proxy", broken, probe)+`}]}}`)
		w.Clock.Advance(5 * time.Second)
		condition := cloudtest.Dig(w.OK("GET", services+"/web/revisions/web-a", ""), "conditions", 0).(map[string]any)
		assert.Equal(t, "CONDITION_FAILED", condition["state"], probe)
		assert.Contains(t, condition["message"], "failed the configured startup probe checks", probe)
	}
}
