package binaryauthorization_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/cloudtest"
)

const (
	attestors = "/ba/v1/projects/" + cloudtest.Project + "/attestors"
	policy    = "/ba/v1/projects/" + cloudtest.Project + "/policy"
	note      = "projects/" + cloudtest.Project + "/notes/release"
)

// attestor is the body of an attestor with the keys, each an id and a PEM block.
func attestor(t *testing.T, note string, keys ...[2]string) string {
	t.Helper()
	var list []any
	for _, key := range keys {
		list = append(list, map[string]any{"id": key[0], "pkixPublicKey": map[string]any{"publicKeyPem": key[1],
			"signatureAlgorithm": "EC_SIGN_P256_SHA256"}})
	}
	body, err := json.Marshal(map[string]any{"userOwnedGrafeasNote": map[string]any{"noteReference": note, "publicKeys": list}})
	require.NoError(t, err)
	return string(body)
}

func start(t *testing.T) (w *cloudtest.World, key string) {
	t.Helper()
	w = cloudtest.Start(t)
	require.NoError(t, w.Cloud.EnableAPIs(cloudtest.Project, "containeranalysis.googleapis.com", "binaryauthorization.googleapis.com"))
	w.OK("POST", "/ca/v1/projects/"+cloudtest.Project+"/notes?noteId=release", `{"attestation":{"hint":{"humanReadableName":"release"}}}`)
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	der, err := x509.MarshalPKIXPublicKey(&private.PublicKey)
	require.NoError(t, err)
	return w, string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

func TestAttestorAndPolicy(t *testing.T) {
	t.Parallel()
	w, key := start(t)
	assert.Equal(t, "ALWAYS_ALLOW", cloudtest.Dig(w.OK("GET", policy, ""), "defaultAdmissionRule", "evaluationMode"),
		"a project that has never written a policy admits all images")
	made := w.OK("POST", attestors+"?attestorId=release", attestor(t, note, [2]string{"a", key}))
	assert.Equal(t, "service-123456789012@gcp-sa-binaryauthorization.iam.gserviceaccount.com",
		cloudtest.Dig(made, "userOwnedGrafeasNote", "delegationServiceAccountEmail"))
	assert.Equal(t, "ECDSA_P256_SHA256",
		cloudtest.Dig(made, "userOwnedGrafeasNote", "publicKeys", 0, "pkixPublicKey", "signatureAlgorithm"), "the API's own name for it")
	written := w.OK("PUT", policy, `{"defaultAdmissionRule":{"evaluationMode":"REQUIRE_ATTESTATION",
		"enforcementMode":"ENFORCED_BLOCK_AND_AUDIT_LOG","requireAttestationsBy":["projects/procureflow-dev/attestors/release"]},
		"admissionWhitelistPatterns":[{"namePattern":"us-docker.pkg.dev/cloudrun/container/*"}]}`)
	assert.Equal(t, "DISABLE", written["globalPolicyEvaluationMode"])
	assert.Equal(t, written, w.OK("GET", policy, ""))
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	w, key := start(t)
	certificate := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: []byte("x")}))
	w.OK("POST", attestors+"?attestorId=release", attestor(t, note, [2]string{"a", key}))
	w.OK("POST", "/ca/v1/projects/"+cloudtest.Project+"/notes?noteId=other", `{"attestation":{"hint":{"humanReadableName":"other"}}}`)
	rule := func(text string) string { return `{"defaultAdmissionRule":{` + text + `}}` }
	const other = attestors + "?attestorId=other"
	for _, test := range []cloudtest.Refusal{
		{Name: "no note", Method: "POST", Path: other, Body: `{}`, Want: "note_reference must be set."},
		{Name: "a note that is not there", Method: "POST", Path: other, Body: attestor(t, note+"x"), Want: "notes/releasex does not exist"},
		{Name: "another note", Method: "PUT", Path: attestors + "/release", Body: attestor(t, "projects/procureflow-dev/notes/other"),
			Want: "Field 'user_owned_grafeas_note.note_reference' is immutable."},
		{Name: "a PGP key", Method: "POST", Path: other, Want: "The emulator has attestors with PKIX public keys only: set pkix_public_key.",
			Body: `{"userOwnedGrafeasNote":{"noteReference":"` + note + `","publicKeys":[{"id":"a","asciiArmoredPgpPublicKey":"x"}]}}`},
		{Name: "no id", Method: "POST", Path: other, Body: attestor(t, note, [2]string{"", key}), Want: `id "" is empty or used twice.`},
		{Name: "an id twice", Method: "POST", Path: other, Body: attestor(t, note, [2]string{"a", key}, [2]string{"a", key}),
			Want: `id "a" is empty or used twice.`},
		{Name: "no PEM", Method: "POST", Path: other, Body: attestor(t, note, [2]string{"a", "x"}), Want: "public_key_pem of a is not PEM."},
		{Name: "no key", Method: "POST", Path: other, Body: attestor(t, note, [2]string{"a", certificate}),
			Want: "public_key_pem of a is not a public key"},
		{Name: "no mode", Method: "PUT", Path: policy, Body: `{}`, Want: "evaluation_mode must be set."},
		{Name: "no enforcement", Method: "PUT", Path: policy, Body: rule(`"evaluationMode":"ALWAYS_DENY"`),
			Want: "enforcement_mode must be set."},
		{Name: "attestors in a mode that asks for no attestation", Method: "PUT", Path: policy,
			Want: "if and only if evaluation_mode is REQUIRE_ATTESTATION",
			Body: rule(`"evaluationMode":"ALWAYS_DENY","enforcementMode":"DRYRUN_AUDIT_LOG_ONLY","requireAttestationsBy":["a"]`)},
		{Name: "an attestation required, without an attestor", Method: "PUT", Path: policy,
			Want: "if and only if evaluation_mode is REQUIRE_ATTESTATION",
			Body: rule(`"evaluationMode":"REQUIRE_ATTESTATION","enforcementMode":"DRYRUN_AUDIT_LOG_ONLY"`)},
		{Name: "an attestor that is not there", Method: "PUT", Path: policy,
			Want: "Attestor projects/procureflow-dev/attestors/x does not exist.",
			Body: rule(`"evaluationMode":"REQUIRE_ATTESTATION","enforcementMode":"DRYRUN_AUDIT_LOG_ONLY",
				"requireAttestationsBy":["projects/procureflow-dev/attestors/x"]`)},
		{Name: "a pattern for every registry", Method: "PUT", Path: policy, Want: `Invalid name_pattern "*"`,
			Body: `{"defaultAdmissionRule":{"evaluationMode":"ALWAYS_DENY","enforcementMode":"ENFORCED_BLOCK_AND_AUDIT_LOG"},
				"admissionWhitelistPatterns":[{"namePattern":"*"}]}`},
	} {
		assert.Contains(t, w.Refused(test.Method, test.Path, test.Body), test.Want, test.Name)
	}
}
