package sandbox_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// noLoss fails the test when the engine replaced or deleted something.
func noLoss(t *testing.T, up result) {
	t.Helper()
	assert.NotRegexp(t, `\d+ (replaced|deleted)|replaced|deleting`, up.out)
}

// TestAdoptWhatWasMadeByHand: the application as it ran before the platform, a v1 service, its account, its secrets and a
// registry, is taken over without being touched.
func TestAdoptWhatWasMadeByHand(t *testing.T) {
	t.Parallel()
	s := newSandbox(t, nil)
	s.must("preview", "dev") // the cloud is up, and empty
	made := func(method, path string, body map[string]any) map[string]any {
		t.Helper()
		status, answer := s.api(method, path, body)
		require.Equal(t, http.StatusOK, status, "%s %s: %v", method, path, answer)
		return answer
	}
	for _, api := range []string{"run", "artifactregistry", "secretmanager", "iam"} {
		made(http.MethodPost, "/su/v1/projects/procureflow-dev/services/"+api+".googleapis.com:enable", map[string]any{})
	}
	made(http.MethodPost, "/iam/v1/projects/procureflow-dev/serviceAccounts", map[string]any{
		"accountId": "procureflow-cloudrun", "serviceAccount": map[string]any{"displayName": "by hand"},
	})
	for _, id := range []string{"nextauth-secret", "openai-api-key", "mongodb-uri"} {
		made(http.MethodPost, devSecrets+"?secretId="+id, map[string]any{"replication": map[string]any{"automatic": map[string]any{}}})
		made(http.MethodPost, devSecrets+"/"+id+":addVersion", map[string]any{"payload": map[string]any{"data": encodeBase64("made by hand")}})
	}
	made(http.MethodPost, "/ar/v1/projects/procureflow-dev/locations/us-central1/repositories?repositoryId=procureflow", map[string]any{"format": "DOCKER"})
	s.makeV1Service(map[string]any{
		"apiVersion": "serving.knative.dev/v1", "kind": "Service",
		"metadata": map[string]any{"name": "procureflow-web", "namespace": "procureflow-dev", "labels": map[string]any{"cloud.googleapis.com/location": "us-central1"}},
		"spec": map[string]any{"template": map[string]any{"spec": map[string]any{
			"serviceAccountName": "procureflow-cloudrun@procureflow-dev.iam.gserviceaccount.com",
			"containers": []any{map[string]any{
				"image": "us-docker.pkg.dev/cloudrun/container/hello@sha256:95ade4b17adcd07623b0a0c68359e344fe54e65d0cb01b989e24c39f2fcd296a",
				"ports": []any{map[string]any{"containerPort": 3000}},
			}},
		}}},
	})
	_, before := s.api(http.MethodGet, devService, nil)

	file := filepath.Join(t.TempDir(), "import.json")
	dry := s.must("adopt", "dev", "--out", file)
	assert.Contains(t, dry.out, "6 of ")
	assert.Contains(t, dry.out, "Nothing was changed.")
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	for _, id := range []string{
		"projects/procureflow-dev/serviceAccounts/procureflow-cloudrun@procureflow-dev.iam.gserviceaccount.com",
		"projects/procureflow-dev/secrets/mongodb-uri", "projects/procureflow-dev/secrets/nextauth-secret", "projects/procureflow-dev/secrets/openai-api-key",
		"projects/procureflow-dev/locations/us-central1/repositories/procureflow",
		"projects/procureflow-dev/locations/us-central1/services/procureflow-web",
	} {
		assert.Contains(t, string(content), `"id": "`+id+`"`)
	}

	s.must("adopt", "dev", "--import", "--out", file)
	noLoss(t, s.must("preview", "dev"))
	up := s.must("up", "dev")
	noLoss(t, up)
	_, after := s.api(http.MethodGet, devService, nil)
	for _, key := range []string{"uid", "createTime"} {
		assert.Equal(t, before[key], after[key], "the service is the same one")
	}
	assert.Equal(t, dig(before, "latestReadyRevision"), func() any {
		_, revision := s.api(http.MethodGet, "/run/v2/"+dig(before, "latestReadyRevision").(string), nil)
		return revision["name"]
	}(), "what served before can still serve")
	assert.Contains(t, s.must("up", "dev").out, "Stack dev: no changes")
}

// makeV1Service makes a service through Cloud Run's v1 API, which is on the host of its region.
func (s *sandbox) makeV1Service(service map[string]any) {
	s.t.Helper()
	body, err := json.Marshal(service)
	require.NoError(s.t, err)
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost,
		s.status().API+"/apis/serving.knative.dev/v1/namespaces/procureflow-dev/services", bytes.NewReader(body))
	require.NoError(s.t, err)
	request.Host = "us-central1-run.googleapis.com"
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	require.NoError(s.t, err)
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	require.NoError(s.t, err)
	require.Equal(s.t, http.StatusOK, response.StatusCode, string(answer))
}
