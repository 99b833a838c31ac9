package admission_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/google/binaryauthorization/admission"
)

const (
	repository = "us-central1-docker.pkg.dev/procureflow-prod/procureflow/web"
	attestor   = "projects/procureflow-prod/attestors/release"
	keyID      = "//cloudkms.googleapis.com/v1/projects/p/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1"
	unsigned   = "No attestations found that were valid and signed by a key trusted by the attestor"
)

var (
	digest = "sha256:" + strings.Repeat("a", 64)
	image  = repository + "@" + digest
	other  = "sha256:" + strings.Repeat("b", 64)
)

type signer struct {
	t       *testing.T
	private *ecdsa.PrivateKey
}

func newSigner(t *testing.T, curve elliptic.Curve) signer {
	private, err := ecdsa.GenerateKey(curve, rand.Reader)
	require.NoError(t, err)
	return signer{t, private}
}

func (s signer) key(id string) admission.Key {
	der, err := x509.MarshalPKIXPublicKey(&s.private.PublicKey)
	require.NoError(s.t, err)
	return admission.Key{ID: id, PEM: string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))}
}

func payload(digest, kind string) []byte {
	return fmt.Appendf(nil, `{"critical":{"identity":{"docker-reference":%q},"image":{"docker-manifest-digest":%q},"type":%q}}`,
		repository, digest, kind)
}

func statement(digest string) []byte {
	return payload(digest, "Google cloud binauthz container signature")
}

// attest is an occurrence filed at the image, with a statement that is signed as the key of that id.
func (s signer) attest(image, keyID string, payload []byte) admission.Attestation {
	hash := sha256.Sum256(payload)
	value, err := ecdsa.SignASN1(rand.Reader, s.private, hash[:])
	require.NoError(s.t, err)
	return admission.Attestation{Resource: "https://" + image, Payload: payload,
		Signatures: []admission.Signature{{KeyID: keyID, Value: value}}}
}

func TestRequiredAttestation(t *testing.T) {
	t.Parallel()
	trusted, stranger := newSigner(t, elliptic.P256()), newSigner(t, elliptic.P256())
	wide := newSigner(t, elliptic.P384())
	good := trusted.attest(image, keyID, statement(digest))
	changed := good
	changed.Payload = append([]byte(" "), good.Payload...)
	bare := good
	bare.Signatures = nil
	keys := []admission.Key{trusted.key(keyID)}
	for name, test := range map[string]struct {
		image        string
		keys         []admission.Key
		attestations []admission.Attestation
		denied       string
	}{
		"signed": {image, keys, []admission.Attestation{good}, ""},
		"signed, and another attestation without a signature": {image, keys, []admission.Attestation{bare, good}, ""},
		"signed with the second key": {image, []admission.Key{stranger.key(keyID + "0"), trusted.key(keyID)},
			[]admission.Attestation{good}, ""},
		"two keys of one id, either counts": {image, []admission.Key{stranger.key(keyID), trusted.key(keyID)},
			[]admission.Attestation{good}, ""},
		"no attestation":      {image, keys, nil, unsigned},
		"without a signature": {image, keys, []admission.Attestation{bare}, unsigned},
		"signed by another key under the trusted id": {image, keys, []admission.Attestation{stranger.attest(image, keyID,
			statement(digest))}, unsigned},
		"signed by the trusted key under another id": {image, keys, []admission.Attestation{trusted.attest(image, keyID+"0",
			statement(digest))}, unsigned},
		"the attestor has no key": {image, nil, []admission.Attestation{good}, unsigned},
		"the attestor's key is not PEM": {image, []admission.Key{{ID: keyID, PEM: "key"}}, []admission.Attestation{good},
			unsigned},
		"the attestor's key is on another curve": {image, []admission.Key{wide.key(keyID)},
			[]admission.Attestation{wide.attest(image, keyID, statement(digest))}, unsigned},
		"a payload changed after signing": {image, keys, []admission.Attestation{changed}, unsigned},
		"a signed statement about another digest": {image, keys, []admission.Attestation{trusted.attest(image, keyID,
			statement(other))}, unsigned},
		"a signed statement of another type": {image, keys, []admission.Attestation{trusted.attest(image, keyID,
			payload(digest, "atomic container signature"))}, unsigned},
		"a signed payload that is not a statement": {image, keys, []admission.Attestation{trusted.attest(image, keyID,
			[]byte("yes"))}, unsigned},
		"an attestation of another image": {image, keys, []admission.Attestation{trusted.attest(repository+"@"+other, keyID,
			statement(digest))}, unsigned},
		"the same digest in another repository": {"us-central1-docker.pkg.dev/procureflow-dev/procureflow/web@" + digest, keys,
			[]admission.Attestation{good}, unsigned},
		"a tag of a signed image": {repository + ":latest", keys, []admission.Attestation{good},
			"Expected digest with sha256 scheme, but got tag or malformed digest"},
		"a digest that is too short": {repository + "@sha256:aa", keys, []admission.Attestation{good},
			"Expected digest with sha256 scheme, but got tag or malformed digest"},
	} {
		want := admission.Verdict{Admitted: test.denied == ""}
		if test.denied != "" {
			want.Denied = "Image " + test.image + " denied by attestor " + attestor + ": " + test.denied
		}
		assert.Equal(t, want, admission.Decide(test.image, admission.Policy{Evaluation: admission.RequireAttestation,
			Attestors: []admission.Attestor{{Name: attestor, Keys: test.keys, Attestations: test.attestations}}}), name)
	}
}

func TestEvaluationModes(t *testing.T) {
	t.Parallel()
	s := newSigner(t, elliptic.P256())
	signs := admission.Attestor{Name: attestor, Keys: []admission.Key{s.key(keyID)},
		Attestations: []admission.Attestation{s.attest(image, keyID, statement(digest))}}
	silent := admission.Attestor{Name: "projects/procureflow-prod/attestors/scan"}
	const block, always = "ENFORCED_BLOCK_AND_AUDIT_LOG", "Denied by always_deny admission rule"
	missing := "Image " + image + " denied by attestor projects/procureflow-prod/attestors/scan: " + unsigned
	for name, test := range map[string]struct {
		policy admission.Policy
		want   admission.Verdict
	}{
		"allows": {admission.Policy{Evaluation: admission.AlwaysAllow, Enforcement: block},
			admission.Verdict{Admitted: true}},
		"denies": {admission.Policy{Evaluation: "ALWAYS_DENY", Enforcement: block},
			admission.Verdict{Denied: always}},
		"denies by an unknown mode": {admission.Policy{}, admission.Verdict{Denied: always}},
		"denies, but the image is exempt": {admission.Policy{Evaluation: "ALWAYS_DENY", Exempt: []string{"gcr.io/other", image}},
			admission.Verdict{Admitted: true}},
		"denies in the log only": {admission.Policy{Evaluation: "ALWAYS_DENY", Enforcement: admission.DryRun},
			admission.Verdict{Admitted: true, Denied: always}},
		"requires one attestor": {admission.Policy{Evaluation: admission.RequireAttestation,
			Attestors: []admission.Attestor{signs}}, admission.Verdict{Admitted: true}},
		"requires two, of which one has attested": {admission.Policy{Evaluation: admission.RequireAttestation,
			Attestors: []admission.Attestor{signs, silent}}, admission.Verdict{Denied: missing}},
		"requires attestations and names no attestor": {admission.Policy{Evaluation: admission.RequireAttestation},
			admission.Verdict{Denied: "Image " + image + " denied: the policy requires attestations and names no attestor"}},
	} {
		assert.Equal(t, test.want, admission.Decide(image, test.policy), name)
	}
}

func TestExemptions(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		pattern, image string
		exempt         bool
	}{
		{"gcr.io/p/hello@" + digest, "gcr.io/p/hello@" + digest, true},
		{"gcr.io/p/hello@" + digest, "gcr.io/p/hello@" + other, false},
		{"gcr.io/p/hello", "gcr.io/p/hello@" + digest, false},
		{"gcr.io/p/hello:1", "gcr.io/p/hello:10", false},
		{"gcr.io/nginx*", "gcr.io/nginx@" + digest, true},
		{"gcr.io/nginx*", "gcr.io/nginx/image@" + digest, false},
		{"gcr.io/p/*", "gcr.io/p/hello:1", true},
		{"gcr.io/p/*", "gcr.io/p/q/hello:1", false},
		{"gcr.io/p/*", "gcr.io/p2/hello:1", false},
		{"gcr.io/nginx**", "gcr.io/nginx/image@" + digest, true},
		{"gcr.io/p/**", "gcr.io/p/q/r/hello:1", true},
		{"gcr.io/p/**", "gcr.io/p2/hello:1", false},
		{"gcr.io/p/*/hello", "gcr.io/p/q/hello", false},
		{"", "gcr.io/p/hello", false},
	} {
		verdict := admission.Decide(test.image, admission.Policy{Evaluation: "ALWAYS_DENY", Exempt: []string{test.pattern}})
		assert.Equal(t, test.exempt, verdict.Admitted, "%s %s", test.pattern, test.image)
	}
}
