package run_test

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/api/option"
	runapi "google.golang.org/api/run/v2"

	"github.com/guiofsaints/procureflow-platform/emulator/cloudtest"
	"github.com/guiofsaints/procureflow-platform/emulator/google/run"
)

const (
	jobs    = "/run/v2/" + parent + "/jobs"
	migrate = parent + "/jobs/migrate"
	// migration is a job with two tasks, one after the other. Each is tried twice.
	migration = `{"template":{"taskCount":2,"parallelism":1,"template":{"maxRetries":1,"timeout":"60s","containers":[{"image":"` + image +
		`","args":["up"],"env":[{"name":"A","value":"a"},{"name":"B","value":"b"}]}]}}}`
)

// standing describes an execution: its counts, and why it has ended.
func standing(t *testing.T, execution *runapi.GoogleCloudRunV2Execution) string {
	t.Helper()
	words := []string{}
	for _, count := range []struct {
		name string
		n    int64
	}{{"running", execution.RunningCount}, {"succeeded", execution.SucceededCount}, {"failed", execution.FailedCount},
		{"cancelled", execution.CancelledCount}, {"retried", execution.RetriedCount}} {
		for range count.n {
			words = append(words, count.name)
		}
	}
	require.Equal(t, "Completed", execution.Conditions[0].Type)
	require.Equal(t, execution.CompletionTime == "", execution.Reconciling)
	return strings.Join(append(words, strings.TrimPrefix(execution.Conditions[0].State, "CONDITION_"),
		execution.Conditions[0].ExecutionReason), " ")
}

func TestJobsByTheOfficialClient(t *testing.T) {
	t.Parallel()
	w := start(t)
	server := httptest.NewServer(w.Cloud)
	t.Cleanup(server.Close)
	client, err := runapi.NewService(context.Background(), option.WithEndpoint(server.URL+"/run/"), option.WithoutAuthentication())
	require.NoError(t, err)
	api := client.Projects.Locations.Jobs
	var body runapi.GoogleCloudRunV2Job
	require.NoError(t, json.Unmarshal([]byte(migration), &body))
	operation, err := api.Create(parent, &body).JobId("migrate").Do()
	require.NoError(t, err)
	require.True(t, operation.Done)
	job, err := api.Get(migrate).Do()
	require.NoError(t, err)
	assert.Equal(t, "CONDITION_SUCCEEDED", job.TerminalCondition.State)
	assert.Equal(t, "EXECUTION_ENVIRONMENT_GEN2", job.Template.Template.ExecutionEnvironment)
	assert.Nil(t, job.LatestCreatedExecution)

	require.NoError(t, w.Cloud.Run.SetJobBehaviour(migrate, run.JobBehaviour{Takes: 10 * time.Second, Hang: 1, Fail: 1}))
	begin := func(request *runapi.GoogleCloudRunV2RunJobRequest) (*runapi.GoogleCloudRunV2Execution, *runapi.GoogleLongrunningOperation) {
		operation, err := api.Run(migrate, request).Do()
		require.NoError(t, err)
		assert.False(t, operation.Done)
		var started runapi.GoogleCloudRunV2Execution
		require.NoError(t, json.Unmarshal(operation.Metadata, &started), "the operation says which execution it is about")
		assert.Regexp(t, `^projects/procureflow-dev/locations/us-central1/jobs/migrate/executions/migrate-[a-z]{5}$`, started.Name)
		return &started, operation
	}
	read := func(name string) *runapi.GoogleCloudRunV2Execution {
		execution, err := api.Executions.Get(name).Do()
		require.NoError(t, err)
		return execution
	}
	done := func(operation *runapi.GoogleLongrunningOperation) string {
		again, err := client.Projects.Locations.Operations.Get(operation.Name).Do()
		require.NoError(t, err)
		if !again.Done {
			return "not done"
		}
		var ended runapi.GoogleCloudRunV2Execution
		require.NoError(t, json.Unmarshal(again.Response, &ended))
		return standing(t, &ended)
	}

	// The first one hangs, and is cancelled.
	first, operation := begin(&runapi.GoogleCloudRunV2RunJobRequest{Etag: job.Etag})
	assert.Equal(t, "running RECONCILING ", standing(t, read(first.Name)))
	w.Clock.Advance(time.Minute)
	assert.Equal(t, "running retried RECONCILING ", standing(t, read(first.Name)), "its first attempt was cut off")
	_, err = api.Executions.Cancel(first.Name, &runapi.GoogleCloudRunV2CancelExecutionRequest{}).Do()
	require.NoError(t, err)
	assert.Equal(t, "cancelled cancelled retried FAILED CANCELLED", standing(t, read(first.Name)))
	assert.Equal(t, "cancelled cancelled retried FAILED CANCELLED", done(operation))
	_, err = api.Executions.Cancel(first.Name, &runapi.GoogleCloudRunV2CancelExecutionRequest{}).Do()
	assert.ErrorContains(t, err, "has completed and cannot be cancelled")

	// The second one fails, though each task is tried twice.
	second, operation := begin(&runapi.GoogleCloudRunV2RunJobRequest{})
	w.Clock.Advance(20 * time.Second)
	assert.Equal(t, "running failed retried RECONCILING ", standing(t, read(second.Name)))
	assert.Equal(t, "not done", done(operation))
	w.Clock.Advance(20 * time.Second)
	assert.Equal(t, "failed failed retried retried FAILED NON_ZERO_EXIT_CODE", standing(t, read(second.Name)))
	assert.Equal(t, "failed failed retried retried FAILED NON_ZERO_EXIT_CODE", done(operation))
	assert.Contains(t, read(second.Name).Conditions[0].Message, "-task0 failed with message: The container exited with an error.")
	tasks, err := api.Executions.Tasks.List(second.Name).Do()
	require.NoError(t, err)
	require.Len(t, tasks.Tasks, 2)
	assert.Equal(t, int64(1), tasks.Tasks[1].LastAttemptResult.ExitCode)
	task, err := api.Executions.Tasks.Get(tasks.Tasks[1].Name).Do()
	require.NoError(t, err)
	assert.Equal(t, tasks.Tasks[1].CompletionTime, task.CompletionTime)

	// The third execution succeeds. This run alone has other values than the job.
	third, operation := begin(&runapi.GoogleCloudRunV2RunJobRequest{Overrides: &runapi.GoogleCloudRunV2Overrides{TaskCount: 1, Timeout: "30s",
		ContainerOverrides: []*runapi.GoogleCloudRunV2ContainerOverride{{Args: []string{"down"},
			Env: []*runapi.GoogleCloudRunV2EnvVar{{Name: "B", Value: "c"}, {Name: "D", Value: "d"}}}}}})
	w.Clock.Advance(10 * time.Second)
	assert.Equal(t, "succeeded SUCCEEDED ", done(operation))
	container := read(third.Name).Template.Containers[0]
	assert.Equal(t, []string{"down"}, container.Args)
	var variables []string
	for _, variable := range container.Env {
		variables = append(variables, variable.Name+"="+variable.Value)
	}
	assert.Equal(t, []string{"A=a", "B=c", "D=d"}, variables)
	assert.Contains(t, read(third.Name).LogUri, "cloud_run_job")
	job, err = api.Get(migrate).Do()
	require.NoError(t, err)
	assert.Equal(t, []string{"up"}, job.Template.Template.Containers[0].Args, "the job is as it was")
	assert.Equal(t, int64(3), job.ExecutionCount)
	assert.Equal(t, "EXECUTION_SUCCEEDED", job.LatestCreatedExecution.CompletionStatus)
	list, err := api.Executions.List(migrate).PageSize(2).Do()
	require.NoError(t, err)
	assert.Equal(t, []string{third.Name, second.Name}, []string{list.Executions[0].Name, list.Executions[1].Name}, "the newest first")

	_, err = api.Delete(migrate).Do()
	require.NoError(t, err)
	assert.Equal(t, "Not Found NOT_FOUND: Resource 'migrate' of kind 'JOB' in region 'us-central1' in project 'procureflow-dev' does not "+
		"exist.",
		w.Refused("GET", jobs+"/migrate", ""))
	_, err = api.Executions.Get(third.Name).Do()
	assert.ErrorContains(t, err, "of kind 'JOB'", "its executions went with it")
}

func TestJobsThatAreRefused(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.OK("POST", jobs+"?jobId=migrate", migration)
	for name, test := range map[string]struct{ method, path, body, want string }{
		"no template": {"POST", "?jobId=a", `{}`, "INVALID_ARGUMENT: job.template.template: Required"},
		"a name":      {"POST", "?jobId=A", migration, "INVALID_ARGUMENT: job_id: 'A' must have at most 63 lower-case letters"},
		"taken":       {"POST", "?jobId=migrate", migration, "ALREADY_EXISTS: Resource 'migrate' already exists."},
		"no account": {"POST", "?jobId=a", edit(`"maxRetries":1`, `"serviceAccount":"nobody@x.iam.gserviceaccount.com"`),
			"PERMISSION_DENIED"},
		"too many retries": {"POST", "?jobId=a", edit(`"maxRetries":1`, `"maxRetries":11`), "template.template.max_retries: 11 must be " +
			"between 0 and 10"},
		"no time": {"POST", "?jobId=a", edit(`"60s"`, `"0s"`), "template.template.timeout: 0s must be between 1s and 604800s"},
		"a volume that is not there": {"POST", "?jobId=a", edit(`"image":`, `"volumeMounts":[{"name":"db","mountPath":"/cloudsql"}],"image":`),
			"template.template.containers[0].volume_mounts[0].name: there is no volume 'db'"},
		"a network without a name": {"POST", "?jobId=a", edit(`"maxRetries":1`, `"maxRetries":1,"vpcAccess":{"networkInterfaces":[{}]}`),
			"template.template.vpc_access.network_interfaces[0]: network or subnetwork must be specified"},
		"parallelism": {"POST", "?jobId=a", edit(`"parallelism":1`, `"parallelism":3`), "template.parallelism: 3 must be between 0 and " +
			"task_count, 2"},
		"no tasks": {"POST", "?jobId=a", edit(`"taskCount":2`, `"taskCount":10001`), "template.task_count: 10001 must be between 1 " +
			"and 10000"},
		"a port": {"POST", "?jobId=a", edit(`"args"`, `"ports":[{"containerPort":80,"name":"http1"}],"args"`),
			"template.template.containers[0]: ports and liveness probes are not supported in a job"},
		"a variable of Cloud Run": {"POST", "?jobId=a", edit(`"name":"A"`, `"name":"CLOUD_RUN_JOB"`), "reserved env names were provided: " +
			"CLOUD_RUN_JOB"},
		"half a CPU": {"POST", "?jobId=a", edit(`"args"`, `"resources":{"limits":{"cpu":"500m"}},"args"`),
			"template.template.containers[0].resources.limits.cpu: Invalid value specified for cpu. Total cpu < 1 is not supported for jobs."},
		"much memory": {"POST", "?jobId=a", edit(`"args"`, `"resources":{"limits":{"memory":"33Gi"}},"args"`),
			"template.template.containers[0].resources.limits.memory"},
		"started when written": {"POST", "?jobId=a", edit(`{"template":{`, `{"startExecutionToken":"x","template":{`),
			"leave startExecutionToken out"},
		"another's etag": {"POST", "/migrate:run", `{"etag":"x"}`, "ABORTED: The etag provided in the request (x)"},
		"no such container": {"POST", "/migrate:run", `{"overrides":{"containerOverrides":[{"name":"x"}]}}`,
			"the job has no container 'x'"},
		"a variable of Cloud Run's": {"POST", "/migrate:run",
			`{"overrides":{"containerOverrides":[{"env":[{"name":"CLOUD_RUN_JOB","value":"x"}]}]}}`, "reserved env"},
		"no such job":               {"POST", "/other:run", `{}`, "NOT_FOUND: Resource 'other' of kind 'JOB'"},
		"no such execution":         {"GET", "/migrate/executions/x", "", "NOT_FOUND: Resource 'x' of kind 'EXECUTION'"},
		"an execution made by hand": {"POST", "/migrate/executions", `{}`, "Method not found."},
		"no such task":              {"GET", "/migrate/executions/x/tasks/x-task0", "", "NOT_FOUND: Resource 'x' of kind 'EXECUTION'"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Contains(t, w.Refused(test.method, jobs+test.path, test.body), test.want)
		})
	}
}

// edit is the migration with one thing changed.
func edit(old, fresh string) string { return strings.Replace(migration, old, fresh, 1) }

// TestUnrunnableJob checks that a job that cannot run is stored anyway, as by the API, and says why it cannot run.
func TestUnrunnableJob(t *testing.T) {
	t.Parallel()
	w := start(t)
	missing := strings.Replace(migration, image, "us-central1-docker.pkg.dev/"+project+"/nowhere/web@sha256:"+strings.Repeat("a", 64), 1)
	w.OK("POST", jobs+"?jobId=migrate", missing)
	job := w.OK("GET", jobs+"/migrate", "")
	assert.Equal(t, "CONDITION_FAILED", cloudtest.Dig(job, "terminalCondition", "state"))
	assert.Contains(t, w.Refused("POST", jobs+"/migrate:run", `{}`), "Job 'migrate' is not ready and cannot run. Image '")
	assert.Equal(t, "1", job["generation"])

	w.OK("PATCH", jobs+"/migrate", migration)
	mended := w.OK("GET", jobs+"/migrate", "")
	assert.Equal(t, "CONDITION_SUCCEEDED", cloudtest.Dig(mended, "terminalCondition", "state"))
	assert.Equal(t, "2", mended["generation"])
	w.OK("PATCH", jobs+"/migrate", migration)
	assert.Equal(t, "2", w.OK("GET", jobs+"/migrate", "")["generation"], "nothing changed")
	w.OK("POST", jobs+"/migrate:run", `{"validateOnly":true}`)
	assert.Nil(t, w.OK("GET", jobs+"/migrate", "")["executionCount"], "a dry run starts nothing")
	w.OK("POST", jobs+"/migrate:setIamPolicy", `{"policy":{"bindings":[{"role":"roles/run.invoker","members":["user:a@example.com"]}]}}`)
	assert.Equal(t, "roles/run.invoker", cloudtest.Dig(w.OK("GET", jobs+"/migrate:getIamPolicy", ""), "bindings", 0, "role"))
}
