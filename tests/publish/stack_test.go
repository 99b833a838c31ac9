package publish_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/sandbox/golang"
)

// serveStack answers the calls of a preview of the one stack acme/app/dev, for which the last published pack is required. It reports
// whether it knows the call.
func (s *service) serveStack(w http.ResponseWriter, r *http.Request) bool {
	const stack = "/api/stacks/acme/app/dev"
	switch r.Method + " " + r.URL.Path {
	case "GET /download":
		// The object store is asked without the token.
		if r.Header.Get("Authorization") != "" || !s.complete {
			answer(w, http.StatusForbidden, nil)
			return true
		}
		_, _ = w.Write(s.tarball)
	case "GET " + stack:
		answer(w, http.StatusOK, apitype.Stack{OrgName: "acme", ProjectName: "app", StackName: "dev"})
	case "GET " + stack + "/export":
		answer(w, http.StatusOK, apitype.UntypedDeployment{Version: 3, Deployment: json.RawMessage(`{}`)})
	case "POST " + stack + "/preview":
		required := apitype.RequiredPolicy{Name: s.pack.Name, Version: 1, VersionTag: s.pack.VersionTag, DisplayName: s.pack.DisplayName,
			PackLocation: "http://" + r.Host + "/download", Config: s.config}
		answer(w, http.StatusOK, apitype.UpdateProgramResponse{UpdateID: "one", RequiredPolicies: []apitype.RequiredPolicy{required}})
	case "POST " + stack + "/update/one":
		answer(w, http.StatusOK, apitype.StartUpdateResponse{Version: 1, Token: lease})
	case "POST " + stack + "/update/one/renew_lease":
		answer(w, http.StatusOK, apitype.RenewUpdateLeaseResponse{Token: lease})
	case "POST " + stack + "/update/one/events/batch", "POST " + stack + "/update/one/complete":
		answer(w, http.StatusOK, map[string]any{})
	default:
		return false
	}
	return true
}

// TestEngineDownloadsARequiredPack publishes the pack, and previews a program on a machine that has never seen it. Pulumi Cloud
// says that the stack requires the pack, and the engine itself downloads, builds, configures and calls it.
func TestEngineDownloadsARequiredPack(t *testing.T) {
	t.Parallel()
	s := newService(t, nil)
	s.published()

	home := t.TempDir()
	// The engine compiles the pack in a folder where nobody compiled it before.
	quickly := []string{"GOFLAGS='-gcflags=github.com/guiofsaints/procureflow-platform/policy/...=-N -l -dwarf=false'"}
	preview := func(instances int) (string, int) {
		config := filepath.Join(t.TempDir(), "Pulumi.dev.yaml")
		require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, "config: {\"app:max\": %d}\n", instances), 0o600))
		return s.pulumi(filepath.Join("testdata", "program"), home, quickly, "preview", "--stack", "acme/app/dev", "--config-file", config)
	}
	output, exit := preview(9)
	assert.NotEqual(t, 0, exit, output)
	assert.Contains(t, output, "run-max-instances")
	assert.Contains(t, output, "template.scaling.maxInstanceCount is 9: set it to 5 or less")

	s.isWhole(home)

	// The stack's policy group configures the pack: one rule stops at another limit. The pack is not downloaded again.
	s.configure(`{"all": {"enforcementLevel": "advisory"}, "run-max-instances": {"enforcementLevel": "mandatory", "max": 7}}`)
	output, exit = preview(8)
	assert.NotEqual(t, 0, exit, output)
	assert.Contains(t, output, "template.scaling.maxInstanceCount is 8: set it to 7 or less")
	output, exit = preview(7)
	assert.Equal(t, 0, exit, output)
	assert.NotContains(t, s.calls, "GET /download")

	// A configuration that the pack refuses stops the preview, and the error names the wrong name.
	s.configure(`{"run-max-instance": {"enforcementLevel": "disabled"}}`)
	output, exit = preview(7)
	assert.NotEqual(t, 0, exit, output)
	assert.Contains(t, output, `the pack has no policy "run-max-instance"`)
}

// isWhole compares what was downloaded with what was published. The tarball alone has to build the same pack.
func (s *service) isWhole(home string) {
	s.t.Helper()
	pack := filepath.Join(home, "policies", "acme", "pulumi-analyzer-"+s.pack.Name+"-v"+s.pack.VersionTag)
	assert.FileExists(s.t, filepath.Join(pack, "PulumiPolicy.yaml"))
	assert.NoDirExists(s.t, filepath.Join(pack, "bench", "typescript", "node_modules"), "files named by .gitignore are not published")
	executable := filepath.Join(s.t.TempDir(), "pack")
	require.NoError(s.t, golang.Compile(s.t.Context(), pack, ".", executable, "what was downloaded"))
	info := ask(s.t, executable)
	assert.Equal(s.t, s.pack.Name, info.GetName())
	assert.Equal(s.t, s.pack.VersionTag, info.GetVersion())
	assert.Len(s.t, info.GetPolicies(), len(s.pack.Policies))
}

// configure sets the required pack's configuration, in the form of a policy group, and forgets the calls so far.
func (s *service) configure(config string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.config, s.calls = nil, nil
	require.NoError(s.t, json.Unmarshal([]byte(config), &s.config))
}
