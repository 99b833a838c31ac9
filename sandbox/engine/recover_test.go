package engine

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/sandbox/engine/enginetest"
	"github.com/guiofsaints/procureflow-platform/sandbox/statedir"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

// request calls the cloud's API as its owner.
func (s *Stack) request(t *testing.T, method, path, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, s.API()+path, strings.NewReader(body))
	require.NoError(t, err)
	response, err := s.HTTP().Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusOK, response.StatusCode, path)
}

// TestRecovery repairs what a killed engine left: its lock, a creation that happened, one that did not, and an update that needs nothing.
func TestRecovery(t *testing.T) {
	t.Parallel()
	const account = "gcp:serviceaccount/account:Account"
	creating := func(name string) apitype.OperationV2 {
		return apitype.OperationV2{Type: apitype.OperationTypeCreating, Resource: apitype.ResourceV3{Custom: true, Type: account,
			URN:    resource.URN("urn:pulumi:dev::procureflow::" + account + "::" + name),
			Inputs: map[string]any{"accountId": name, "project": "procureflow-dev"}}}
	}
	updating := creating("changed-account")
	updating.Type = apitype.OperationTypeUpdating
	deployment := deploymentOf("pulumi:pulumi:Stack")
	deployment.PendingOperations = []apitype.OperationV2{creating("made-account"), creating("missing-account"), updating}
	state, err := json.Marshal(deployment)
	require.NoError(t, err)
	exported, err := json.Marshal(apitype.UntypedDeployment{Version: 3, Deployment: state})
	require.NoError(t, err)
	stack := selected(t, answers{"stack export": {{Out: string(exported)}}})
	require.NoError(t, stack.recover(t.Context()), "there is nothing to repair")
	assert.Empty(t, stack.said())
	stack.request(t, "POST", "/su/v1/projects/procureflow-dev/services/iam.googleapis.com:enable", "{}")
	stack.request(t, "POST", "/iam/v1/projects/procureflow-dev/serviceAccounts", `{"accountId": "made-account"}`)
	require.NoError(t, stack.engine.write(t, deployment))
	lock := filepath.Join(stack.engine.backendDir(), ".pulumi", "locks", "organization", "procureflow", "dev", "of-a-dead-engine.json")
	require.NoError(t, os.MkdirAll(filepath.Dir(lock), 0o700))
	require.NoError(t, os.WriteFile(lock, nil, 0o600))

	require.NoError(t, stack.recover(t.Context()))
	assert.NoFileExists(t, lock)
	assert.Equal(t, "An earlier command was killed while it held the stack's lock: releasing it.\n"+
		"Interrupted creation of made-account had happened: taking over projects/procureflow-dev/serviceAccounts/made-account@procureflow-dev"+
		".iam.gserviceaccount.com.\nInterrupted creation of missing-account had not happened: forgetting it.\n", stack.said())
	repaired, err := stack.engine.latest("dev")
	require.NoError(t, err)
	var names []string
	for _, r := range repaired.Resources {
		names = append(names, r.URN.Name())
	}
	assert.ElementsMatch(t, []string{"a", "made-account"}, names)
	for _, operation := range repaired.PendingOperations {
		assert.NotEqual(t, apitype.OperationTypeCreating, operation.Type)
	}
	assert.Equal(t, []string{"stack export --show-secrets --stack dev"}, calls(t, stack), "secrets are decrypted only for a repair")
}

// TestStateOfADeletedCloud sets a state aside if the cloud has nothing of the project that the state speaks of.
func TestStateOfADeletedCloud(t *testing.T) {
	t.Parallel()
	stack := selected(t, nil) // Its cloud has the project procureflow-dev.
	e, path := stack.engine, stack.engine.checkpoint("dev")
	of := func(project string) apitype.DeploymentV3 {
		state := deploymentOf("pulumi:pulumi:Stack", "gcp:cloudrunv2/service:Service")
		state.Resources[1].Inputs = map[string]any{"project": project}
		return state
	}
	settings := func(project string) (s stacks.Settings) {
		s.Project.ID = project
		return s
	}
	for _, test := range []struct {
		name, settings string
		state          apitype.DeploymentV3
		lost           bool
	}{
		{"the project is there", "procureflow-dev", of("procureflow-dev"), false},
		{"the project is gone", "deleted-project", of("deleted-project"), true},
		{"the settings name a new project", "deleted-project", of("procureflow-dev"), false},
		{"nothing of Google's", "deleted-project", deploymentOf("pulumi:pulumi:Stack"), false},
	} {
		require.NoError(t, e.write(t, test.state), test.name)
		require.NoError(t, statedir.WriteFile(path+".attrs", []byte("{}"), 0o600))
		before, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NoError(t, e.forgetLostCloud(t.Context(), "dev", settings(test.settings)), test.name)
		if !test.lost {
			assert.FileExists(t, path, test.name)
			continue
		}
		assert.NoFileExists(t, path, test.name)
		assert.NoFileExists(t, path+".attrs", test.name)
		aside, err := os.ReadFile(path + ".lost")
		require.NoError(t, err, test.name)
		assert.Equal(t, before, aside, test.name)
	}
	assert.Equal(t, "The emulated cloud that had the project deleted-project was deleted, and with it all that stack dev had. "+
		"The stack starts over; its old state is now "+path+".lost\n", stack.said())
	require.NoError(t, os.Remove(path))
	require.NoError(t, e.forgetLostCloud(t.Context(), "dev", settings("deleted-project")), "a new stack has no state")
}

// TestServicesOfAStack lists the stack's own services, and no other's.
func TestServicesOfAStack(t *testing.T) {
	t.Parallel()
	stack := selected(t, nil)
	for _, api := range []string{"run", "iam"} {
		stack.request(t, "POST", "/su/v1/projects/procureflow-dev/services/"+api+".googleapis.com:enable", "{}")
	}
	stack.request(t, "POST", "/iam/v1/projects/procureflow-dev/serviceAccounts", `{"accountId": "shop-web"}`)
	for _, region := range []string{"us-central1", "europe-west1"} {
		stack.request(t, "POST", "/run/v2/projects/procureflow-dev/locations/"+region+"/services?serviceId=web", `{"template": {"serviceAccount":
			"shop-web@procureflow-dev.iam.gserviceaccount.com", "containers": [{"image": "registry.example/web@sha256:`+
			strings.Repeat("a", 64)+`"}]}}`)
	}
	services, err := stack.Services(t.Context())
	require.NoError(t, err)
	require.Len(t, services, 1)
	assert.Equal(t, "web", services[0].Name)
	assert.Equal(t, "https://web-100000000001.us-central1.run.app", services[0].URL)
	assert.Regexp(t, `^http://127\.0\.0\.1:\d+/$`, services[0].Address)
}

// TestUnreadableStates checks that a state that cannot be read stops a repair.
func TestUnreadableStates(t *testing.T) {
	t.Parallel()
	stack := selected(t, answers{"stack export": {{Code: 1, Err: "error: no such key\n"}, {Out: `{"version": 3, "deployment": null}`}}})
	_, err := stack.State(t.Context())
	require.ErrorContains(t, err, "read the state of stack dev: ")
	empty, err := stack.State(t.Context())
	require.NoError(t, err)
	assert.Empty(t, empty.Resources)
	require.NoError(t, os.WriteFile(stack.engine.checkpoint("dev"), []byte("{"), 0o600))
	_, err = stack.engine.latest("dev")
	require.ErrorContains(t, err, "read the state of stack dev: ")
	require.Error(t, stack.recover(t.Context()))
	assert.Len(t, enginetest.Calls(t, stack.engine.options.Dir), 2)
}
