package knative_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/guiofsaints/procureflow-platform/emulator/google/run/knative"
)

const at = "2026-11-23T12:00:00Z"

// TestJob checks the translation of a job to v1.
func TestJob(t *testing.T) {
	t.Parallel()
	v2 := object{"name": "projects/p/locations/us-central1/jobs/migrate", "uid": "u", "createTime": at, "etag": "e", "generation": "2",
		"observedGeneration": "2", "executionCount": 3.0, "labels": object{"a": "b"},
		"terminalCondition":      object{"state": "CONDITION_SUCCEEDED", "lastTransitionTime": at},
		"latestCreatedExecution": object{"name": "projects/p/locations/us-central1/jobs/migrate/executions/migrate-x", "createTime": at},
		"template": object{"taskCount": 2.0, "parallelism": 1.0, "template": object{"maxRetries": 1.0, "timeout": "60s", "serviceAccount": "a@b",
			"containers": []any{object{"image": "i", "args": []any{"up"}, "env": []any{object{"name": "KEY",
				"valueSource": object{"secretKeyRef": object{"secret": "key", "version": "1"}}}}}}}}}
	want := object{"apiVersion": "run.googleapis.com/v1", "kind": "Job",
		"metadata": object{"name": "migrate", "namespace": "42", "uid": "u", "creationTimestamp": at, "resourceVersion": "e", "generation": 2.0,
			"labels":   object{"cloud.googleapis.com/location": "us-central1", "a": "b"},
			"selfLink": "/apis/run.googleapis.com/v1/namespaces/42/jobs/migrate"},
		"spec": object{"template": object{"spec": object{"taskCount": 2.0, "parallelism": 1.0, "template": object{"spec": object{
			"maxRetries": 1.0, "timeoutSeconds": "60", "serviceAccountName": "a@b", "containers": []any{object{"image": "i",
				"args": []any{"up"}, "env": []any{object{"name": "KEY",
					"valueFrom": object{"secretKeyRef": object{"name": "key", "key": "1"}}}}}}}}}}},
		"status": object{"executionCount": 3.0, "observedGeneration": 2.0,
			"conditions":             []any{object{"type": "Ready", "status": "True", "lastTransitionTime": at}},
			"latestCreatedExecution": object{"name": "migrate-x", "creationTimestamp": at}}}
	assert.Equal(t, want, knative.Job(v2, place))

	v2["terminalCondition"] = object{"state": "CONDITION_FAILED", "message": "m", "lastTransitionTime": at}
	v2["latestCreatedExecution"] = object{"name": "x/migrate-x", "completionTime": at, "completionStatus": "EXECUTION_FAILED"}
	status := knative.Job(v2, place)["status"].(object)
	assert.Equal(t, []any{object{"type": "Ready", "status": "False", "reason": "JobFailed", "message": "m", "lastTransitionTime": at}},
		status["conditions"])
	assert.Equal(t, object{"name": "migrate-x", "completionTimestamp": at, "completionStatus": "EXECUTION_FAILED"},
		status["latestCreatedExecution"])
	delete(v2, "latestCreatedExecution")
	assert.NotContains(t, knative.Job(v2, place)["status"], "latestCreatedExecution", "it has not run yet")
}

func TestExecution(t *testing.T) {
	t.Parallel()
	condition := func(kind, state, reason string) object {
		return object{"type": kind, "state": state, "executionReason": reason, "lastTransitionTime": at}
	}
	v2 := object{"name": "projects/p/locations/us-central1/jobs/migrate/executions/migrate-x", "job": "migrate", "uid": "u", "createTime": at,
		"startTime": at, "succeededCount": 1.0, "cancelledCount": 1.0, "taskCount": 2.0, "template": object{"timeout": "60s"},
		"conditions": []any{condition("Completed", "CONDITION_FAILED", "CANCELLED"), condition("ResourcesAvailable", "CONDITION_FAILED", ""),
			condition("Started", "CONDITION_SUCCEEDED", ""), condition("Retry", "CONDITION_RECONCILING", "")}}
	shown := knative.Execution(v2, place)
	assert.Equal(t, "Execution", shown["kind"])
	assert.Equal(t, object{"cloud.googleapis.com/location": "us-central1", knative.JobLabel: "migrate"},
		shown["metadata"].(object)["labels"], "lists select by the job")
	assert.Equal(t, object{"startTime": at, "succeededCount": 1.0, "cancelledCount": 1.0, "observedGeneration": 1.0, "conditions": []any{
		object{"type": "Completed", "status": "False", "reason": "Cancelled", "lastTransitionTime": at},
		object{"type": "ResourcesAvailable", "status": "False", "reason": "NonZeroExitCode", "lastTransitionTime": at},
		object{"type": "Started", "status": "True", "lastTransitionTime": at},
		object{"type": "Retry", "status": "Unknown", "reason": "Deploying", "lastTransitionTime": at}}}, shown["status"])
}

func TestOverrides(t *testing.T) {
	t.Parallel()
	containers := func(container object) object { return object{"containerOverrides": []any{container}} }
	whole := object{"name": "n", "args": []any{"down"}, "clearArgs": true, "env": []any{object{"name": "A", "value": "b"}}}
	for name, test := range map[string]struct{ v1, want object }{
		"nothing":         {nil, object{}},
		"counts":          {object{"taskCount": 3.0, "timeoutSeconds": 90.0}, object{"taskCount": 3.0, "timeout": "90s"}},
		"no timeout":      {object{"timeoutSeconds": 0.0}, object{}},
		"a container":     {containers(whole), containers(whole)},
		"an unknown word": {containers(object{"args": []any{"down"}, "bogus": 1.0}), containers(object{"args": []any{"down"}})},
	} {
		assert.Equal(t, test.want, knative.Overrides(test.v1), name)
	}
}

// TestRevision checks what v1 says about a revision's owner, its image, whether it is ready, and whether it gets requests.
func TestRevision(t *testing.T) {
	t.Parallel()
	v2 := object{"name": "projects/p/locations/l/services/web/revisions/web-a", "service": "web", "uid": "u", "createTime": at,
		"creator": "c@b.example", "logUri": "https://log", "conditions": []any{
			object{"type": "Ready", "state": "CONDITION_FAILED", "reason": "HEALTH_CHECK_CONTAINER_ERROR", "message": "m", "lastTransitionTime": at},
			object{"type": "ContainerReady", "state": "CONDITION_FAILED", "revisionReason": "CONTAINER_MISSING", "lastTransitionTime": at}},
		"containers": []any{object{"image": "sidecar@sha256:b"},
			object{"image": "app@sha256:a", "ports": []any{object{"containerPort": 3000.0}}}}}
	service := object{"uid": "s", "latestReadyRevision": "projects/p/locations/l/services/web/revisions/web-b"}
	shown := knative.Revision(v2, service, place)
	meta, status := shown["metadata"].(object), shown["status"].(object)
	assert.Equal(t, "web", meta["labels"].(object)["serving.knative.dev/service"])
	assert.Equal(t, "c@b.example", meta["annotations"].(object)["serving.knative.dev/creator"])
	assert.Equal(t, "app@sha256:a", status["imageDigest"], "the container with the port takes the requests")
	assert.Equal(t, []any{
		object{"type": "Ready", "status": "False", "reason": "HealthCheckContainerError", "message": "m", "lastTransitionTime": at},
		object{"type": "ContainerReady", "status": "False", "reason": "ContainerMissing", "lastTransitionTime": at},
		object{"type": "ResourcesAvailable", "status": "Unknown", "reason": "Deploying", "lastTransitionTime": at}},
		status["conditions"].([]any)[:3])

	for name, test := range map[string]struct {
		traffic []any
		want    string
	}{
		"no traffic":            {nil, "False"},
		"a share":               {[]any{object{"revision": "web-a", "percent": 1.0}}, "True"},
		"a tag without traffic": {[]any{object{"revision": "web-a", "tag": "blue"}}, "True"},
		"neither":               {[]any{object{"revision": "web-a"}}, "False"},
		"another's share":       {[]any{object{"revision": "web-b", "percent": 100.0}}, "False"},
		"the latest is another": {[]any{object{"percent": 100.0}}, "False"},
	} {
		service["trafficStatuses"] = test.traffic
		active := knative.Revision(v2, service, place)["status"].(object)["conditions"].([]any)[3].(object)
		assert.Equal(t, test.want, active["status"], name)
		assert.Equal(t, test.want == "False", active["reason"] == "Retired", name)
	}
}

// TestConfigurationAndRoute checks the two resources that v1 serves for the parts of a service.
func TestConfigurationAndRoute(t *testing.T) {
	t.Parallel()
	service := knative.Service(object{"name": "projects/p/locations/l/services/web", "generation": "2", "observedGeneration": "2",
		"uri": "https://web", "template": object{"containers": []any{object{"image": "a"}}}, "latestReadyRevision": "x/web-a",
		"latestCreatedRevision": "x/web-b",
		"trafficStatuses":       []any{object{"revision": "web-a", "percent": 100.0}},
		"terminalCondition":     object{"state": "CONDITION_FAILED", "lastTransitionTime": at},
		"conditions": []any{object{"type": "RoutesReady", "state": "CONDITION_SUCCEEDED", "lastTransitionTime": at},
			object{"type": "ConfigurationsReady", "state": "CONDITION_FAILED", "message": "m", "lastTransitionTime": at}}}, place)
	configuration, route := knative.Configuration(service), knative.Route(service)
	assert.Equal(t, object{"observedGeneration": 2.0, "latestCreatedRevisionName": "web-b", "latestReadyRevisionName": "web-a",
		"conditions": []any{object{"type": "Ready", "status": "False", "reason": "RevisionFailed", "message": "m", "lastTransitionTime": at}}},
		configuration["status"])
	assert.Equal(t, []any{object{"type": "Ready", "status": "True", "lastTransitionTime": at}}, route["status"].(object)["conditions"])
	assert.Equal(t, []any{object{"revisionName": "web-a", "percent": 100.0}}, route["status"].(object)["traffic"])
	for kind, half := range map[string]object{"configurations": configuration, "routes": route} {
		meta := half["metadata"].(object)
		assert.Equal(t, "/apis/serving.knative.dev/v1/namespaces/42/"+kind+"/web", meta["selfLink"])
		assert.Equal(t, "web", meta["labels"].(object)["serving.knative.dev/service"])
	}
	assert.NotContains(t, service["metadata"].(object)["labels"], "serving.knative.dev/service", "the service itself stays as it is")
}

// TestServicesThatV2Lacks checks that a service which v2 cannot express is refused with the field's name.
func TestServicesThatV2Lacks(t *testing.T) {
	t.Parallel()
	_, err := knative.Merge(nil, object{"spec": object{"traffic": []any{object{"latestRevision": true, "revisionName": "web-a"}}}}, place)
	assert.EqualError(t, err, "spec.traffic[0].revisionName: must not be set with latestRevision")
	assert.IsType(t, knative.Refusal(""), err)
}
