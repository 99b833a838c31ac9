package rest_test

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
)

const automatic = `"replication":{"automatic":{}}`

// TestFieldsThatAWriteChanges checks which fields of a stored resource each kind of write changes.
func TestFieldsThatAWriteChanges(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		mask, body string
		want       map[string]any
	}{
		"a field of the mask": {"annotations", `{"annotations":{"a":"2"},"labels":{"x":"y"}}`,
			map[string]any{"annotations": map[string]any{"a": "2"}, "labels": map[string]any{"l": "1"}}},
		"a field's other name": {"notes", `{"annotations":{"a":"2"}}`,
			map[string]any{"annotations": map[string]any{"a": "2"}, "labels": map[string]any{"l": "1"}}},
		"a name in snake_case, and one after a space": {"version_aliases, labels", `{"versionAliases":{"v":"1"}}`,
			map[string]any{"annotations": map[string]any{"a": "1"}, "versionAliases": map[string]any{"v": "1"}}},
		"one key of a map": {"annotations.b", `{"annotations":{"a":"9","b":"2"}}`,
			map[string]any{"annotations": map[string]any{"a": "1", "b": "2"}, "labels": map[string]any{"l": "1"}}},
		"a field that the body leaves out": {"labels", `{}`, map[string]any{"annotations": map[string]any{"a": "1"}}},
		"a field that only the API writes": {"name,etag,createTime", `{"name":"mine","createTime":"2020-01-01T00:00:00Z"}`,
			map[string]any{"annotations": map[string]any{"a": "1"}, "labels": map[string]any{"l": "1"}}},
		"all of them": {"*", `{` + automatic + `,"annotations":{"b":"2"}}`, map[string]any{"annotations": map[string]any{"b": "2"}}},
	} {
		w := serve(t)
		made := w.ok("POST", things+"?secretId=a", `{`+automatic+`,"annotations":{"a":"1"},"labels":{"l":"1"}}`)
		w.now = w.now.Add(time.Hour)
		changed := w.ok("PATCH", things+"/a?updateMask="+url.QueryEscape(test.mask), test.body)
		assert.NotEqual(t, made["etag"], changed["etag"], name)
		delete(changed, "etag")
		test.want["name"], test.want["createTime"] = "projects/42/secrets/a", "2026-11-23T12:00:00.000000Z"
		test.want["replication"] = map[string]any{"automatic": map[string]any{}}
		assert.Equal(t, test.want, changed, name)
	}
}

// TestRefusalsOfEveryKind checks the refusals that every kind has, with the kind's own words where it has some.
func TestRefusalsOfEveryKind(t *testing.T) {
	t.Parallel()
	w := serve(t)
	w.ok("POST", things+"?secretId=a", `{`+automatic+`}`)
	for _, test := range []struct{ method, target, body, want string }{
		{"GET", things + "/b", "", "NOT_FOUND: No projects/42/secrets/b (b) in pro."},
		{"PATCH", things + "/b?updateMask=labels", `{}`, "NOT_FOUND: No projects/42/secrets/b (b) in pro."},
		{"DELETE", things + "/b", "", "NOT_FOUND: No projects/42/secrets/b (b) in pro."},
		{"POST", things + "?secretId=A", `{}`, "INVALID_ARGUMENT: Bad A."},
		{"POST", things + "?secretId=a", `{}`, "ALREADY_EXISTS: a is there."},
		{"PATCH", things + "/a", `{}`, "INVALID_ARGUMENT: Request must contain a valid update mask: update_mask is required."},
		{"PATCH", things + "/a?updateMask=replication", `{}`, "INVALID_ARGUMENT: Field 'replication' is immutable."},
		{"PATCH", things + "/a?updateMask=bogus", `{}`,
			`INVALID_ARGUMENT: Invalid value at 'update_mask' (type.googleapis.com/google.protobuf.FieldMask), "bogus"`},
		{"PATCH", things + "/a?updateMask=labels", `{"etag":"c3RhbGU="}`, "ABORTED: The etag provided in the request (c3RhbGU=) does not " +
			"match the resource's current etag (ETAG). Read the resource again and decide anew."},
		{"DELETE", things + "/a?etag=c3RhbGU=", "", "ABORTED: The etag provided in the request (c3RhbGU=) does not " +
			"match the resource's current etag (ETAG). Read the resource again and decide anew."},
		{"GET", things + "?filter=x", "", "INVALID_ARGUMENT: The emulator does not filter secrets: leave filter out."},
		{"GET", things + "?pageSize=x", "", "INVALID_ARGUMENT: Invalid page size: x"},
		{"GET", things + "?pageToken=9", "", "INVALID_ARGUMENT: Invalid page token: 9"},
		{"POST", things + "/a:addVersion", `{}`, "UNIMPLEMENTED: The emulator does not serve secretmanager.projects.secrets.addVersion."},
		{"GET", files + "/b", "", "NOT_FOUND: Requested entity was not found."},
		{"POST", "/p/v1/projects", `{}`, "UNIMPLEMENTED: The emulator does not serve cloudresourcemanager.projects.create."},
		{"PUT", "/p/v1/projects/pro", `{}`, "UNIMPLEMENTED: The emulator does not serve cloudresourcemanager.projects.update."},
		{"DELETE", "/p/v1/projects/pro", "", "UNIMPLEMENTED: The emulator does not serve cloudresourcemanager.projects.delete."},
		{"GET", "/p/v1/projects", "", "UNIMPLEMENTED: The emulator does not serve cloudresourcemanager.projects.list."},
		{"GET", things + "/a/", "", "NOT_FOUND: Method not found."},
		{"PUT", things + "/a", `{}`, "NOT_FOUND: Method not found."},
		{"GET", "/x/v1/a", "", "NOT_FOUND: The requested URL /x/v1/a was not found: the emulator serves p/v1, t/v1, f/v1, j/v1, o/v1."},
	} {
		etag := doc.Text(w.ok("GET", things+"/a", ""), "etag")
		got := strings.ReplaceAll(w.refused(test.method, test.target, test.body), etag, "ETAG")
		assert.Equal(t, test.want, got, "%s %s", test.method, test.target)
	}
}

// TestRefusedFields checks the details of a refusal, which say which fields are wrong.
func TestRefusedFields(t *testing.T) {
	t.Parallel()
	_, answer := serve(t).call("POST", things+"?secretId=a", `{"replications":{}}`)
	assert.Equal(t, []any{map[string]any{"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": []any{map[string]any{
		"field": "secret", "description": `Invalid JSON payload received. Unknown name "replications" at 'secret': Cannot find field.`}}}},
		doc.Object(answer, "error")["details"])
	_, answer = serve(t).call("GET", things+"/b", "")
	assert.Equal(t, map[string]any{"error": map[string]any{"code": 404.0, "status": "NOT_FOUND",
		"message": "No projects/42/secrets/b (b) in pro."}}, answer, "a refusal without details has no list of them")
}

// TestNames goes from a name to those around it.
func TestNames(t *testing.T) {
	t.Parallel()
	serve(t).update(func(q *rest.Request) error {
		secrets := q.CollectionOf("things.example", "projects/*/secrets", rest.Project{ID: "pro", Number: "42"})
		version := secrets.Child("a").Below("versions").Child("1")
		for want, name := range map[string]rest.Name{
			"projects/*/secrets projects/pro/secrets":                         secrets,
			"projects/*/secrets projects/pro/secrets/a":                       version.Parent(),
			"projects/*/secrets/*/versions projects/pro/secrets/a/versions":   version.Collection(),
			"projects/*/secrets/*/versions projects/pro/secrets/a/versions/1": version,
			"projects/*/secrets projects/pro/secrets/b":                       version.Sibling("secrets").Child("b"),
		} {
			assert.Equal(t, want, name.Kind.Pattern+" "+name.Path())
		}
		return nil
	})
}

// TestRequestAroundAResource checks a kind whose requests wrap the resource and its mask.
func TestRequestAroundAResource(t *testing.T) {
	t.Parallel()
	w := serve(t)
	const owners = "/o/v1/projects/pro/serviceAccounts"
	w.ok("POST", owners, `{"accountId":"a","serviceAccount":{"displayName":"A","description":"d"}}`)
	want := map[string]any{"name": "projects/pro/serviceAccounts/a", "displayName": "B", "description": "d"}
	assert.Equal(t, want, w.ok("PATCH", owners+"/a", `{"serviceAccount":{"displayName":"B","description":"e"},"updateMask":"displayName"}`))
	assert.Equal(t, want, w.ok("GET", owners+"/a", ""))
	assert.Equal(t, `INVALID_ARGUMENT: Invalid JSON payload received. Unknown name "displayName": Cannot find field.`,
		w.refused("PATCH", owners+"/a", `{"displayName":"C"}`))
}

// TestPatch checks a PATCH without a mask that changes only what is in its body, in nested objects, too.
func TestPatch(t *testing.T) {
	t.Parallel()
	w := serve(t)
	const desks = "/j/v1/projects/pro/locations/us-central1/services"
	name := map[string]any{"name": "projects/pro/locations/us-central1/services/a"}
	w.ok("POST", desks+"?serviceId=a", `{"description":"d","scaling":{"minInstanceCount":1,"scalingMode":"AUTOMATIC"}}`)
	for _, test := range []struct {
		body string
		want map[string]any
	}{
		{`{"scaling":{"minInstanceCount":2}}`, map[string]any{"description": "d",
			"scaling": map[string]any{"minInstanceCount": 2.0, "scalingMode": "AUTOMATIC"}}},
		{`{"labels":{"l":"1"}}`, map[string]any{"description": "d", "labels": map[string]any{"l": "1"},
			"scaling": map[string]any{"minInstanceCount": 2.0, "scalingMode": "AUTOMATIC"}}},
	} {
		maps.Copy(test.want, name)
		assert.Equal(t, test.want, w.ok("PATCH", desks+"/a", test.body), test.body)
	}
}

// TestSoftDeletion follows a resource from its deletion to the day on which its id is free again.
func TestSoftDeletion(t *testing.T) {
	t.Parallel()
	w := serve(t)
	w.ok("POST", things+"?secretId=old", `{`+automatic+`}`)
	w.now = w.now.Add(time.Second)
	w.ok("POST", things+"?secretId=new", `{`+automatic+`}`)
	w.ok("POST", things+"/old:setIamPolicy", `{"policy":{"bindings":[{"role":"roles/viewer","members":["allUsers"]}]}}`)
	assert.Equal(t, []string{"projects/42/secrets/new", "projects/42/secrets/old"}, names(w.ok("GET", things, ""), "secrets"),
		"the newest first")
	assert.Equal(t, "2026-11-24T12:00:01.000000Z", w.ok("DELETE", things+"/old", "")["expireTime"])
	assert.Equal(t, []string{"projects/42/secrets/new"}, names(w.ok("GET", things, ""), "secrets"))
	assert.Equal(t, "FAILED_PRECONDITION: old was deleted.", w.refused("POST", things+"?secretId=old", `{}`))
	w.now = w.now.Add(25 * time.Hour)
	assert.Equal(t, "NOT_FOUND: No projects/42/secrets/old (old) in pro.", w.refused("GET", things+"/old", ""))
	w.ok("POST", things+"?secretId=old", `{`+automatic+`}`)
	assert.Equal(t, map[string]any{"etag": "ACAB"}, w.ok("GET", things+"/old:getIamPolicy", ""), "the old one's grants are gone")
}

// TestPut makes and replaces a whole resource, whose stored form differs from the form that clients see.
func TestPut(t *testing.T) {
	t.Parallel()
	w := serve(t)
	at := func(document map[string]any) map[string]any {
		return doc.With(document, "2026-11-23T12:00:00.000000Z", "updateTime")
	}
	first := at(map[string]any{"name": "a", "filter": "f", "description": "d"})
	assert.Equal(t, first, w.ok("PUT", files+"/a", `{"name":"a","filter":"f","description":"d"}`))
	second := at(map[string]any{"name": "a", "filter": "g"})
	assert.Equal(t, second, w.ok("PUT", files+"/a", `{"name":"a","filter":"g"}`))
	assert.Equal(t, at(map[string]any{"name": "b"}), w.ok("POST", files, `{"name":"b"}`))
	assert.Equal(t, "ALREADY_EXISTS: Requested entity already exists", w.refused("POST", files, `{"name":"b"}`))
	w.update(func(q *rest.Request) error {
		assert.Equal(t, "g", q.Tx.Get("//files.example/projects/pro/metrics/a")["stored"])
		return nil
	})
	assert.Equal(t, map[string]any{}, w.ok("DELETE", files+"/a", ""))
	assert.Equal(t, []string{"b"}, names(w.ok("GET", files, ""), "metrics"))
}

// TestOperations follows operations that take a minute, and the operation of a disturbed request.
func TestOperations(t *testing.T) {
	t.Parallel()
	w := serve(t)
	w.disturbed.OperationDelay = time.Minute
	running := w.ok("POST", tasks+"?jobId=a", `{"labels":{"l":"1"}}`)
	assert.Regexp(t, `^projects/pro/locations/us-central1/operations/[0-9a-f-]{36}$`, running["name"])
	assert.Equal(t, map[string]any{"name": running["name"]}, running, "it says nothing until it is over")
	w.disturbed.OperationDelay = 0
	operation := "/j/v1/" + running["name"].(string)
	assert.Equal(t, running, w.ok("GET", operation, ""))
	assert.Equal(t, running, w.ok("POST", operation+":wait", `{}`))
	w.now = w.now.Add(time.Minute)
	const name = "projects/pro/locations/us-central1/jobs/a"
	assert.Equal(t, map[string]any{"name": running["name"], "done": true, "response": map[string]any{
		"@type": "type.googleapis.com/example.Job", "name": name, "uid": "u", "labels": map[string]any{"l": "1"}}}, w.ok("GET", operation, ""))
	byNumber := "/j/v1/projects/42" + running["name"].(string)[len("projects/pro"):]
	assert.Equal(t, true, w.ok("GET", byNumber, "")["done"], "by the project's number")
	assert.Equal(t, "2026-11-23T12:01:00.000000Z", w.ok("GET", tasks+"/a", "")["updateTime"], "as it is now")
	assert.Equal(t, "NOT_FOUND: Operation projects/pro/locations/us-central1/operations/x was not found.",
		w.refused("GET", "/j/v1/projects/pro/locations/us-central1/operations/x", ""))
	assert.Equal(t, "NOT_FOUND: Method not found.", w.refused("POST", operation+":cancel", `{}`))

	replaced := w.ok("PATCH", tasks+"/a", `{}`)["response"]
	assert.Equal(t, map[string]any{"@type": "type.googleapis.com/example.Job", "name": name, "uid": "u"}, replaced,
		"without a mask it replaces everything that a client may set")
	assert.Equal(t, "2026-11-23T12:01:00.000000Z", doc.Text(w.ok("DELETE", tasks+"/a", ""), "response", "deleteTime"))
	assert.Equal(t, true, w.ok("GET", operation, "")["done"], "later operations do not push it out")
	assert.Equal(t, "UNIMPLEMENTED: The emulator does not serve run.projects.locations.operations.delete.", w.refused("DELETE", operation, ""))
	w.update(func(q *rest.Request) error {
		assert.Empty(t, q.Tx.List(pending), "an annex goes with its resource")
		return nil
	})
	w.now = w.now.Add(time.Hour)
	w.ok("PATCH", tasks+"/b?allowMissing=true", `{}`)
	w.ok("GET", operation, "")
	w.now = w.now.Add(time.Second)
	w.ok("PATCH", tasks+"/b", `{}`)
	assert.Equal(t, "NOT_FOUND: Requested entity was not found.", w.refused("PATCH", tasks+"/c", `{}`))
	code, _ := w.call("GET", operation, "")
	assert.Equal(t, http.StatusNotFound, code, "an hour after its end, an operation is forgotten")
}

// TestOperationWithoutAResource checks that only the deletion of a resource that leaves nothing behind has an empty answer.
func TestOperationWithoutAResource(t *testing.T) {
	t.Parallel()
	w := serve(t)
	w.update(func(q *rest.Request) error {
		c := &rest.Change{Request: q, Name: q.CollectionOf("tasks.example", "projects/*/locations/*/jobs", rest.Project{ID: "pro"},
			"us-central1").Child("a")}
		for method, response := range map[string]map[string]any{
			"delete": {"@type": "type.googleapis.com/google.protobuf.Empty"}, "create": {"@type": "type.googleapis.com/example.Job"},
		} {
			operation, err := c.Operation(method, w.now, map[string]any{}, nil)
			require.NoError(t, err)
			assert.Equal(t, response, operation["response"], method)
		}
		return nil
	})
}

// TestFailedOperation checks what a client sees of an operation that another request ends.
func TestFailedOperation(t *testing.T) {
	t.Parallel()
	w := serve(t)
	const name = "projects/pro/locations/us-central1/operations/o"
	w.update(func(q *rest.Request) error {
		k := q.CollectionOf("tasks.example", "projects/*/locations/*/jobs", rest.Project{ID: "pro"}, "us-central1").Kind
		running, err := q.RecordOperation(k, name, w.now.Add(time.Hour), rest.Outcome{TypeURL: "example.Job",
			Metadata: map[string]any{"name": "a"}})
		assert.Equal(t, map[string]any{"name": name,
			"metadata": map[string]any{"@type": "type.googleapis.com/example.Job", "name": "a"}}, running)
		require.NoError(t, err)
		require.NoError(t, q.EndOperation(k, "projects/pro/locations/us-central1/operations/forgotten", rest.Outcome{}))
		return q.EndOperation(k, name, rest.Outcome{Failure: rest.Precondition("It broke.")})
	})
	assert.Equal(t, map[string]any{"name": name, "done": true, "error": map[string]any{"code": 9.0, "message": "It broke."}},
		w.ok("GET", "/j/v1/"+name, ""))
	assert.Equal(t, "NOT_FOUND: Operation projects/pro/locations/us-central1/operations/forgotten was not found.",
		w.refused("GET", "/j/v1/projects/pro/locations/us-central1/operations/forgotten", ""))
}

// TestValidateOnlyStoresNothing asks for an answer without the change, in each of the ways that an API has for it.
func TestValidateOnlyStoresNothing(t *testing.T) {
	t.Parallel()
	w := serve(t)
	w.ok("POST", tasks+"?jobId=a&validateOnly=true", `{}`)
	w.ok("POST", things+"?secretId=a&validate_only=true", `{`+automatic+`}`)
	assert.Empty(t, w.ok("GET", tasks, ""))
	assert.Empty(t, w.ok("GET", things, ""))
}

// TestDueChanges checks that an API's own changes happen once they are due, before a request is answered or the state is read.
func TestDueChanges(t *testing.T) {
	t.Parallel()
	w := serve(t)
	due, settled, before := w.now.Add(time.Minute), 0, 0
	w.server.Add(&rest.API{Prefix: "s/v1", Host: "settles.example", Schema: "log", Before: func(*http.Request) error { before++; return nil },
		Due: func(q *rest.Request) bool { return settled == 0 && !q.Now.Before(due) },
		Settle: func(q *rest.Request) error {
			settled++
			return q.Tx.Put("settled", map[string]any{})
		}})
	w.ok("GET", things, "")
	assert.Equal(t, 0, settled, "its time has not come")
	w.now = due
	require.NoError(t, w.server.View(func(q *rest.Request) error {
		assert.True(t, q.Tx.Has("settled"))
		return nil
	}))
	w.ok("GET", things, "")
	assert.Equal(t, []int{1, 2}, []int{settled, before}, "once; and each of the two requests was announced")
}

// names are the names of a list's items.
func names(answer map[string]any, field string) (all []string) {
	for _, item := range doc.Objects(answer, field) {
		all = append(all, doc.Text(item, "name"))
	}
	return all
}
