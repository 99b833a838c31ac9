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

	"github.com/guiofsaints/procureflow-platform/sandbox/command"
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
	secret := func(id string) {
		t.Helper()
		made(http.MethodPost, devSecrets+"?secretId="+id, map[string]any{"replication": map[string]any{"automatic": map[string]any{}}})
		made(http.MethodPost, devSecrets+"/"+id+":addVersion", map[string]any{"payload": map[string]any{"data": encodeBase64("made by hand")}})
	}
	secret("nextauth-secret")
	secret("openai-api-key")
	made(http.MethodPost, "/ar/v1/projects/procureflow-dev/locations/us-central1/repositories?repositoryId=procureflow",
		map[string]any{"format": "DOCKER"})
	s.makeV1Service(map[string]any{
		"apiVersion": "serving.knative.dev/v1", "kind": "Service",
		"metadata": map[string]any{"name": "procureflow-web", "namespace": "procureflow-dev",
			"labels": map[string]any{"cloud.googleapis.com/location": "us-central1"}},
		"spec": map[string]any{"template": map[string]any{"spec": map[string]any{
			"serviceAccountName": "procureflow-cloudrun@procureflow-dev.iam.gserviceaccount.com",
			"containers": []any{map[string]any{
				"image": "us-docker.pkg.dev/cloudrun/container/hello@sha256:95ade4b17adcd07623b0a0c68359e344fe54e65d0cb01b989e24c39f2fcd296a",
				"ports": []any{map[string]any{"containerPort": 3000}},
			}},
		}}},
	})
	_, before := s.api(http.MethodGet, devService, nil)

	// The adoption is cut short after a part, taken up again, and repeated when nothing is left.
	file := filepath.Join(t.TempDir(), "import.json")
	half := s.must("adopt", "dev", "--import", "--out", file)
	assert.Contains(t, half.out, "5 of the ")
	serving := dig(before, "latestReadyRevision").(string)
	serving = serving[strings.LastIndexByte(serving, '/')+1:]
	assert.Contains(t, half.out, "\n  gcloud run services update-traffic procureflow-web --project procureflow-dev --region us-central1 "+
		"--to-revisions "+serving+"=100\n")
	// What that command writes.
	made(http.MethodPatch, devService+"?updateMask=traffic", map[string]any{"traffic": []any{
		map[string]any{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": serving, "percent": 100}}})
	secret("mongodb-uri")
	dry := s.run("adopt", "dev", "--out", file)
	assert.Equal(t, command.ExitNo, dry.exit, "the settings differ from what runs: %s", dry)
	assert.Contains(t, dry.out, "1 of the ")
	assert.Contains(t, dry.out, "Nothing was changed.")
	assert.Contains(t, dry.out, "\n  maximum of instances: 100 becomes 2; services.web.maxInstances keeps it\n")
	assert.Contains(t, dry.out, "variable NODE_ENV")
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Contains(t, string(content), `"id": "projects/procureflow-dev/secrets/mongodb-uri"`)
	for _, id := range []string{
		"projects/procureflow-dev/serviceAccounts/procureflow-cloudrun@procureflow-dev.iam.gserviceaccount.com",
		"projects/procureflow-dev/secrets/nextauth-secret", "projects/procureflow-dev/secrets/openai-api-key",
		"projects/procureflow-dev/locations/us-central1/repositories/procureflow",
		"projects/procureflow-dev/locations/us-central1/services/procureflow-web",
	} {
		assert.NotContains(t, string(content), id, "it is in the state already")
		assert.Contains(t, half.out, id)
	}

	s.must("adopt", "dev", "--import", "--out", file)
	again := s.must("adopt", "dev", "--import", "--out", file)
	assert.Regexp(t, `^None of the \d+ planned resources exists already`, again.out)
	noLoss(t, s.must("preview", "dev"))
	up := s.must("up", "dev")
	noLoss(t, up)
	_, after := s.api(http.MethodGet, devService, nil)
	for _, key := range []string{"uid", "createTime"} {
		assert.Equal(t, before[key], after[key], "the service is the same one")
	}
	assert.NotEqual(t, before["latestReadyRevision"], after["latestReadyRevision"], "there is a newer revision")
	assert.Len(t, after["trafficStatuses"], 1)
	assert.Equal(t, serving, dig(after, "trafficStatuses", 0, "revision"), "what served before still serves")
	assert.EqualValues(t, 100, dig(after, "trafficStatuses", 0, "percent"))
	assert.Contains(t, s.must("up", "dev").out, "Stack dev: no changes")
	assert.Contains(t, s.must("adopt", "dev", "--out", file).out, "None of the 0 planned resources")
}

// TestAdoptTheRepositorysSettings: environments and the ruleset that were made by hand in GitHub, and the key, note
// and attestor of a first attempt, are taken over by prod without one of them being replaced or made a second time.
func TestAdoptTheRepositorysSettings(t *testing.T) {
	t.Parallel()
	s := newSandbox(t, nil)
	s.must("preview", "prod") // the cloud is up, and empty
	const (
		hub = "/gh/api/v3/repos/guiofsaints/procureflow"
		kms = "/kms/v1/projects/procureflow-prod/locations/us-central1/keyRings"
	)
	made := func(method, path string, body map[string]any) map[string]any {
		t.Helper()
		status, answer := s.api(method, path, body)
		require.Equal(t, 2, status/100, "%s %s: %d %v", method, path, status, answer)
		return answer
	}
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
	assert.Contains(t, dry.out, "attestation-key", "the key stands in a ring that is not in the state yet")

	s.must("adopt", "prod", "--import", "--out", file)
	// Now the ring is known, and what stands in it can be looked for.
	assert.Contains(t, s.must("adopt", "prod", "--import", "--out", file).out, "1 of the ")
	noLoss(t, s.must("preview", "prod"))
	noLoss(t, s.must("up", "prod"))
	_, after := s.api(http.MethodGet, "/ca/v1/projects/procureflow-prod/notes/release", nil)
	assert.Equal(t, note["createTime"], after["createTime"])
	_, after = s.api(http.MethodGet, fmt.Sprintf("%s/rulesets/%.0f", hub, ruleset["id"]), nil)
	assert.Equal(t, "active", after["enforcement"], "the one that was there holds now what the settings say")
	assert.Contains(t, s.must("up", "prod").out, "Stack prod: no changes")
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
	response, err := s.client().Do(request)
	require.NoError(s.t, err)
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	require.NoError(s.t, err)
	require.Equal(s.t, http.StatusOK, response.StatusCode, string(answer))
}
