package run

import (
	"fmt"
	"strings"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
)

// These are the limits of jobs, from the API's description and reference.
const (
	maxJobName     = 63
	maxTasks       = 10000
	maxRetries     = 10
	maxTaskTimeout = 7 * 24 * 3600 // in seconds
)

// taskVariables lists the variables that Cloud Run sets in every task.
var taskVariables = []string{"CLOUD_RUN_JOB", "CLOUD_RUN_EXECUTION", "CLOUD_RUN_TASK_INDEX", "CLOUD_RUN_TASK_COUNT",
	"CLOUD_RUN_TASK_ATTEMPT"}

// jobDefaults fills in the fields that the API fills in if the caller leaves them out. account is the project's default account.
func jobDefaults(job object, account string) {
	doc.Default(job, "launchStage", "GA")
	execution := doc.Ensure(job, "template")
	doc.Default(execution, "taskCount", 1.0)
	task := doc.Ensure(execution, "template")
	doc.Default(task, "maxRetries", 3.0)
	doc.Default(task, "timeout", "600s")
	doc.Default(task, "serviceAccount", account)
	doc.Default(task, "executionEnvironment", "EXECUTION_ENVIRONMENT_GEN2")
	for _, container := range doc.Objects(task, "containers") {
		limits := doc.Ensure(doc.Ensure(container, "resources"), "limits")
		doc.Default(limits, "cpu", "1000m")
		doc.Default(limits, "memory", "512Mi")
		for _, env := range doc.Objects(container, "env") {
			if ref := doc.Object(env, "valueSource", "secretKeyRef"); ref != nil {
				doc.Default(ref, "version", "latest")
			}
		}
	}
	templateDefaults(task)
}

// checkJob refuses a job that the API refuses. The job has its defaults already.
func checkJob(id string, job object) error {
	if len(id) > maxJobName || !nameForm.MatchString(id) {
		return refuse("job_id: '%s' must have at most %d lower-case letters, digits and hyphens, begin with a letter and not end with a hyphen",
			id, maxJobName)
	}
	for _, holder := range []object{job, doc.Object(job, "template")} {
		if err := checkAnnotations(holder); err != nil {
			return err
		}
	}
	for _, field := range []string{"startExecutionToken", "runExecutionToken"} {
		if doc.Text(job, field) != "" {
			return refuse("The emulator does not start a job when it is written: leave %s out, and call run.", field)
		}
	}
	return checkExecution(doc.Object(job, "template"))
}

func checkExecution(execution object) error {
	tasks, parallelism := doc.Number(execution, "taskCount"), doc.Number(execution, "parallelism")
	if tasks < 1 || tasks > maxTasks {
		return refuse("template.task_count: %g must be between 1 and %d", tasks, maxTasks)
	}
	if parallelism < 0 || parallelism > tasks {
		return refuse("template.parallelism: %g must be between 0 and task_count, %g", parallelism, tasks)
	}
	task := doc.Object(execution, "template")
	if retries := doc.Number(task, "maxRetries"); retries < 0 || retries > maxRetries {
		return refuse("template.template.max_retries: %g must be between 0 and %d", retries, maxRetries)
	}
	if seconds := doc.Seconds(doc.Text(task, "timeout")); seconds < 1 || seconds > maxTaskTimeout {
		return refuse("template.template.timeout: %v must be between 1s and %ds", task["timeout"], maxTaskTimeout)
	}
	containers := doc.Objects(task, "containers")
	if len(containers) == 0 {
		return refuse("template.template.containers: at least one container is required")
	}
	for i, container := range containers {
		path := fmt.Sprintf("template.template.containers[%d]", i)
		if err := checkContainer(path, container); err != nil {
			return err
		}
		if len(doc.List(container, "ports")) > 0 || container["livenessProbe"] != nil {
			return refuse("%s: ports and liveness probes are not supported in a job: it answers nobody", path)
		}
		for _, env := range doc.Objects(container, "env") {
			for _, own := range taskVariables {
				if doc.Text(env, "name") == own {
					return refuse("%s.env: The following reserved env names were provided: %s. These values are automatically set by the system.", path,
						own)
				}
			}
		}
	}
	if err := checkTogether(task, containers); err != nil {
		return Refusal(strings.Replace(err.Error(), "template.", "template.template.", 1))
	}
	return checkTaskResources(task)
}

// checkTaskResources checks a task's CPU and memory. A task keeps its CPU until it ends, and needs at least one CPU.
func checkTaskResources(task object) error {
	for i, container := range doc.Objects(task, "containers") {
		if cpu, known := parseCPU(doc.Text(container, "resources", "limits", "cpu")); known && cpu < 1 {
			return refuse("template.template.containers[%d].resources.limits.cpu: Invalid value specified for cpu. Total cpu < 1 is not "+
				"supported for jobs.", i)
		}
	}
	if err := checkResources(task); err != nil {
		return Refusal(strings.Replace(err.Error(), "template.containers", "template.template.containers", 1))
	}
	return nil
}

// override returns an execution template with the changes that the run request asks for.
func override(execution, overrides object) (object, error) {
	changed := doc.With(execution, doc.Object(execution, "template"), "template")
	if count := doc.Number(overrides, "taskCount"); count != 0 {
		changed["taskCount"] = count
	}
	task := doc.Without(doc.Object(execution, "template"))
	if timeout := doc.Text(overrides, "timeout"); timeout != "" {
		task["timeout"] = timeout
	}
	containers := []any{}
	for _, container := range doc.Objects(task, "containers") {
		containers = append(containers, doc.Without(container))
	}
	for _, one := range doc.Objects(overrides, "containerOverrides") {
		if err := overrideContainer(containers, one); err != nil {
			return nil, err
		}
	}
	task["containers"] = containers
	changed["template"] = task
	return changed, checkExecution(changed)
}

// overrideContainer changes the container of that name. Without a name it changes the job's only container.
func overrideContainer(containers []any, change object) error {
	name := doc.Text(change, "name")
	for _, item := range containers {
		container := item.(object)
		if name != doc.Text(container, "name") && (name != "" || len(containers) > 1) {
			continue
		}
		if args := doc.List(change, "args"); len(args) > 0 {
			container["args"] = args
		} else if doc.Flag(change, "clearArgs") {
			delete(container, "args")
		}
		env := []any{}
		given := doc.Objects(change, "env")
		for _, old := range doc.Objects(container, "env") {
			replaced := false
			for _, fresh := range given {
				replaced = replaced || doc.Text(fresh, "name") == doc.Text(old, "name")
			}
			if !replaced {
				env = append(env, old)
			}
		}
		for _, fresh := range given {
			env = append(env, fresh)
		}
		if len(env) > 0 {
			container["env"] = env
		}
		return nil
	}
	return refuse("overrides.container_overrides: the job has no container '%s'", name)
}
