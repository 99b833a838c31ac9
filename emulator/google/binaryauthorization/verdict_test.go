package binaryauthorization_test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/guiofsaints/procureflow-platform/emulator/cloudtest"
)

const (
	project  = "projects/" + cloudtest.Project
	version  = project + "/locations/us-central1/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1"
	reader   = "roles/containeranalysis.notes.occurrences.viewer"
	agent    = "serviceAccount:service-" + cloudtest.Number + "@gcp-sa-binaryauthorization.iam.gserviceaccount.com"
	enforced = `"enforcementMode":"ENFORCED_BLOCK_AND_AUDIT_LOG"`
	required = `"defaultAdmissionRule":{"evaluationMode":"REQUIRE_ATTESTATION",` + enforced + `,"requireAttestationsBy":["` + project +
		`/attestors/release"]}`
)

// ready returns a world with a key, a note and an attestor, where nothing is signed yet.
func ready(t *testing.T) *cloudtest.World {
	t.Helper()
	w, _ := start(t)
	w.OK("POST", "/su/v1/"+project+"/services/cloudkms.googleapis.com:enable", `{}`)
	w.OK("POST", "/kms/v1/"+project+"/locations/us-central1/keyRings?keyRingId=r", `{}`)
	w.OK("POST", "/kms/v1/"+project+"/locations/us-central1/keyRings/r/cryptoKeys?cryptoKeyId=k",
		`{"purpose":"ASYMMETRIC_SIGN","versionTemplate":{"algorithm":"EC_SIGN_P256_SHA256"}}`)
	key := w.OK("GET", "/kms/v1/"+version+"/publicKey", "")["pem"].(string)
	w.OK("POST", attestors+"?attestorId=release", attestor(t, note, [2]string{"//cloudkms.googleapis.com/v1/" + version, key}))
	return w
}

// sign attests the digest of the tests' image at the note.
func sign(w *cloudtest.World, encoding *base64.Encoding) {
	payload := fmt.Appendf(nil, `{"critical":{"image":{"docker-manifest-digest":%q},"type":"Google cloud binauthz container signature"}}`,
		cloudtest.Image[len(cloudtest.Image)-71:])
	hash := sha256.Sum256(payload)
	signed := w.OK("POST", "/kms/v1/"+version+":asymmetricSign", fmt.Sprintf(`{"digest":{"sha256":%q}}`,
		base64.StdEncoding.EncodeToString(hash[:])))["signature"].(string)
	raw, _ := base64.StdEncoding.DecodeString(signed)
	w.OK("POST", "/ca/v1/"+project+"/occurrences", fmt.Sprintf(`{"resourceUri":"https://%s","noteName":%q,"attestation":{
		"serializedPayload":%q,"signatures":[{"publicKeyId":"//cloudkms.googleapis.com/v1/%s","signature":%q}]}}`,
		cloudtest.Image, note, encoding.EncodeToString(payload), version, encoding.EncodeToString(raw)))
}

// read grants the role on a resource to the account that judges images.
func read(w *cloudtest.World, resource, role, member string) {
	w.OK("POST", resource+":setIamPolicy", fmt.Sprintf(`{"policy":{"bindings":[{"role":%q,"members":[%q]}]}}`, role, member))
}

// TestVerdictOnAnImage deploys an image to Cloud Run, which asks for the verdict. It tries each policy, and an attestation that
// lacks a signature or an account that may read it.
func TestVerdictOnAnImage(t *testing.T) {
	t.Parallel()
	const image = "Image " + cloudtest.Image
	const unsigned = image + " denied by attestor " + project + "/attestors/release: No attestations found that were valid and signed by a " +
		"key trusted by the attestor"
	const onNote, onProject = "/ca/v1/" + note, "/crm/v1/" + project
	for name, test := range map[string]struct {
		policy  string
		prepare func(*cloudtest.World)
		denied  string
	}{
		"no policy": {"", nil, ""},
		"allow all": {`"defaultAdmissionRule":{"evaluationMode":"ALWAYS_ALLOW",` + enforced + `}`, nil, ""},
		"deny all":  {`"defaultAdmissionRule":{"evaluationMode":"ALWAYS_DENY",` + enforced + `}`, nil, "Denied by always_deny admission rule"},
		"dry run":   {`"defaultAdmissionRule":{"evaluationMode":"ALWAYS_DENY","enforcementMode":"DRYRUN_AUDIT_LOG_ONLY"}`, nil, ""},
		"an exempt image": {`"admissionWhitelistPatterns":[{"namePattern":"us-docker.pkg.dev/cloudrun/**"}],` +
			`"defaultAdmissionRule":{"evaluationMode":"ALWAYS_DENY",` + enforced + `}`, nil, ""},
		"unsigned": {required, func(w *cloudtest.World) { read(w, onNote, reader, agent) }, unsigned},
		"signed": {required, func(w *cloudtest.World) {
			sign(w, base64.StdEncoding)
			read(w, onNote, reader, agent)
		}, ""},
		"signed, in base64url": {required, func(w *cloudtest.World) {
			sign(w, base64.URLEncoding)
			read(w, onNote, reader, agent)
		}, ""},
		"signed, readable by Google's own role": {required, func(w *cloudtest.World) {
			sign(w, base64.StdEncoding)
			read(w, onProject, "roles/binaryauthorization.serviceAgent", agent)
		}, ""},
		"signed, without a reader of the attachments": {required, func(w *cloudtest.World) { sign(w, base64.StdEncoding) }, unsigned},
		"signed, readable by another account": {required, func(w *cloudtest.World) {
			sign(w, base64.StdEncoding)
			read(w, onNote, reader, "user:a@example.com")
		}, unsigned},
		"signed, with a role that cannot read": {required, func(w *cloudtest.World) {
			sign(w, base64.StdEncoding)
			read(w, onNote, "roles/viewer", agent)
		}, unsigned},
		"signed by a deleted attestor": {required, func(w *cloudtest.World) {
			sign(w, base64.StdEncoding)
			read(w, onNote, reader, agent)
			w.OK("DELETE", attestors+"/release", "")
		}, unsigned},
	} {
		w := ready(t)
		if test.policy != "" {
			w.OK("PUT", policy, "{"+test.policy+"}")
		}
		if test.prepare != nil {
			test.prepare(w)
		}
		code, answer := w.Call("POST", cloudtest.Services+"?serviceId=web",
			`{"binaryAuthorization":{"useDefault":true},"template":{"revision":"web-a","containers":[{"image":"`+cloudtest.Image+`"}]}}`)
		assert.Equal(t, http.StatusOK, code, name)
		want := any(nil)
		if test.denied != "" {
			want = "Revision 'web-a' uses an unauthorized container image. Container image '" + cloudtest.Image +
				"' is not authorized by policy. " + test.denied
		}
		assert.Equal(t, want, cloudtest.Dig(answer, "error", "message"), name)
	}
}
