package rest_test

import (
	"github.com/guiofsaints/procureflow-platform/emulator/cloudtest"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
)

const p = "/projects/" + cloudtest.Project

func TestPolicyIsMergedAndConcurrent(t *testing.T) {
	t.Parallel()
	w := cloudtest.Start(t)
	const url = "/crm/v1" + p
	assert.Equal(t, map[string]any{"etag": "ACAB"}, w.OK("POST", url+":getIamPolicy", `{}`))
	set := w.OK("POST", url+":setIamPolicy", `{"policy":{"etag":"ACAB","bindings":[
		{"role":"roles/run.viewer","members":["user:b@example.com","user:a@example.com"]},
		{"role":"roles/logging.viewer","members":[]},
		{"role":"roles/run.viewer","members":["user:a@example.com","user:c@example.com"]},
		{"role":"roles/browser","members":["group:g@example.com"]}]}}`)
	assert.Equal(t, []any{
		map[string]any{"role": "roles/browser", "members": []any{"group:g@example.com"}},
		map[string]any{"role": "roles/run.viewer", "members": []any{"user:a@example.com", "user:b@example.com", "user:c@example.com"}}},
		set["bindings"])
	code, _ := w.Call("POST", url+":setIamPolicy", `{"policy":{"etag":"ACAB"}}`)
	assert.Equal(t, http.StatusConflict, code)
	assert.Equal(t, set, w.OK("POST", url+":getIamPolicy", `{}`))
}

func TestListIsPaged(t *testing.T) {
	t.Parallel()
	w := cloudtest.Start(t)
	for _, id := range []string{"a", "b", "c"} {
		w.OK("POST", "/sm/v1"+p+"/secrets?secretId="+id, `{"replication":{"automatic":{}}}`)
	}
	first := w.OK("GET", "/sm/v1"+p+"/secrets?pageSize=2", "")
	assert.Len(t, first["secrets"], 2)
	second := w.OK("GET", "/sm/v1"+p+"/secrets?pageSize=2&pageToken="+first["nextPageToken"].(string), "")
	assert.Equal(t, "projects/123456789012/secrets/c", cloudtest.Dig(second, "secrets", 0, "name"))
	assert.Nil(t, second["nextPageToken"])
}
