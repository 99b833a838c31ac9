package run_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/cloud"
	"github.com/guiofsaints/procureflow-platform/emulator/cloudtest"
)

const (
	keyVersion = "projects/" + project + "/locations/us-central1/keyRings/attestation/cryptoKeys/release/cryptoKeyVersions/1"
	useDefault = `"binaryAuthorization":{"useDefault":true}`
	candidate  = "us-docker.pkg.dev/cloudrun/container/hello@" + broken
)

// gated is a world whose policy requires signatures and exempts the healthy image, with a service that runs it.
func gated(t *testing.T) (*world, *bytes.Buffer) {
	t.Helper()
	var logged bytes.Buffer
	w := newWorld(t, t.TempDir(), cloud.Options{Log: slog.New(slog.NewTextHandler(&logged,
		&slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}}))})
	const p = "projects/" + project
	w.OK("POST", "/su/v1/"+p+"/services:batchEnable",
		`{"serviceIds":["cloudkms.googleapis.com","containeranalysis.googleapis.com","binaryauthorization.googleapis.com"]}`)
	w.OK("POST", "/kms/v1/"+p+"/locations/us-central1/keyRings?keyRingId=attestation", `{}`)
	w.OK("POST", "/kms/v1/"+p+"/locations/us-central1/keyRings/attestation/cryptoKeys?cryptoKeyId=release",
		`{"purpose":"ASYMMETRIC_SIGN","versionTemplate":{"algorithm":"EC_SIGN_P256_SHA256"}}`)
	w.OK("POST", "/ca/v1/"+p+"/notes?noteId=release", `{"attestation":{"hint":{"humanReadableName":"release"}}}`)
	w.OK("POST", "/ba/v1/"+p+"/attestors?attestorId=release",
		fmt.Sprintf(`{"userOwnedGrafeasNote":{"noteReference":"%s/notes/release","publicKeys":[
		{"id":"//cloudkms.googleapis.com/v1/%s","pkixPublicKey":{"publicKeyPem":%q,"signatureAlgorithm":"ECDSA_P256_SHA256"}}]}}`,
			p, keyVersion, w.OK("GET", "/kms/v1/"+keyVersion+"/publicKey", "")["pem"]))
	w.readNote(`{"role":"roles/containeranalysis.notes.occurrences.viewer","members":["serviceAccount:service-` + number +
		`@gcp-sa-binaryauthorization.iam.gserviceaccount.com"]}`)
	w.require("ENFORCED_BLOCK_AND_AUDIT_LOG")
	w.OK("POST", services+"?serviceId=web", `{`+useDefault+`,"template":`+tpl("web-blue", healthy)+`}`)
	return w, &logged
}

// readNote sets who may read the note's attestations.
func (w *world) readNote(bindings string) {
	w.OK("POST", "/ca/v1/projects/"+project+"/notes/release:setIamPolicy", `{"policy":{"bindings":[`+bindings+`]}}`)
}

// require writes the policy with that enforcement.
func (w *world) require(enforcement string) {
	w.OK("PUT", "/ba/v1/projects/"+project+"/policy",
		`{"admissionWhitelistPatterns":[{"namePattern":"us-docker.pkg.dev/cloudrun/container/hello@`+healthy+`"}],
		"defaultAdmissionRule":{"evaluationMode":"REQUIRE_ATTESTATION","enforcementMode":"`+enforcement+
			`","requireAttestationsBy":["projects/`+project+`/attestors/release"]}}`)
}

// sign attests the image at the note.
func (w *world) sign(image, digest string) {
	payload := fmt.Appendf(nil, `{"critical":{"image":{"docker-manifest-digest":%q},"type":"Google cloud binauthz container signature"}}`,
		digest)
	hash := sha256.Sum256(payload)
	signed := w.OK("POST", "/kms/v1/"+keyVersion+":asymmetricSign", fmt.Sprintf(`{"digest":{"sha256":%q}}`,
		base64.StdEncoding.EncodeToString(hash[:])))
	w.OK("POST", "/ca/v1/projects/"+project+"/occurrences",
		fmt.Sprintf(`{"resourceUri":"https://%s","noteName":"projects/%s/notes/release","attestation":{"serializedPayload":%q,
		"signatures":[{"publicKeyId":"//cloudkms.googleapis.com/v1/%s","signature":%q}]}}`, image, project,
			base64.StdEncoding.EncodeToString(payload), keyVersion, signed["signature"]))
}

// operation makes a change of the service and returns what its operation failed with, nil when it did not.
func (w *world) operation(mask, body string) any {
	code, answer := w.Call("PATCH", services+"/web?updateMask="+mask, body)
	require.Equal(w.T, 200, code, "%v", answer)
	return answer["error"]
}

func unauthorized(revision string) string {
	return "Revision '" + revision + "' uses an unauthorized container image. Container image '" + candidate +
		"' is not authorized by policy. Image " + candidate +
		" denied by attestor projects/" + project +
		"/attestors/release: No attestations found that were valid and signed by a key trusted by the attestor"
}

func TestUnsignedImageDoesNotStart(t *testing.T) {
	t.Parallel()
	w, logged := gated(t)
	assert.Equal(t, map[string]any{"code": 9.0, "message": unauthorized("web-green")},
		w.operation("template", `{"template":`+tpl("web-green", broken)+`}`))
	service := w.OK("GET", services+"/web", "")
	assert.Equal(t, "CONDITION_FAILED", cloudtest.Dig(service, "terminalCondition", "state"))
	assert.Equal(t, unauthorized("web-green"), cloudtest.Dig(service, "terminalCondition", "message"))
	assert.Contains(t, service["latestReadyRevision"], "web-blue")
	revision := w.OK("GET", services+"/web/revisions/web-green", "")
	assert.Equal(t, "CONTAINER_IMAGE_UNAUTHORIZED", cloudtest.Dig(revision, "conditions", 0, "reason"))
	assert.Nil(t, cloudtest.Dig(revision, "conditions", 0, "revisionReason"))
	front, err := w.Cloud.Run.Service("projects/" + project + "/locations/us-central1/services/web")
	require.NoError(t, err)
	require.Len(t, front.Traffic, 1)
	assert.Equal(t, "web-blue", front.Traffic[0].Revision)
	assert.Equal(t, 100, front.Traffic[0].Percent)

	// The v1 API says it in its own words.
	_, seen := w.knative("GET", knativeHost, namespace+"/revisions/web-green", "")
	assert.Equal(t, "ContainerImageUnauthorized", cloudtest.Dig(seen, "status", "conditions", 0, "reason"))
	_, seen = w.knative("GET", knativeHost, namespace+"/services/web", "")
	assert.Equal(t, "default", cloudtest.Dig(seen, "metadata", "annotations", "run.googleapis.com/binary-authorization"))

	// A signature does not revive the revision; a new one of the same image starts.
	w.sign(candidate, broken)
	assert.NotNil(t, w.operation("template", `{"template":`+tpl("web-green", broken)+`}`))
	assert.Nil(t, w.operation("template", `{"template":`+tpl("web-green-2", broken)+`}`))
	assert.Contains(t, w.OK("GET", services+"/web", "")["latestReadyRevision"], "web-green-2")

	// The attestor finds nothing where its account may not read, and its signature is worth as much as its key.
	w.readNote("")
	assert.Equal(t, unauthorized("web-green-3"), cloudtest.Dig(w.operation("template", `{"template":`+tpl("web-green-3", broken)+`}`),
		"message"))
	attestor := w.OK("GET", "/ba/v1/projects/"+project+"/attestors/release", "")
	w.OK("PUT", "/ba/v1/projects/"+project+"/attestors/release", fmt.Sprintf(`{"userOwnedGrafeasNote":{"noteReference":%q}}`,
		cloudtest.Dig(attestor, "userOwnedGrafeasNote", "noteReference")))
	assert.Equal(t, unauthorized("web-green-4"), cloudtest.Dig(w.operation("template", `{"template":`+tpl("web-green-4", broken)+`}`),
		"message"))
	assert.Equal(t, 3, strings.Count(logged.String(), " admitted=false denied="), "the audit log has the refusals: %s", logged)
	assert.NotContains(t, logged.String(), "admitted=true")
}

func TestAdmittedViolationsAreLogged(t *testing.T) {
	t.Parallel()
	t.Run("dry run", func(t *testing.T) {
		t.Parallel()
		w, logged := gated(t)
		w.require("DRYRUN_AUDIT_LOG_ONLY")
		assert.Nil(t, w.operation("template", `{"template":`+tpl("web-green", broken)+`}`))
		assert.Contains(t, logged.String(), `level=INFO msg="binary authorization" revision=web-green image=`+candidate+
			` admitted=true denied="Image `+candidate+` denied by attestor`)
	})
	t.Run("breakglass, for one deployment", func(t *testing.T) {
		t.Parallel()
		w, logged := gated(t)
		const glass = `"binaryAuthorization":{"useDefault":true,"breakglassJustification":"INC-7: checkout is down"}`
		assert.Nil(t, w.operation("template,binaryAuthorization", `{`+glass+`,"template":`+tpl("web-green", broken)+`}`))
		assert.Contains(t, logged.String(), `revision=web-green image=`+candidate+` admitted=true denied="Image `)
		assert.Contains(t, logged.String(), `breakglass="INC-7: checkout is down"`)
		assert.Equal(t, unauthorized("web-red"), cloudtest.Dig(w.operation("template,binaryAuthorization",
			`{`+useDefault+`,"template":`+tpl("web-red", broken)+`}`), "message"))
	})
	t.Run("breakglass in the v1 API, as gcloud asks for it", func(t *testing.T) {
		t.Parallel()
		w, logged := gated(t)
		_, service := w.knative("GET", knativeHost, namespace+"/services/web", "")
		annotations := cloudtest.Dig(service, "metadata", "annotations").(map[string]any)
		annotations["run.googleapis.com/binary-authorization-breakglass"] = "INC-8"
		cloudtest.Dig(service, "spec", "template", "metadata").(map[string]any)["name"] = "web-green"
		cloudtest.Dig(service, "spec", "template", "spec", "containers", 0).(map[string]any)["image"] = candidate
		body, err := json.Marshal(service)
		require.NoError(t, err)
		code, answer := w.knative("PUT", knativeHost, namespace+"/services/web", string(body))
		require.Equal(t, 200, code, "%v", answer)
		assert.Contains(t, logged.String(), "breakglass=INC-8")
		assert.Equal(t, map[string]any{"useDefault": true, "breakglassJustification": "INC-8"},
			w.OK("GET", services+"/web", "")["binaryAuthorization"])
		assert.Contains(t, w.OK("GET", services+"/web", "")["latestReadyRevision"], "web-green")
	})
}

// TestTrafficIsJudgedAgain checks that, once enforcement is on, an unsigned revision keeps the requests that it has and gets no new
// share.
func TestTrafficIsJudgedAgain(t *testing.T) {
	t.Parallel()
	w, _ := gated(t)
	w.OK("PATCH", services+"/web?updateMask=binaryAuthorization", `{}`)
	assert.Nil(t, w.operation("template,traffic", `{"template":`+tpl("web-green", broken)+`,"traffic":[`+to("web-green", 100, "")+`]}`),
		"the service does not ask the policy")
	w.OK("PATCH", services+"/web?updateMask=binaryAuthorization", `{`+useDefault+`}`)
	assert.Nil(t, w.operation("template", `{"template":`+tpl("web-blue-2", healthy)+`}`), "traffic stays where it is")

	const back = `{"traffic":[{"type":"TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION","revision":"web-blue-2","percent":100}]}`
	assert.Equal(t, unauthorized("web-green"), cloudtest.Dig(w.operation("traffic",
		`{"traffic":[`+to("web-blue-2", 10, "")+`,`+to("web-green", 90, "")+`]}`), "message"))
	assert.Equal(t, "web-green", cloudtest.Dig(w.OK("GET", services+"/web", ""), "trafficStatuses", 0, "revision"), "and it was not moved")
	assert.Nil(t, w.operation("traffic", back))
	assert.NotNil(t, w.operation("traffic", `{"traffic":[`+to("web-green", 100, "")+`]}`))
	assert.Nil(t, w.operation("traffic", `{"traffic":[`+to("web-blue-2", 100, "")+`,`+to("web-green", 0, "before")+`]}`),
		"a tag takes no share")
	w.sign(candidate, broken)
	assert.Nil(t, w.operation("traffic", `{"traffic":[`+to("web-green", 100, "")+`]}`), "signed, one can go back")
}

func TestSettingsOfBinaryAuthorization(t *testing.T) {
	t.Parallel()
	w := start(t)
	for body, want := range map[string]string{
		`{"breakglassJustification":"now"}`: "Bad Request INVALID_ARGUMENT: " +
			"service.binary_authorization.breakglass_justification: must be empty unless use_default is set",
		`{"policy":"projects/p/platforms/cloudRun/policies/x"}`: "Bad Request INVALID_ARGUMENT: The emulator has the project's policy " +
			"of Binary Authorization only: set binary_authorization.use_default.",
	} {
		assert.Equal(t, want, w.Refused("POST", services+"?serviceId=web",
			`{"binaryAuthorization":`+body+`,"template":`+tpl("web-blue", healthy)+`}`))
	}
	// A service that asks, in a project without a policy: the one that admits everything.
	w.OK("POST", services+"?serviceId=web", `{`+useDefault+`,"template":`+tpl("web-blue", broken)+`}`)
}
