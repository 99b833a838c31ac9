package containeranalysis_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/cloudtest"
)

const project = cloudtest.Project

// TestBetaOfContainerAnalysis calls v1beta1, as Terraform's provider does, on resources that v1 has too.
func TestBetaOfContainerAnalysis(t *testing.T) {
	t.Parallel()
	w := cloudtest.Start(t)
	require.NoError(t, w.Cloud.EnableAPIs(project, "containeranalysis.googleapis.com"))
	w.OK("POST", "/ca/v1/projects/"+project+"/notes?noteId=release", `{"attestation":{"hint":{"humanReadableName":"release"}}}`)
	const notes, occurrences = "/ca/v1beta1/projects/" + project + "/notes", "/ca/v1beta1/projects/" + project + "/occurrences"
	made := w.OK("POST", notes+"?noteId=beta", `{"attestationAuthority":{"hint":{"humanReadableName":"one"}},"shortDescription":"s"}`)
	assert.Equal(t, "projects/procureflow-dev/notes/beta", made["name"])
	assert.Equal(t, "ATTESTATION", made["kind"])
	assert.Equal(t, map[string]any{"hint": map[string]any{"humanReadableName": "one"}}, made["attestationAuthority"])
	assert.NotContains(t, made, "attestation")
	patched := w.OK("PATCH", notes+"/beta?updateMask=attestationAuthority,long_description",
		`{"attestationAuthority":{"hint":{"humanReadableName":"two"}},"longDescription":"l","shortDescription":"not in the mask"}`)
	assert.Equal(t, "two", cloudtest.Dig(patched, "attestationAuthority", "hint", "humanReadableName"))
	assert.Equal(t, "s", patched["shortDescription"])
	assert.Equal(t, made["createTime"], patched["createTime"])
	assert.Equal(t, patched, w.OK("GET", notes+"/beta", ""))
	stable := w.OK("GET", "/ca/v1/projects/"+project+"/notes/beta", "")
	assert.Equal(t, "two", cloudtest.Dig(stable, "attestation", "hint", "humanReadableName"))
	assert.NotContains(t, stable, "attestationAuthority")
	assert.Len(t, w.OK("GET", notes, "")["notes"], 2)
	assert.Equal(t, "one", cloudtest.Dig(w.OK("PATCH", notes+"/beta?update_mask=attestation_authority",
		`{"attestation_authority":{"hint":{"human_readable_name":"one"}}}`), "attestationAuthority", "hint", "humanReadableName"))
	assert.Equal(t, "Bad Request INVALID_ARGUMENT: Invalid JSON payload received. Unknown name \"attestationAuthority\" at 'note': "+
		"Cannot find field.",
		w.Refused("POST", "/ca/v1/projects/"+project+"/notes?noteId=other", `{"attestationAuthority":{}}`))
	assert.Equal(t, "Bad Request INVALID_ARGUMENT: The emulator has notes of attestation authorities only: set attestation.",
		w.Refused("POST", notes+"?noteId=other", `{"baseImage":{}}`))

	w.OK("POST", notes+"/beta:setIamPolicy",
		`{"policy":{"bindings":[{"role":"roles/containeranalysis.notes.occurrences.viewer","members":["user:a@example.com"]}]}}`)
	assert.Equal(t, "user:a@example.com", cloudtest.Dig(w.OK("POST", "/ca/v1/projects/"+project+"/notes/beta:getIamPolicy", `{}`),
		"bindings", 0,
		"members", 0))

	attached := w.OK("POST", occurrences, `{"noteName":"projects/procureflow-dev/notes/beta","resource":{"uri":"https://a/b@sha256:1"},
		"attestation":{"attestation":{"genericSignedAttestation":{"contentType":"SIMPLE_SIGNING_JSON","serializedPayload":"e30=","signatures":[{"publicKeyId":"k","signature":"e30="}]}}}}`)
	assert.Equal(t, "https://a/b@sha256:1", cloudtest.Dig(attached, "resource", "uri"))
	assert.Equal(t, "e30=", cloudtest.Dig(attached, "attestation", "attestation", "genericSignedAttestation", "serializedPayload"))
	assert.Equal(t, []any{attached}, w.OK("GET", notes+"/beta/occurrences", "")["occurrences"])
	assert.Equal(t, "e30=", cloudtest.Dig(w.OK("GET", "/ca/v1/"+attached["name"].(string), ""), "attestation", "signatures", 0, "signature"))
	w.OK("DELETE", "/ca/v1beta1/"+attached["name"].(string), "")
	w.OK("DELETE", notes+"/beta", "")
	assert.Equal(t, `Not Found NOT_FOUND: note with ID "beta" for project "procureflow-dev" does not exist`,
		w.Refused("GET", "/ca/v1/projects/"+project+"/notes/beta", ""))
}
