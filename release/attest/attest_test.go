package attest_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"hash/crc32"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/release/attest"
)

const (
	image    = "us-central1-docker.pkg.dev/procureflow-prod/images/web@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	other    = "us-central1-docker.pkg.dev/procureflow-prod/images/web@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	attestor = "projects/procureflow-prod/attestors/release"
	note     = "projects/procureflow-prod/notes/release"
	key      = "projects/procureflow-prod/locations/us-central1/keyRings/release/cryptoKeys/attest/cryptoKeyVersions/1"
	payload  = `{"critical":{"identity":{"docker-reference":"us-central1-docker.pkg.dev/procureflow-prod/images/web"},` +
		`"image":{"docker-manifest-digest":"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},"type":"Google cloud binauthz container signature"}}`
)

// google serves the three APIs and holds its own key. Its Container Analysis stores the occurrences that it is sent.
type google struct {
	t           *testing.T
	private     *ecdsa.PrivateKey
	keyID       string
	algorithm   string
	answer      func(map[string]any) // Changes an answer of the key management service.
	occurrences []map[string]any
	signed      int
	filters     []string
	// attestor is the whole answer about the attestor, if a test sets one.
	attestor map[string]any
}

func newGoogle(t *testing.T) (*google, *attest.Signer) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	g := &google{t: t, private: private, keyID: "//cloudkms.googleapis.com/v1/" + key, algorithm: "ECDSA_P256_SHA256"}
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	signer, err := attest.New(t.Context(), attest.Endpoints{KMS: server.URL, Analysis: server.URL, BinaryAuthorization: server.URL})
	require.NoError(t, err)
	return g, signer
}

// ServeHTTP implements http.Handler.
func (g *google) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body map[string]any
	if r.Method == http.MethodPost && !assert.NoError(g.t, json.NewDecoder(r.Body).Decode(&body)) {
		return
	}
	answer := map[string]any{}
	switch r.Method + " " + r.URL.Path {
	case "GET /v1/" + attestor:
		if g.attestor != nil {
			answer = g.attestor
			break
		}
		der, err := x509.MarshalPKIXPublicKey(g.private.Public())
		assert.NoError(g.t, err)
		text := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
		answer["userOwnedGrafeasNote"] = map[string]any{"noteReference": note, "publicKeys": []any{
			map[string]any{"id": "//cloudkms.googleapis.com/v1/" + key + "0", "pkixPublicKey": map[string]any{"publicKeyPem": "another"}},
			map[string]any{"id": g.keyID, "pkixPublicKey": map[string]any{"publicKeyPem": text, "signatureAlgorithm": g.algorithm}},
		}}
	case "GET /v1/" + note + "/occurrences":
		// One occurrence a page, so that the client has to read all pages.
		g.filters = append(g.filters, r.URL.Query().Get("filter"))
		at, _ := strconv.Atoi(r.URL.Query().Get("pageToken"))
		if at < len(g.occurrences) {
			answer["occurrences"] = g.occurrences[at : at+1]
			answer["nextPageToken"] = strconv.Itoa(at + 1)
		}
	case "POST /v1/" + key + ":asymmetricSign":
		g.signed++
		digest, err := base64.StdEncoding.DecodeString(body["digest"].(map[string]any)["sha256"].(string))
		assert.NoError(g.t, err)
		assert.Equal(g.t, checksum(digest), body["digestCrc32c"])
		signature, err := ecdsa.SignASN1(rand.Reader, g.private, digest)
		assert.NoError(g.t, err)
		answer = map[string]any{"name": key, "signature": base64.StdEncoding.EncodeToString(signature),
			"signatureCrc32c": checksum(signature), "verifiedDigestCrc32c": true}
		if g.answer != nil {
			g.answer(answer)
		}
	case "POST /v1/projects/procureflow-prod/occurrences":
		body["name"] = "projects/procureflow-prod/occurrences/" + strconv.Itoa(len(g.occurrences))
		g.occurrences = append(g.occurrences, body)
		answer = body
	default:
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	assert.NoError(g.t, json.NewEncoder(w).Encode(answer))
}

func checksum(raw []byte) string {
	return strconv.FormatUint(uint64(crc32.Checksum(raw, crc32.MakeTable(crc32.Castagnoli))), 10)
}

func TestSign(t *testing.T) {
	t.Parallel()
	g, signer := newGoogle(t)
	request := attest.Request{Image: image, Attestor: attestor, Key: key}
	result, err := signer.Sign(t.Context(), request)
	require.NoError(t, err)
	assert.Equal(t, attest.Result{Image: image, Attestation: "projects/procureflow-prod/occurrences/0", Created: true}, result)
	require.Len(t, g.occurrences, 1)

	// Check the occurrence as Binary Authorization does: its payload is about this image, and the key signed it.
	made := g.occurrences[0]
	assert.Equal(t, "https://"+image, made["resourceUri"])
	assert.Equal(t, note, made["noteName"])
	assert.Equal(t, "ATTESTATION", made["kind"])
	attestation := made["attestation"].(map[string]any)
	serialized, err := base64.StdEncoding.DecodeString(attestation["serializedPayload"].(string))
	require.NoError(t, err)
	assert.Equal(t, payload, string(serialized))
	signature := attestation["signatures"].([]any)[0].(map[string]any)
	assert.Equal(t, "//cloudkms.googleapis.com/v1/"+key, signature["publicKeyId"])
	raw, err := base64.StdEncoding.DecodeString(signature["signature"].(string))
	require.NoError(t, err)
	digest := sha256.Sum256(serialized)
	assert.True(t, ecdsa.VerifyASN1(&g.private.PublicKey, digest[:], raw))
	assert.Equal(t, `resourceUrl="https://`+image+`"`, g.filters[0])

	// A second call finds the attestation, and signs and writes nothing.
	result, err = signer.Sign(t.Context(), request)
	require.NoError(t, err)
	assert.Equal(t, attest.Result{Image: image, Attestation: "projects/procureflow-prod/occurrences/0"}, result)
	assert.Equal(t, 1, g.signed)
	assert.Len(t, g.occurrences, 1)
	attestation["serializedPayload"] = base64.URLEncoding.EncodeToString(serialized)
	signature["signature"] = base64.URLEncoding.EncodeToString(raw)
	result, err = signer.Sign(t.Context(), request)
	require.NoError(t, err)
	assert.False(t, result.Created, "base64 in the URL alphabet is accepted")
}

// TestSignIgnoresInvalidAttestations checks that an attestation that does not verify counts as absent. A valid one is made next to
// it.
func TestSignIgnoresInvalidAttestations(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(occurrence, attestation, signature map[string]any){
		"another image":     func(o, _, _ map[string]any) { o["resourceUri"] = "https://" + other },
		"another note":      func(o, _, _ map[string]any) { o["noteName"] = note + "2" },
		"another payload":   func(_, a, _ map[string]any) { a["serializedPayload"] = base64.StdEncoding.EncodeToString([]byte("{}")) },
		"another key":       func(_, _, s map[string]any) { s["publicKeyId"] = "//cloudkms.googleapis.com/v1/" + key + "0" },
		"another signature": func(_, _, s map[string]any) { s["signature"] = "AAAA" },
		"not base64":        func(_, _, s map[string]any) { s["signature"] = "%" },
		"no attestation":    func(o, _, _ map[string]any) { delete(o, "attestation") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, signer := newGoogle(t)
			request := attest.Request{Image: image, Attestor: attestor, Key: key}
			_, err := signer.Sign(t.Context(), request)
			require.NoError(t, err)
			attestation := g.occurrences[0]["attestation"].(map[string]any)
			spoil(g.occurrences[0], attestation, attestation["signatures"].([]any)[0].(map[string]any))
			result, err := signer.Sign(t.Context(), request)
			require.NoError(t, err)
			assert.Equal(t, attest.Result{Image: image, Attestation: "projects/procureflow-prod/occurrences/1", Created: true}, result)
			result, err = signer.Sign(t.Context(), request)
			require.NoError(t, err)
			assert.False(t, result.Created, "the valid attestation is found behind the invalid one")
		})
	}
}

func TestSignRefusesWrongSignatures(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*google)
		wrong  string
	}{
		"the attestor has another key": {func(g *google) { g.keyID += "9" }, "has no public key with the id //cloudkms.googleapis.com/v1/" + key},
		"another algorithm":            {func(g *google) { g.algorithm = "RSA_PSS_2048_SHA256" }, "only ECDSA_P256_SHA256 is made here"},
		"another key signed": {func(g *google) { g.answer = func(a map[string]any) { a["name"] = "x" } }, "was asked to sign, and " +
			"\"x\" signed"},
		"the digest was damaged": {func(g *google) { g.answer = func(a map[string]any) { a["verifiedDigestCrc32c"] = false } },
			"was damaged on the way"},
		"the signature was damaged": {func(g *google) { g.answer = func(a map[string]any) { a["signature"] = "AAAA" } },
			"was damaged on the way"},
		"a signature of something else": {func(g *google) {
			g.answer = func(a map[string]any) {
				digest := sha256.Sum256([]byte("something else"))
				signature, err := ecdsa.SignASN1(rand.Reader, g.private, digest[:])
				assert.NoError(g.t, err)
				a["signature"], a["signatureCrc32c"] = base64.StdEncoding.EncodeToString(signature), checksum(signature)
			}
		}, "does not verify with the public key of the attestor"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, signer := newGoogle(t)
			c.change(g)
			_, err := signer.Sign(t.Context(), attest.Request{Image: image, Attestor: attestor, Key: key})
			require.ErrorContains(t, err, c.wrong)
			assert.Empty(t, g.occurrences)
		})
	}
}

// TestSignErrorsQuoteNoBody checks an answer that a server between this program and the API gave. Its body may contain anything.
func TestSignErrorsQuoteNoBody(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte("a proxy's page with a secret"))
	}))
	t.Cleanup(server.Close)
	signer, err := attest.New(t.Context(), attest.Endpoints{KMS: server.URL, Analysis: server.URL, BinaryAuthorization: server.URL})
	require.NoError(t, err)
	_, err = signer.Sign(t.Context(), attest.Request{Image: image, Attestor: attestor, Key: key})
	assert.EqualError(t, err, "read "+attestor+": 403")
}

func TestRequestCheck(t *testing.T) {
	t.Parallel()
	err := attest.Request{Image: "us-docker.pkg.dev/p/web:latest", Attestor: "release",
		Key: strings.TrimSuffix(key, "/cryptoKeyVersions/1")}.Check()
	require.EqualError(t, err,
		`image is "us-docker.pkg.dev/p/web:latest"; give REGISTRY/REPOSITORY@sha256:<64 hex>: a tag can name another image tomorrow
attestor is "release"; give projects/PROJECT/attestors/ATTESTOR
key is "projects/procureflow-prod/locations/us-central1/keyRings/release/cryptoKeys/attest"; give projects/P/locations/L/keyRings/R/cryptoKeys/K/cryptoKeyVersions/N`)
	_, err = attest.New(t.Context(), attest.Endpoints{KMS: "https://evil.example/"})
	require.ErrorContains(t, err, "is not on this machine")
}

// TestSignRefusesUnusableAttestors covers attestors that do not name, in the one supported form, whose signature they accept.
func TestSignRefusesUnusableAttestors(t *testing.T) {
	t.Parallel()
	encode := func(public any) string {
		der, err := x509.MarshalPKIXPublicKey(public)
		require.NoError(t, err)
		return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	owned := func(text string) map[string]any {
		return map[string]any{"userOwnedGrafeasNote": map[string]any{"noteReference": note, "publicKeys": []any{map[string]any{
			"id": "//cloudkms.googleapis.com/v1/" + key, "pkixPublicKey": map[string]any{"publicKeyPem": text,
				"signatureAlgorithm": "ECDSA_P256_SHA256"}}}}}
	}
	for name, c := range map[string]struct {
		attestor map[string]any
		wrong    string
	}{
		"no note": {map[string]any{"name": attestor}, attestor + " has no note: give it one"},
		"a note without name": {map[string]any{"userOwnedGrafeasNote": map[string]any{"noteReference": ""}},
			attestor + " has no note: give it one"},
		"a key without a public part": {map[string]any{"userOwnedGrafeasNote": map[string]any{"noteReference": note, "publicKeys": []any{
			map[string]any{"id": "//cloudkms.googleapis.com/v1/" + key}}}}, "has no public key with the id"},
		"no PEM": {owned("MFkw"), "is not PEM"},
		"PEM of something else": {owned(string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: []byte("x")}))),
			"the public key of " + key + " at " + attestor},
		"another kind of key":    {owned(encode(rsaKey.Public())), "is not an ECDSA key on P-256"},
		"a key on another curve": {owned(encode(p384.Public())), "is not an ECDSA key on P-256"},
	} {
		g, signer := newGoogle(t)
		g.attestor = c.attestor
		_, err := signer.Sign(t.Context(), attest.Request{Image: image, Attestor: attestor, Key: key})
		assert.ErrorContains(t, err, c.wrong, name)
		assert.Zero(t, g.signed, name)
		assert.Empty(t, g.occurrences, name)
	}
}
