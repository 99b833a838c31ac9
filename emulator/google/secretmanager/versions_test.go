package secretmanager_test

import (
	"encoding/base64"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/cloud"
	"github.com/guiofsaints/procureflow-platform/emulator/cloudtest"
)

const p = "/projects/" + cloudtest.Project

func TestSecretVersions(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := cloudtest.New(t, dir, cloud.Options{})
	const secret = "/sm/v1" + p + "/secrets/key"
	const payload = "a value nobody may read"
	encoded := base64.StdEncoding.EncodeToString([]byte(payload))
	made := w.OK("POST", "/sm/v1"+p+"/secrets?secretId=key", `{"replication":{"automatic":{}},"labels":{"a":"b"}}`)
	assert.Equal(t, "projects/123456789012/secrets/key", made["name"])
	version := w.OK("POST", secret+":addVersion", `{"payload":{"data":"`+encoded+`"}}`)
	assert.Equal(t, "projects/123456789012/secrets/key/versions/1", version["name"])
	assert.Equal(t, encoded, cloudtest.Dig(w.OK("GET", secret+"/versions/latest:access", ""), "payload", "data"))
	state, err := os.ReadFile(filepath.Join(dir, "state.db"))
	require.NoError(t, err)
	assert.NotContains(t, string(state), payload)
	assert.NotContains(t, string(state), encoded)

	w.OK("POST", secret+"/versions/1:destroy", `{}`)
	assert.Equal(t,
		"Bad Request FAILED_PRECONDITION: Secret Version [projects/123456789012/secrets/key/versions/1] is in DESTROYED state.",
		w.Refused("GET", secret+"/versions/1:access", ""))
	assert.Equal(t, "projects/123456789012/secrets/key/versions/2", w.OK("POST", secret+":addVersion",
		`{"payload":{"data":"dg=="}}`)["name"], "numbers are not used again")
	w.OK("DELETE", secret, "")
	code, _ := w.Call("GET", secret+"/versions/2", "")
	assert.Equal(t, http.StatusNotFound, code)
}

// TestStatesOfAVersion checks what each method does to a version in each state: its new state, or the refusal.
func TestStatesOfAVersion(t *testing.T) {
	t.Parallel()
	const version = "/sm/v1" + p + "/secrets/key/versions/1"
	refused := func(state string) string {
		return "Bad Request FAILED_PRECONDITION: Secret Version [projects/123456789012/secrets/key/versions/1] is in " + state + " state."
	}
	for _, test := range []struct{ before, method, want string }{
		{"enable", "access", ""}, {"disable", "access", refused("DISABLED")}, {"destroy", "access", refused("DESTROYED")},
		{"enable", "enable", "ENABLED"}, {"disable", "enable", "ENABLED"}, {"destroy", "enable", refused("DESTROYED")},
		{"enable", "disable", "DISABLED"}, {"disable", "disable", "DISABLED"}, {"destroy", "disable", refused("DESTROYED")},
		{"enable", "destroy", "DESTROYED"}, {"disable", "destroy", "DESTROYED"}, {"destroy", "destroy", "DESTROYED"},
	} {
		w := cloudtest.Start(t)
		w.OK("POST", "/sm/v1"+p+"/secrets?secretId=key", `{"replication":{"userManaged":{"replicas":[{"location":"us-central1"}]}}}`)
		w.OK("POST", "/sm/v1"+p+"/secrets/key:addVersion", `{"payload":{"data":"dmFsdWU=","dataCrc32c":"3789554531"}}`)
		before := w.OK("POST", version+":"+test.before, `{}`)
		name := test.method + " after " + test.before
		method, body := http.MethodPost, `{"etag":"`+before["etag"].(string)+`"}`
		if test.method == "access" {
			method, body = http.MethodGet, ""
		}
		code, answer := w.Call(method, version+":"+test.method, body)
		switch {
		case code != http.StatusOK:
			assert.Equal(t, test.want, w.Refused(method, version+":"+test.method, body), name)
			assert.Equal(t, before, w.OK("GET", version, ""), name)
		case test.method == "access":
			assert.Equal(t, map[string]any{"name": "projects/123456789012/secrets/key/versions/1",
				"payload": map[string]any{"data": "dmFsdWU=", "dataCrc32c": "3789554531"}}, answer, name)
		default:
			assert.Equal(t, test.want, answer["state"], name)
			assert.Equal(t, test.before == test.method, answer["etag"] == before["etag"], "%s: a change has a new etag", name)
			assert.Equal(t, answer, w.OK("GET", version, ""), name)
		}
	}
}

// TestNewVersion checks the fields that the API computes, and the names that lead to the version.
func TestNewVersion(t *testing.T) {
	t.Parallel()
	w := cloudtest.Start(t)
	const secret = "/sm/v1" + p + "/secrets/key"
	w.OK("POST", "/sm/v1"+p+"/secrets?secretId=key", `{"replication":{"userManaged":{"replicas":[{"location":"us-central1"}]}}}`)
	w.OK("POST", secret+":addVersion", `{"payload":{"data":"YQ=="}}`)
	second := w.OK("POST", secret+":addVersion", `{"payload":{"data":"dmFsdWU=","dataCrc32c":"3789554531"}}`)
	assert.NotEmpty(t, second["etag"])
	assert.Equal(t, map[string]any{"name": "projects/123456789012/secrets/key/versions/2", "createTime": "2026-11-23T12:00:00.000000Z",
		"state": "ENABLED", "etag": second["etag"], "clientSpecifiedPayloadChecksum": true,
		"replicationStatus": map[string]any{"userManaged": map[string]any{}}}, second)
	w.OK("PATCH", secret+"?updateMask=versionAliases", `{"versionAliases":{"prod":"1"}}`)
	for ref, want := range map[string]string{"1": "1", "2": "2", "latest": "2", "prod": "1"} {
		assert.Equal(t, "projects/123456789012/secrets/key/versions/"+want, w.OK("GET", secret+"/versions/"+ref+":access", "")["name"], ref)
	}
	assert.Equal(t, "Not Found NOT_FOUND: Secret Version [projects/123456789012/secrets/key/versions/dev] not found.",
		w.Refused("GET", secret+"/versions/dev", ""))
	assert.Equal(t, "Bad Request FAILED_PRECONDITION: The etag does not match the current one of Secret Version "+
		"[projects/123456789012/secrets/key/versions/2].", w.Refused("POST", secret+"/versions/2:disable", `{"etag":"c3RhbGU="}`))
	assert.Equal(t, "Bad Request INVALID_ARGUMENT: The Secret Payload is larger than 65536 bytes.", w.Refused("POST", secret+":addVersion",
		`{"payload":{"data":"`+base64.StdEncoding.EncodeToString(make([]byte, 64<<10+1))+`"}}`))
}

// TestVersionsThatARevisionMayRead starts revisions of Cloud Run that refer to versions in each way. Cloud Run asks this API about
// them.
func TestVersionsThatARevisionMayRead(t *testing.T) {
	t.Parallel()
	w := cloudtest.Start(t)
	w.OK("POST", "/sm/v1"+p+"/secrets?secretId=key", `{"replication":{"automatic":{}}}`)
	w.OK("PATCH", "/sm/v1"+p+"/secrets/key?updateMask=versionAliases", `{"versionAliases":{"prod":"1"}}`)
	w.OK("POST", "/sm/v1"+p+"/secrets/key:addVersion", `{"payload":{"data":"YQ=="}}`)
	w.OK("POST", "/sm/v1"+p+"/secrets/key:addVersion", `{"payload":{"data":"Yg=="}}`)
	w.OK("POST", "/sm/v1"+p+"/secrets/key/versions/2:disable", `{}`)
	w.OK("POST", "/sm/v1"+p+"/secrets/key:setIamPolicy", `{"policy":{"bindings":[{"role":"roles/secretmanager.secretAccessor",
		"members":["serviceAccount:123456789012-compute@developer.gserviceaccount.com"]}]}}`)
	const field = "spec.template.spec.containers[0].env[0].value_from.secret_key_ref.name: "
	const disabled = field + "Secret Version [projects/123456789012/secrets/key/versions/"
	for name, test := range map[string]struct{ secret, version, want string }{
		"a number":             {"key", "1", ""},
		"an alias":             {"key", "prod", ""},
		"the secret's name":    {"projects/procureflow-dev/secrets/key", "1", ""},
		"the project's number": {"projects/123456789012/secrets/key", "1", ""},
		"a disabled version":   {"key", "2", disabled + "2] is in DISABLED state."},
		"the latest":           {"key", "latest", disabled + "latest] is in DISABLED state."},
		"no such version":      {"key", "3", field + "Secret projects/123456789012/secrets/key/versions/3 was not found"},
	} {
		id := "s" + strings.ReplaceAll(name, " ", "-")
		id = strings.ReplaceAll(id, "'", "")
		_, operation := w.Call("POST", cloudtest.Services+"?serviceId="+id, `{"template":{"containers":[{"image":"`+cloudtest.Image+`","env":[
			{"name":"KEY","valueSource":{"secretKeyRef":{"secret":"`+test.secret+`","version":"`+test.version+`"}}}]}]}}`)
		got, _ := cloudtest.Dig(operation, "error", "message").(string)
		if i := strings.Index(got, "spec."); i > 0 {
			got = got[i:]
		}
		assert.Equal(t, test.want, got, name)
	}
}
