package run

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
	"github.com/guiofsaints/procureflow-platform/emulator/store"
)

const (
	executions       = jobs + "/*/executions"
	executionMessage = "GoogleCloudRunV2Execution"
	executionType    = "google.cloud.run.v2.Execution"
)

// execution returns the kind of a job's executions. An execution is made by running its job, never by a create request.
func (a *API) execution() *rest.Kind {
	return &rest.Kind{
		Pattern: executions, Message: executionMessage,
		Names: rest.Names{Missing: absent("EXECUTION")},
		Read: rest.Read{Items: "executions", NewestFirst: true, Show: func(q *rest.Request, n rest.Name, stored map[string]any) map[string]any {
			work, _ := workOf(q, n)
			return showExecution(stored, work, q.Now)
		}},
		Delete:     &rest.Delete{},
		Methods:    rest.Methods{"POST cancel": cancelExecution},
		Stamps:     rest.Stamps{Etag: "etag", Created: "createTime", Deleted: "deleteTime"},
		Operations: rest.Operations{Type: executionType, Methods: []string{"delete"}},
		Annexes:    []string{workPrefix},
	}
}

// task returns a kind that stores no documents. A task's state follows from the work of its execution.
func task() *rest.Kind {
	return &rest.Kind{
		Pattern: executions + "/*/tasks", Message: "GoogleCloudRunV2Task",
		Names: rest.Names{Missing: absent("TASK")},
		Read:  rest.Read{Get: getTask, List: listTasks},
	}
}

func executionOf(job rest.Name, id string) rest.Name { return job.Below("executions").Child(id) }

// workPrefix and an execution's key together are the key of the execution's work, from which its state at any time follows.
const workPrefix = "work:"

func workOf(q *rest.Request, execution rest.Name) (Work, bool) {
	document := q.Tx.Get(workPrefix + execution.Key())
	if document == nil {
		return Work{}, false
	}
	duration := func(field string) time.Duration { d, _ := time.ParseDuration(doc.Text(document, field)); return d }
	at := func(field string) time.Time {
		t, _ := time.Parse(time.RFC3339Nano, doc.Text(document, field))
		return t
	}
	number := func(field string) int { return int(doc.Number(document, field)) }
	return Work{Name: execution.ID(), Tasks: number("tasks"), Parallelism: number("parallelism"), Retries: number("retries"),
		Timeout: duration("timeout"), Takes: duration("takes"), Fails: doc.Flag(document, "fails"), Hangs: doc.Flag(document, "hangs"),
		Refused: doc.Text(document, "refused"), Started: at("started"), Cancelled: at("cancelled")}, true
}

func keepWork(q *rest.Request, execution rest.Name, w Work, operation string) error {
	document := store.Document{"tasks": float64(w.Tasks), "parallelism": float64(w.Parallelism), "retries": float64(w.Retries),
		"timeout": w.Timeout.String(), "takes": w.Takes.String(), "fails": w.Fails, "hangs": w.Hangs, "refused": w.Refused,
		"started": rest.Timestamp(w.Started), "operation": operation}
	if !w.Cancelled.IsZero() {
		document["cancelled"] = rest.Timestamp(w.Cancelled)
	}
	return q.Tx.Put(workPrefix+execution.Key(), document)
}

// runJob answers a request to run a job.
func (a *API) runJob(c *rest.Change) (any, error) {
	if err := c.CheckEtag(doc.Text(c.Body, "etag")); err != nil {
		return nil, err
	}
	_, operation, err := a.execute(c, doc.Object(c.Body, "overrides"))
	return operation, err
}

// execute starts an execution of the job whose document is c.Old. overrides replaces parts of the job for this execution. The operation
// ends when the execution ends, whether it succeeds or not.
func (a *API) execute(c *rest.Change, overrides map[string]any) (execution rest.Name, operation map[string]any, err error) {
	job := c.Old
	if ready := doc.Object(job, "terminalCondition"); doc.Text(ready, "state") == "CONDITION_FAILED" {
		return execution, nil, rest.Precondition("Job '%s' is not ready and cannot run. %s", c.Name.ID(), doc.Text(ready, "message"))
	}
	template, err := override(doc.Object(job, "template"), overrides)
	if err != nil {
		return execution, nil, rest.Invalid("%s", err)
	}
	n := executionOf(c.Name, c.Name.ID()+"-"+c.IDs.Letters(5))
	work, err := a.plan(c, n.ID(), template)
	if err != nil {
		return n, nil, err
	}
	now := rest.Timestamp(c.Now)
	document := map[string]any{"name": n.Shown(), "uid": c.IDs.UUID(), "generation": "1", "createTime": now, "updateTime": now,
		"creator": rest.Caller, "job": c.Name.ID(), "launchStage": job["launchStage"], "etag": c.IDs.Etag(), "logUri": logURI(c.Name, n.ID()),
		"taskCount": template["taskCount"], "template": template["template"]}
	for _, field := range []string{"labels", "annotations", "client", "clientVersion", "parallelism"} {
		if value := template[field]; value != nil {
			document[field] = value
		}
	}
	job["executionCount"] = doc.Number(job, "executionCount") + 1
	job["latestCreatedExecution"] = map[string]any{"name": n.Shown(), "createTime": now}
	name := operationName(c)
	if err := errors.Join(c.Put(n, document), c.Put(c.Name, job), keepWork(c.Request, n, work, name)); err != nil {
		return n, nil, err
	}
	operation, err = c.RecordOperation(n.Kind, name, work.End(), rest.Outcome{TypeURL: executionType,
		Response: showExecution(document, work, work.End()), Metadata: showExecution(document, work, c.Now)})
	return n, operation, err
}

// plan decides what the tasks of a new execution do.
func (a *API) plan(c *rest.Change, id string, template map[string]any) (Work, error) {
	task := doc.Object(template, "template")
	work := Work{Name: id, Tasks: int(doc.Number(template, "taskCount")), Parallelism: int(doc.Number(template, "parallelism")),
		Retries: int(doc.Number(task, "maxRetries")), Timeout: time.Duration(doc.Seconds(doc.Text(task, "timeout")) * float64(time.Second)),
		Started: c.Now}
	if refusal, _ := a.deployment(c.Request, c.Name, c.Old, nil).ready(task); refusal != nil {
		work.Refused = refusal.Message
	}
	var err error
	work.Takes, work.Fails, work.Hangs, err = nextRun(c.Request, c.Name)
	return work, err
}

// operationName returns the name of a new operation in the location of a resource.
func operationName(c *rest.Change) string {
	return strings.Join(c.Name.Segments[:4], "/") + "/operations/" + c.IDs.UUID()
}

// Completed calls each with every execution that has ended: its job, projects/P/locations/L/jobs/J, its result, succeeded or failed, and
// when it ended. One that was cancelled counts as failed.
func (a *API) Completed(q *rest.Request, each func(job, result string, at time.Time)) {
	for _, key := range q.Tx.List(workPrefix) {
		n, document := q.Find(Host, executions, strings.TrimPrefix(key, workPrefix+"//"+Host+"/"))
		if document == nil {
			continue
		}
		work, _ := workOf(q, n)
		if p := work.At(q.Now); !p.Ended.IsZero() {
			each(n.Parent().Path(), map[bool]string{true: "failed", false: "succeeded"}[p.Message != ""], p.Ended)
		}
	}
}

// starters are the roles that let a member run a job.
var starters = []string{"roles/run.invoker", "roles/run.jobsExecutor", "roles/run.jobsExecutorWithOverrides", "roles/run.developer",
	"roles/run.admin", "roles/editor", "roles/owner"}

// Start starts an execution of the job projects/P/locations/L/jobs/J as a service account, if the account may. Another API calls it.
func (a *API) Start(q *rest.Request, job, account string) error {
	n, document := q.Find(Host, jobs, job)
	switch {
	case document == nil:
		return rest.NotFound("Resource '%s' of kind 'JOB' does not exist.", job)
	case !q.Holds(n, "serviceAccount:"+account, starters...):
		return rest.Denied("Permission 'run.jobs.run' denied on resource '%s' (or resource may not exist).", job)
	}
	_, _, err := a.execute(&rest.Change{Request: q, Name: n, Old: document}, nil)
	return err
}

func logURI(job rest.Name, execution string) string {
	query := fmt.Sprintf("resource.type=\"cloud_run_job\"\nresource.labels.job_name=%q\nresource.labels.location=%q\n"+
		"labels.\"run.googleapis.com/execution_name\"=%q", job.ID(), job.Location(), execution)
	return "https://console.cloud.google.com/logs/viewer?project=" + job.Project.ID + "&advancedFilter=" + url.QueryEscape(query)
}

// cancelExecution answers a request to cancel an execution.
func cancelExecution(c *rest.Change) (any, error) {
	if err := c.CheckEtag(doc.Text(c.Body, "etag")); err != nil {
		return nil, err
	}
	return cancel(c)
}

// cancel ends the running execution whose document is c.Old. The operation of its run ends with it.
func cancel(c *rest.Change) (map[string]any, error) {
	work, _ := workOf(c.Request, c.Name)
	if !work.At(c.Now).Ended.IsZero() {
		return nil, rest.Precondition("Execution '%s' has completed and cannot be cancelled.", c.Name.ID())
	}
	work.Cancelled = c.Now
	ofRun := doc.Text(c.Tx.Get(workPrefix+c.Name.Key()), "operation")
	c.Old["etag"], c.Old["updateTime"] = c.IDs.Etag(), rest.Timestamp(c.Now)
	shown := showExecution(c.Old, work, c.Now)
	outcome := rest.Outcome{TypeURL: executionType, Response: shown, Metadata: shown}
	err := errors.Join(keepWork(c.Request, c.Name, work, ofRun), c.Put(c.Name, c.Old), c.EndOperation(c.Name.Kind, ofRun, outcome))
	if err != nil {
		return nil, err
	}
	return c.RecordOperation(c.Name.Kind, operationName(c), c.Now.Add(c.OperationDelay()), outcome)
}

// showExecution returns an execution in its state at a time.
func showExecution(stored map[string]any, work Work, now time.Time) map[string]any {
	shown := doc.Without(stored)
	p := work.At(now)
	for field, count := range map[string]int{"runningCount": p.Running, "succeededCount": p.Succeeded, "failedCount": p.Failed,
		"cancelledCount": p.Cancelled, "retriedCount": p.Retried} {
		if count > 0 {
			shown[field] = float64(count)
		}
	}
	shown["observedGeneration"] = "1"
	if work.Refused == "" {
		shown["startTime"] = rest.Timestamp(work.Started)
	}
	completed := condition("Completed", "CONDITION_RECONCILING", "", "Waiting for execution to complete.", work.Started)
	started := condition("Started", "CONDITION_SUCCEEDED", "", "", work.Started)
	resources := condition("ResourcesAvailable", "CONDITION_SUCCEEDED", "", "", work.Started)
	switch {
	case p.Ended.IsZero():
		shown["reconciling"] = true
	case p.Message != "":
		completed = condition("Completed", "CONDITION_FAILED", "", p.Message, p.Ended)
		if p.Reason != "" {
			completed["executionReason"] = p.Reason
		}
		if work.Refused != "" {
			started = condition("Started", "CONDITION_FAILED", "", p.Message, p.Ended)
			resources = condition("ResourcesAvailable", "CONDITION_FAILED", "", p.Message, p.Ended)
		}
	default:
		completed = condition("Completed", "CONDITION_SUCCEEDED", "", "Execution completed successfully.", p.Ended)
	}
	if !p.Ended.IsZero() {
		shown["completionTime"] = rest.Timestamp(p.Ended)
		shown["updateTime"] = rest.Timestamp(p.Ended)
	}
	shown["conditions"] = []any{completed, resources, started}
	return shown
}

// tasksOf returns the tasks of an execution in their current state. An execution whose containers could not start has no tasks.
func tasksOf(q *rest.Request, execution rest.Name) []map[string]any {
	document := q.Get(execution)
	work, found := workOf(q, execution)
	if document == nil || !found || work.Refused != "" {
		return nil
	}
	var all []map[string]any
	for i := range work.Tasks {
		t := work.Task(i, q.Now)
		shown := map[string]any{"name": execution.Below("tasks").Child(fmt.Sprintf("%s-task%d", execution.ID(), i)).Shown(),
			"uid":        document["uid"],
			"generation": "1", "observedGeneration": "1", "createTime": document["createTime"], "scheduledTime": document["createTime"],
			"updateTime": document["createTime"], "job": document["job"], "execution": execution.ID(), "logUri": document["logUri"],
			"maxRetries": doc.Number(document, "template", "maxRetries"), "timeout": doc.Text(document, "template", "timeout"),
			"containers": doc.List(document, "template", "containers"), "serviceAccount": doc.Text(document, "template", "serviceAccount"),
			"executionEnvironment": doc.Text(document, "template", "executionEnvironment")}
		if i > 0 {
			shown["index"] = float64(i)
		}
		if t.Retried > 0 {
			shown["retried"] = float64(t.Retried)
		}
		if !t.Began.IsZero() {
			shown["startTime"] = rest.Timestamp(t.Began)
		}
		state, message := "CONDITION_RECONCILING", t.Message
		switch t.Phase {
		case Succeeded:
			state = "CONDITION_SUCCEEDED"
		case Failed:
			state = "CONDITION_FAILED"
			shown["lastAttemptResult"] = map[string]any{"exitCode": 1.0, "status": map[string]any{"message": t.Message}}
		case Cancelled:
			state, message = "CONDITION_FAILED", "The task was cancelled."
		}
		at := work.Started
		if !t.Ended.IsZero() {
			shown["completionTime"], at = rest.Timestamp(t.Ended), t.Ended
		}
		shown["conditions"] = []any{condition("Completed", state, "", message, at)}
		all = append(all, shown)
	}
	return all
}

func listTasks(q *rest.Request, collection rest.Name) (any, error) {
	var items []any
	for _, shown := range tasksOf(q, collection.Parent()) {
		items = append(items, shown)
	}
	return q.Page("tasks", items)
}

func getTask(q *rest.Request, n rest.Name) (any, error) {
	execution := n.Parent()
	index, err := strconv.Atoi(strings.TrimPrefix(n.ID(), execution.ID()+"-task"))
	if all := tasksOf(q, execution); err == nil && index >= 0 && index < len(all) {
		return all[index], nil
	}
	return nil, n.Missing()
}
