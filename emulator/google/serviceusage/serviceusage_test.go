package serviceusage_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/cloudtest"
	"github.com/guiofsaints/procureflow-platform/emulator/doc"
)

const (
	services = "/su/v1/projects/bare-project/services"
	sql      = "sqladmin.googleapis.com"
)

// bare is a world with a project in which nobody has enabled an API.
func bare(t *testing.T) *cloudtest.World {
	t.Helper()
	w := cloudtest.Start(t)
	w.Prepare()
	return w
}

// service is an API as Service Usage shows it in that project.
func service(api, title, state string) map[string]any {
	return map[string]any{"name": "projects/42/services/" + api, "parent": "projects/42", "state": state,
		"config": map[string]any{"name": api, "title": title}}
}

func TestEnableAndDisable(t *testing.T) {
	t.Parallel()
	w := bare(t)
	off, on := service(sql, "Cloud SQL Admin API", "DISABLED"), service(sql, "Cloud SQL Admin API", "ENABLED")
	const instances = "/sql/v1beta4/projects/bare-project/instances"
	assert.Equal(t, off, w.OK("GET", services+"/"+sql, ""))
	code, _ := w.Call("GET", instances, "")
	assert.Equal(t, 403, code)

	_, operation := w.Call("POST", services+"/"+sql+":enable", `{}`)
	assert.Regexp(t, `^operations/acat\.p2-42-[0-9a-f-]{36}$`, operation["name"])
	assert.Equal(t, map[string]any{"@type": "type.googleapis.com/google.api.serviceusage.v1.EnableServiceResponse", "service": on},
		operation["response"])
	assert.Equal(t, operation, read(w, "/su/v1/"+operation["name"].(string)))
	assert.Equal(t, on, w.OK("GET", services+"/"+sql, ""))
	w.OK("GET", instances, "")

	_, operation = w.Call("POST", services+"/"+sql+":disable", `{}`)
	assert.Equal(t, map[string]any{"@type": "type.googleapis.com/google.api.serviceusage.v1.DisableServiceResponse", "service": off},
		operation["response"])
	code, _ = w.Call("GET", instances, "")
	assert.Equal(t, 403, code)
}

func TestBatch(t *testing.T) {
	t.Parallel()
	w := bare(t)
	storage := "storage.googleapis.com"
	both := []any{service(sql, "Cloud SQL Admin API", "ENABLED"), service(storage, "Cloud Storage API", "ENABLED")}
	assert.Equal(t, map[string]any{"services": both}, w.OK("POST", services+":batchEnable", `{"serviceIds":["`+sql+`","`+storage+`"]}`))
	assert.Equal(t, map[string]any{"services": both},
		w.OK("GET", services+":batchGet?names=projects/42/services/"+sql+"&names=projects/42/services/"+storage, ""))
	const outside = "Forbidden PERMISSION_DENIED: Not found or permission denied for service(s): x.googleapis.com."
	assert.Equal(t, outside, w.Refused("GET", services+":batchGet?names=projects/42/services/x.googleapis.com", ""))
	assert.Equal(t, outside, w.Refused("GET", services+"/x.googleapis.com", ""))
	assert.Equal(t, outside, w.Refused("POST", services+":batchEnable", `{"serviceIds":["run.googleapis.com","x.googleapis.com"]}`))
	assert.Equal(t, "DISABLED", w.OK("GET", services+"/run.googleapis.com", "")["state"], "all of them or none")
	const count = "Bad Request INVALID_ARGUMENT: service_ids: between 1 and 20 services can be enabled at once."
	assert.Equal(t, count, w.Refused("POST", services+":batchEnable", `{}`))
	assert.Equal(t, count, w.Refused("POST", services+":batchEnable", `{"serviceIds":["a","b","c","d","e","f","g","h","i","j","k","l",
		"m","n","o","p","q","r","s","t","u"]}`))
}

func TestLists(t *testing.T) {
	t.Parallel()
	w := bare(t)
	names := func(filter string) (all []string) {
		for _, item := range doc.Objects(w.OK("GET", services+"?filter="+filter, ""), "services") {
			all = append(all, doc.Text(item, "config", "name"))
		}
		return all
	}
	assert.Equal(t, []string{"cloudbilling.googleapis.com", "cloudresourcemanager.googleapis.com", "serviceusage.googleapis.com"},
		names("state:ENABLED"), "without these, nobody could enable one")
	assert.Len(t, names(""), len(names("state:ENABLED"))+len(names("state:DISABLED")))
	assert.Equal(t, "Bad Request INVALID_ARGUMENT: Invalid filter: name:x. Use state:ENABLED or state:DISABLED.",
		w.Refused("GET", services+"?filter=name:x", ""))
	page := w.OK("GET", services+"?pageSize=2", "")
	assert.Len(t, page["services"], 2)
	assert.Equal(t, "2", page["nextPageToken"])
}

// TestEnableAPIs checks the method that enables APIs before a cloud's first request.
func TestEnableAPIs(t *testing.T) {
	t.Parallel()
	w := bare(t)
	require.NoError(t, w.Cloud.EnableAPIs("bare-project", sql))
	assert.Equal(t, "ENABLED", w.OK("GET", services+"/"+sql, "")["state"])
	assert.ErrorContains(t, w.Cloud.EnableAPIs("bare-project", "run.googleapis.com", "x"),
		`project bare-project: there is no API "x"; there are artifactregistry.googleapis.com, billingbudgets.googleapis.com, `)
	assert.Equal(t, "DISABLED", w.OK("GET", services+"/run.googleapis.com", "")["state"])
	require.NoError(t, w.Cloud.EnableAPIs("bare-project"))
	assert.Equal(t, "ENABLED", w.OK("GET", services+"/run.googleapis.com", "")["state"], "without names it is all of them")
}

// read returns the unchanged answer to a GET: an operation and not its response.
func read(w *cloudtest.World, path string) map[string]any {
	_, answer := w.Call("GET", path, "")
	return answer
}
