package run_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/cloudtest"
	"github.com/guiofsaints/procureflow-platform/emulator/google/run"
)

// TestJobsInV1 runs, watches and cancels a job as gcloud does.
func TestJobsInV1(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.OK("POST", jobs+"?jobId=migrate", migration)
	w.OK("POST", jobs+"?jobId=other", migration)
	call := func(method, host, path, body string) (int, map[string]any) {
		request := httptest.NewRequest(method, "http://"+host+"/apis/run.googleapis.com/v1/namespaces/"+project+"/"+path, strings.NewReader(body))
		recorder := httptest.NewRecorder()
		w.Cloud.ServeHTTP(recorder, request)
		answer := map[string]any{}
		require.NoError(t, json.Unmarshal(recorder.Body.Bytes(), &answer))
		return recorder.Code, answer
	}
	ok := func(method, path, body string) map[string]any {
		code, answer := call(method, knativeHost, path, body)
		require.Equal(t, http.StatusOK, code, "%s %s: %v", method, path, answer)
		return answer
	}
	assert.Equal(t, []string{"migrate", "other"}, names(ok("GET", "jobs", "")))
	assert.Equal(t, "JobList", ok("GET", "jobs", "")["kind"])
	assert.Equal(t, "Job", ok("GET", "jobs/migrate", "")["kind"])

	for _, parameter := range []string{"dryRun=all", "validateOnly=true"} {
		assert.Equal(t, "Execution", ok("POST", "jobs/migrate:run?"+parameter, `{}`)["kind"])
		assert.Empty(t, names(ok("GET", "executions", "")), "%s runs nothing", parameter)
	}
	first := ok("POST", "jobs/migrate:run", `{"overrides":{"taskCount":1,"timeoutSeconds":30,"containerOverrides":[{"args":["down"]}]}}`)
	assert.Equal(t, 1.0, cloudtest.Dig(first, "spec", "taskCount"))
	assert.Equal(t, "30", cloudtest.Dig(first, "spec", "template", "spec", "timeoutSeconds"))
	assert.Equal(t, []any{"down"}, cloudtest.Dig(first, "spec", "template", "spec", "containers", 0, "args"))
	assert.Equal(t, "True", cloudtest.Dig(first, "status", "conditions", 0, "status"), "it takes no time")
	assert.Equal(t, 2.0, w.OK("GET", jobs+"/migrate", "")["template"].(map[string]any)["taskCount"], "the job itself stays as it is")

	require.NoError(t, w.Cloud.Run.SetJobBehaviour(migrate, run.JobBehaviour{Hang: 1}))
	second := cloudtest.Dig(ok("POST", "jobs/migrate:run", `{}`), "metadata", "name").(string)
	ok("POST", "jobs/other:run", `{}`)
	assert.Len(t, names(ok("GET", "executions", "")), 3)
	assert.ElementsMatch(t, []string{cloudtest.Dig(first, "metadata", "name").(string), second},
		names(ok("GET", "executions?labelSelector=run.googleapis.com/job=migrate", "")))
	assert.Equal(t, "Unknown", cloudtest.Dig(ok("GET", "executions/"+second, ""), "status", "conditions", 0, "status"))
	cancelled := ok("POST", "executions/"+second+":cancel", `{}`)
	assert.Equal(t, "Cancelled", cloudtest.Dig(cancelled, "status", "conditions", 0, "reason"))

	for _, test := range []struct{ method, host, path, want string }{
		{"POST", knativeHost, "executions/" + second + ":cancel", "Execution '" + second + "' has completed and cannot be cancelled."},
		{"GET", knativeHost, "jobs/none", "Resource 'none' was not found in region 'us-central1' of project 'procureflow-dev'."},
		{"POST", knativeHost, "jobs/none:run", "job 'none' not found in region 'us-central1' of project 'procureflow-dev'."},
		{"GET", "run.googleapis.com", "jobs", "The emulator takes the region from the host: ask REGION-run.sandbox, or give gcloud --region."},
		{"GET", knativeHost, "services", "Method not found."},
	} {
		_, answer := call(test.method, test.host, test.path, `{}`)
		assert.Equal(t, test.want, cloudtest.Dig(answer, "error", "message"), test.path)
	}
}

// TestAStaleEtagRunsNothing checks that v2 refuses a run and a cancellation with an etag that is not the current one.
func TestAStaleEtagRunsNothing(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.OK("POST", jobs+"?jobId=migrate", migration)
	require.NoError(t, w.Cloud.Run.SetJobBehaviour(migrate, run.JobBehaviour{Hang: 1}))
	const want = "The etag provided in the request (c3RhbGU=) does not match the resource's current etag ("
	assert.Contains(t, w.Refused("POST", jobs+"/migrate:run", `{"etag":"c3RhbGU="}`), want)
	assert.Empty(t, w.OK("GET", jobs+"/migrate/executions", ""))
	_, answer := w.Call("POST", jobs+"/migrate:run", `{"etag":"`+w.OK("GET", jobs+"/migrate", "")["etag"].(string)+`"}`)
	execution := "/run/v2/" + cloudtest.Dig(answer, "metadata", "name").(string)
	assert.Contains(t, w.Refused("POST", execution+":cancel", `{"etag":"c3RhbGU="}`), want)
	w.Call("POST", execution+":cancel", `{"validateOnly":true}`)
	assert.Equal(t, true, w.OK("GET", execution, "")["reconciling"], "it runs on")
}
