package secretmanager_test

import (
	"encoding/base64"
	"github.com/guiofsaints/procureflow-platform/emulator/cloud"
	"github.com/guiofsaints/procureflow-platform/emulator/cloudtest"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
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
