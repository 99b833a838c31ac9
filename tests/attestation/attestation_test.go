package attestation_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/cloud"
	"github.com/guiofsaints/procureflow-platform/emulator/store"
	"github.com/guiofsaints/procureflow-platform/release/attest"
)

type object = map[string]any

const (
	project = "procureflow-prod"
	ring    = "projects/" + project + "/locations/us-central1/keyRings/attestation"
	key     = ring + "/cryptoKeys/release"
	version = key + "/cryptoKeyVersions/1"
)

type api struct {
	t    *testing.T
	base string
}

func newAPI(t *testing.T) api {
	t.Helper()
	documents, err := store.Open(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, documents.Close()) })
	c, err := cloud.New(documents, cloud.Options{})
	require.NoError(t, err)
	require.NoError(t, c.EnsureProject(cloud.Project{ID: project, Number: "100000000003", BillingAccount: "012345-6789AB-CDEF01"}))
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	a := api{t, server.URL}
	for _, service := range []string{"cloudkms", "containeranalysis", "binaryauthorization"} {
		a.must("POST", "/su/v1/projects/"+project+"/services/"+service+".googleapis.com:enable", object{})
	}
	return a
}

func (a api) call(method, path string, body object) (int, object) {
	a.t.Helper()
	raw, err := json.Marshal(body)
	require.NoError(a.t, err)
	request, err := http.NewRequestWithContext(a.t.Context(), method, a.base+path, bytes.NewReader(raw))
	require.NoError(a.t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(a.t, err)
	defer func() { _ = response.Body.Close() }()
	var answer object
	require.NoError(a.t, json.NewDecoder(response.Body).Decode(&answer))
	return response.StatusCode, answer
}

func (a api) must(method, path string, body object) object {
	a.t.Helper()
	status, answer := a.call(method, path, body)
	require.Equal(a.t, http.StatusOK, status, "%s %s: %v", method, path, answer)
	return answer
}

// authority makes the resources that the program makes.
func (a api) authority() {
	a.t.Helper()
	a.must("POST", "/kms/v1/projects/"+project+"/locations/us-central1/keyRings?keyRingId=attestation", object{})
	a.must("POST", "/kms/v1/"+ring+"/cryptoKeys?cryptoKeyId=release", object{
		"purpose": "ASYMMETRIC_SIGN", "versionTemplate": object{"algorithm": "EC_SIGN_P256_SHA256"}})
	a.must("POST", "/ca/v1/projects/"+project+"/notes?noteId=release",
		object{"attestation": object{"hint": object{"humanReadableName": "release"}}})
	public := a.must("GET", "/kms/v1/"+version+"/publicKey", nil)
	a.must("POST", "/ba/v1/projects/"+project+"/attestors?attestorId=release", object{"userOwnedGrafeasNote": object{
		"noteReference": "projects/" + project + "/notes/release",
		"publicKeys": []any{object{"id": "//cloudkms.googleapis.com/v1/" + version, "pkixPublicKey": object{
			"publicKeyPem": public["pem"], "signatureAlgorithm": "ECDSA_P256_SHA256"}}},
	}})
}

func (a api) sign() (attest.Result, error) {
	signer, err := attest.New(a.t.Context(), attest.Endpoints{KMS: a.base + "/kms/", Analysis: a.base + "/ca/",
		BinaryAuthorization: a.base + "/ba/"})
	require.NoError(a.t, err)
	return signer.Sign(a.t.Context(), attest.Request{
		Image:    "us-central1-docker.pkg.dev/" + project + "/procureflow/web@sha256:" + strings.Repeat("a", 64),
		Attestor: "projects/" + project + "/attestors/release", Key: version,
	})
}

func TestSignAndFindAgain(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	a.authority()
	first, err := a.sign()
	require.NoError(t, err)
	assert.True(t, first.Created)
	assert.Regexp(t, `^projects/procureflow-prod/occurrences/[0-9]+$`, first.Attestation)
	second, err := a.sign()
	require.NoError(t, err)
	assert.Equal(t, attest.Result{Image: first.Image, Attestation: first.Attestation}, second)
}

func TestDestroyedKeyVersionDoesNotSign(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	a.authority()
	assert.Equal(t, "DESTROY_SCHEDULED", a.must("POST", "/kms/v1/"+version+":destroy", object{})["state"])
	_, err := a.sign()
	require.ErrorContains(t, err, "is not enabled, current state is: DESTROY_SCHEDULED")
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	a.authority()
	deny := object{"evaluationMode": "REQUIRE_ATTESTATION", "enforcementMode": "ENFORCED_BLOCK_AND_AUDIT_LOG"}
	for name, test := range map[string]struct {
		method, path string
		body         object
		status       int
		want         string
	}{
		"a key ring's name stays taken": {"POST", "/kms/v1/projects/" + project + "/locations/us-central1/keyRings?keyRingId=attestation",
			object{}, 409, "KeyRing " + ring + " already exists."},
		"a key ring is not deleted": {"DELETE", "/kms/v1/" + ring, nil, 501,
			"The emulator does not serve cloudkms.projects.locations.keyRings.delete."},
		"a key is not deleted": {"DELETE", "/kms/v1/" + key, nil, 501,
			"The emulator does not serve cloudkms.projects.locations.keyRings.cryptoKeys.delete."},
		"an attestor without its note": {"POST", "/ba/v1/projects/" + project + "/attestors?attestorId=other",
			object{"userOwnedGrafeasNote": object{
				"noteReference": "projects/" + project + "/notes/none"}}, 400,
			"The note projects/procureflow-prod/notes/none does not exist, or the caller may not attach to it."},
		"a policy without an attestor": {"PUT", "/ba/v1/projects/" + project + "/policy", object{"defaultAdmissionRule": deny}, 400,
			"require_attestations_by must name attestors if and only if evaluation_mode is REQUIRE_ATTESTATION, and it is REQUIRE_ATTESTATION."},
	} {
		status, answer := a.call(test.method, test.path, test.body)
		assert.Equal(t, test.status, status, name)
		assert.Equal(t, test.want, answer["error"].(object)["message"], name)
	}
	policy := a.must("GET", "/ba/v1/projects/"+project+"/policy", nil)
	assert.Equal(t, "ALWAYS_ALLOW", policy["defaultAdmissionRule"].(object)["evaluationMode"], "without a policy every image is admitted")
}
