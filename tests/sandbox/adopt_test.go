package sandbox_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// noLoss fails the test if the engine replaced or deleted something.
func noLoss(t *testing.T, up result) {
	t.Helper()
	assert.NotRegexp(t, `\d+ (replaced|deleted)|replaced|deleting`, up.out)
}

// makeWhatRanBefore makes the application as it ran in dev before the platform.
func (s *sandbox) makeWhatRanBefore() {
	s.t.Helper()
	const (
		project = "/su/v1/projects/procureflow-dev/services"
		account = "procureflow-cloudrun@procureflow-dev.iam.gserviceaccount.com"
	)
	s.made(http.MethodPost, project+":batchEnable", map[string]any{"serviceIds": []any{"run.googleapis.com", "artifactregistry.googleapis.com",
		"secretmanager.googleapis.com", "iam.googleapis.com"}})
	s.made(http.MethodPost, "/iam/v1/projects/procureflow-dev/serviceAccounts", map[string]any{
		"accountId": "procureflow-cloudrun", "serviceAccount": map[string]any{"displayName": "by hand"},
	})
	s.made(http.MethodPost, "/ar/v1/projects/procureflow-dev/locations/us-central1/repositories?repositoryId=procureflow",
		map[string]any{"format": "DOCKER"})
	plain := func(name, value string) any { return map[string]any{"name": name, "value": value} }
	variables := []any{plain("NODE_ENV", "production"), plain("NEXT_TELEMETRY_DISABLED", "1"), plain("LOG_LEVEL", "info"),
		plain("NEXTAUTH_URL", "https://procureflow-web-100000000001.us-central1.run.app")}
	for _, name := range []string{"NEXTAUTH_SECRET", "OPENAI_API_KEY", "MONGODB_URI"} {
		id := strings.ReplaceAll(strings.ToLower(name), "_", "-")
		s.made(http.MethodPost, devSecrets+"?secretId="+id, map[string]any{"replication": map[string]any{"automatic": map[string]any{}}})
		s.made(http.MethodPost, devSecrets+"/"+id+":addVersion", map[string]any{"payload": map[string]any{"data": encodeBase64("made by hand")}})
		s.made(http.MethodPost, devSecrets+"/"+id+":setIamPolicy", map[string]any{"policy": map[string]any{"bindings": []any{map[string]any{
			"role": "roles/secretmanager.secretAccessor", "members": []any{"serviceAccount:" + account}}}}})
		variables = append(variables, map[string]any{"name": name, "valueFrom": map[string]any{
			"secretKeyRef": map[string]any{"name": id, "key": "latest"}}})
	}
	container := map[string]any{
		"image": "us-central1-docker.pkg.dev/procureflow-dev/procureflow/web:latest", "env": variables,
		"ports":     []any{map[string]any{"containerPort": 3000}},
		"resources": map[string]any{"limits": map[string]any{"cpu": "1", "memory": "1Gi"}},
	}
	s.makeV1Service(map[string]any{
		"apiVersion": "serving.knative.dev/v1", "kind": "Service",
		"metadata": map[string]any{"name": "procureflow-web", "namespace": "procureflow-dev", "labels": map[string]any{
			"environment": "dev", "managed-by": "pulumi", "app": "procureflow", "cloud.googleapis.com/location": "us-central1"}},
		"spec": map[string]any{"template": map[string]any{
			"metadata": map[string]any{"annotations": map[string]any{"autoscaling.knative.dev/maxScale": "2",
				"run.googleapis.com/execution-environment": "gen2", "run.googleapis.com/cpu-throttling": "true"}},
			"spec": map[string]any{"serviceAccountName": account, "containerConcurrency": 80, "timeoutSeconds": 300,
				"containers": []any{container}}}}})
	s.made(http.MethodPost, "/run/v2/projects/procureflow-dev/locations/europe-west1/services?serviceId=procureflow-web", map[string]any{
		"template": map[string]any{"containers": []any{map[string]any{"image": "us-docker.pkg.dev/cloudrun/container/hello"}}}})
}

// TestAdoptTheRepositorysSettings lets prod adopt environments and a ruleset that were made by hand in GitHub, and the key, note and
// attestor of a first attempt. Nothing is replaced or made a second time.
func TestAdoptTheRepositorysSettings(t *testing.T) {
	t.Parallel()
	s := newSandbox(t, nil)
	s.firstPreviewMakesNothing("prod") // the cloud is up and empty
	const (
		hub = "/gh/api/v3/repos/guiofsaints/procureflow"
		kms = "/kms/v1/projects/procureflow-prod/locations/us-central1/keyRings"
	)
	made := s.made
	for _, api := range []string{"cloudkms", "containeranalysis", "binaryauthorization"} {
		made(http.MethodPost, "/su/v1/projects/procureflow-prod/services/"+api+".googleapis.com:enable", map[string]any{})
	}
	made(http.MethodPut, hub+"/environments/production", map[string]any{
		"wait_timer": 0, "deployment_branch_policy": map[string]any{"protected_branches": false, "custom_branch_policies": true}})
	made(http.MethodPost, hub+"/environments/production/deployment-branch-policies", map[string]any{"name": "main"})
	ruleset := made(http.MethodPost, hub+"/rulesets", map[string]any{"name": "protected-branches", "target": "branch",
		"enforcement": "disabled",
		"conditions": map[string]any{"ref_name": map[string]any{"include": []any{"~DEFAULT_BRANCH"},
			"exclude": []any{}}}, "rules": []any{map[string]any{"type": "deletion"}}})
	made(http.MethodPost, kms+"?keyRingId=attestation", map[string]any{})
	made(http.MethodPost, kms+"/attestation/cryptoKeys?cryptoKeyId=release", map[string]any{
		"purpose": "ASYMMETRIC_SIGN", "versionTemplate": map[string]any{"algorithm": "EC_SIGN_P256_SHA256", "protectionLevel": "SOFTWARE"}})
	note := made(http.MethodPost, "/ca/v1/projects/procureflow-prod/notes?noteId=release", map[string]any{
		"attestation": map[string]any{"hint": map[string]any{"humanReadableName": "by hand"}}})

	file := filepath.Join(t.TempDir(), "import.json")
	dry := s.must("adopt", "prod", "--out", file)
	assert.Contains(t, dry.out, "5 of the ")
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	for _, id := range []string{
		"procureflow:production",
		fmt.Sprintf("procureflow:%.0f", ruleset["id"]),
		"projects/procureflow-prod/locations/us-central1/keyRings/attestation", "projects/procureflow-prod/notes/release",
	} {
		assert.Contains(t, string(content), `"id": "`+id+`"`)
	}
	assert.Contains(t, dry.out, "attestation-key", "the key's ring is not in the state yet")

	s.must("adopt", "prod", "--import", "--out", file)
	// The ring is in the state now, so the keys in it can be looked up.
	assert.Contains(t, s.must("adopt", "prod", "--import", "--out", file).out, "1 of the ")
	noLoss(t, s.must("up", "prod", "--skip-preview"))
	_, after := s.api(http.MethodGet, "/ca/v1/projects/procureflow-prod/notes/release", nil)
	assert.Equal(t, note["createTime"], after["createTime"])
	_, after = s.api(http.MethodGet, fmt.Sprintf("%s/rulesets/%.0f", hub, ruleset["id"]), nil)
	assert.Equal(t, "active", after["enforcement"], "the existing ruleset has the settings' values now")
	s.unchanged("prod")
}

// firstPreviewMakesNothing previews a stack that does not exist yet.
func (s *sandbox) firstPreviewMakesNothing(stack string) {
	s.t.Helper()
	preview := s.must("preview", stack)
	assert.Contains(s.t, preview.out, "to create")
	assert.Contains(s.t, preview.out, "gcp:cloudrunv2:Service")
	_, answer := s.api(http.MethodGet, "/run/v2/projects/procureflow-"+stack+"/locations/us-central1/services", nil)
	assert.Empty(s.t, answer["services"])
}

// makeV1Service makes a service through Cloud Run's v1 API, which is at the host of its region.
func (s *sandbox) makeV1Service(service map[string]any) {
	s.t.Helper()
	body, err := json.Marshal(service)
	require.NoError(s.t, err)
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost,
		s.status().API+"/apis/serving.knative.dev/v1/namespaces/procureflow-dev/services", bytes.NewReader(body))
	require.NoError(s.t, err)
	request.Host = "us-central1-run.googleapis.com"
	request.Header.Set("Content-Type", "application/json")
	response, err := s.client().Do(request)
	require.NoError(s.t, err)
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	require.NoError(s.t, err)
	require.Equal(s.t, http.StatusOK, response.StatusCode, string(answer))
}
