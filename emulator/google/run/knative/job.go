package knative

import (
	"strconv"
	"strings"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
)

// jobAPIVersion is the apiVersion of jobs and executions, which have no older form.
const jobAPIVersion = "run.googleapis.com/v1"

// JobLabel selects a job's executions in lists.
const JobLabel = "run.googleapis.com/job"

// Job translates a v2 job to v1.
func Job(v2 object, place Place) object {
	status := pick(v2, "executionCount")
	status["conditions"] = []any{condition(doc.Object(v2, "terminalCondition"), "Ready", "JobFailed")}
	if generation, err := strconv.ParseFloat(doc.Text(v2, "observedGeneration"), 64); err == nil {
		status["observedGeneration"] = generation
	}
	if latest := doc.Object(v2, "latestCreatedExecution"); latest != nil {
		reference := object{"name": doc.Last(doc.Text(latest, "name"))}
		set(reference, "creationTimestamp", latest["createTime"])
		set(reference, "completionTimestamp", latest["completionTime"])
		set(reference, "completionStatus", latest["completionStatus"])
		status["latestCreatedExecution"] = reference
	}
	execution := doc.Object(v2, "template")
	spec := pick(execution, "taskCount", "parallelism")
	spec["template"] = object{"spec": task(doc.Object(execution, "template"))}
	return jobResource("jobs", v2, place, object{"kind": "Job", "spec": object{"template": object{"spec": spec}}, "status": status})
}

// Execution translates a v2 execution to v1.
func Execution(v2 object, place Place) object {
	status := pick(v2, "startTime", "completionTime", "runningCount", "succeededCount", "failedCount", "cancelledCount", "retriedCount",
		"logUri")
	conditions := []any{}
	for _, from := range doc.Objects(v2, "conditions") {
		reason := "NonZeroExitCode"
		if doc.Text(from, "executionReason") == "CANCELLED" {
			reason = "Cancelled"
		}
		conditions = append(conditions, condition(from, doc.Text(from, "type"), reason))
	}
	status["conditions"], status["observedGeneration"] = conditions, 1.0
	spec := pick(v2, "taskCount", "parallelism")
	spec["template"] = object{"spec": task(doc.Object(v2, "template"))}
	shown := jobResource("executions", v2, place, object{"kind": "Execution", "spec": spec, "status": status})
	doc.Object(shown, "metadata", "labels")[JobLabel] = doc.Text(v2, "job")
	return shown
}

func jobResource(collection string, v2 object, place Place, rest object) object {
	id := doc.Last(doc.Text(v2, "name"))
	meta := metadata(id, collection, v2, place)
	meta["selfLink"] = "/apis/" + jobAPIVersion + "/namespaces/" + place.Project + "/" + collection + "/" + id
	rest["apiVersion"], rest["metadata"] = jobAPIVersion, meta
	return rest
}

func task(v2 object) object {
	containers := []any{}
	for _, from := range doc.Objects(v2, "containers") {
		container := pick(from, "name", "image", "command", "args", "resources")
		set(container, "env", environment(doc.Objects(from, "env")))
		containers = append(containers, container)
	}
	return object{"containers": containers, "maxRetries": doc.Number(v2, "maxRetries"), "serviceAccountName": doc.Text(v2, "serviceAccount"),
		"timeoutSeconds": strings.TrimSuffix(doc.Text(v2, "timeout"), "s")}
}

// Overrides translates the overrides of a v1 run request to v2.
func Overrides(v1 object) object {
	v2 := pick(v1, "taskCount")
	if seconds := doc.Number(v1, "timeoutSeconds"); seconds > 0 {
		v2["timeout"] = strconv.FormatFloat(seconds, 'f', -1, 64) + "s"
	}
	containers := []any{}
	for _, from := range doc.Objects(v1, "containerOverrides") {
		containers = append(containers, pick(from, "name", "args", "clearArgs", "env"))
	}
	set(v2, "containerOverrides", containers)
	return v2
}
