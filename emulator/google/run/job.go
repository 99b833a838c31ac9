package run

import (
	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
)

const (
	jobs       = "projects/*/locations/*/jobs"
	jobMessage = "GoogleCloudRunV2Job"
)

func (a *API) job() *rest.Kind {
	return &rest.Kind{
		Pattern: jobs, Message: jobMessage, Body: "job", Policy: true,
		Names:      rest.Names{Missing: absent("JOB")},
		Read:       rest.Read{Items: "jobs", Show: showJob},
		Create:     &rest.Create{IDParam: "jobId", Taken: taken},
		Update:     &rest.Update{Mask: rest.MaskReplaces},
		Delete:     &rest.Delete{},
		Methods:    rest.Methods{"POST run": a.runJob},
		Stamps:     rest.Stamps{Etag: "etag", Created: "createTime", Deleted: "deleteTime"},
		Operations: rest.Operations{Type: "google.cloud.run.v2.Job", Methods: []string{"create", "update", "delete"}},
		Prepare:    a.prepareJob,
		Annexes:    []string{workPrefix},
	}
}

// prepareJob fills in and checks the job, and decides whether it can run. A job has no revisions: a change holds from the next
// execution on.
func (a *API) prepareJob(c *rest.Change) error {
	j := c.New
	if doc.Object(j, "template", "template") == nil {
		return rest.Invalid("job.template.template: Required")
	}
	jobDefaults(j, defaultAccount(c.Name.Project))
	if err := checkJob(c.Name.ID(), j); err != nil {
		return rest.Invalid("%s", err)
	}
	if err := rest.CheckLabels(doc.Object(j, "labels")); err != nil {
		return err
	}
	if err := checkAdmission(j); err != nil {
		return err
	}
	if err := a.checkAccount(c.Request, doc.Text(j, "template", "template", "serviceAccount")); err != nil {
		return err
	}
	stampGeneration(c, jobMessage, false)
	j["observedGeneration"] = j["generation"]
	failure := ""
	if refusal, _ := a.deployment(c.Request, c.Name, j, nil).ready(doc.Object(j, "template", "template")); refusal != nil {
		failure = refusal.Message
	}
	j["terminalCondition"] = outcome("Ready", failure, c.Now)
	j["conditions"] = []any{outcome("ContainerReady", failure, c.Now), outcome("ResourcesAvailable", failure, c.Now)}
	return nil
}

// showJob returns the job with the current state of its latest execution.
func showJob(q *rest.Request, n rest.Name, job map[string]any) map[string]any {
	latest := doc.Object(job, "latestCreatedExecution")
	if latest == nil {
		return job
	}
	execution := executionOf(n, doc.Last(doc.Text(latest, "name")))
	work, found := workOf(q, execution)
	if !found {
		return job
	}
	progress := work.At(q.Now)
	status := map[string]any{"name": latest["name"], "createTime": latest["createTime"], "completionStatus": "EXECUTION_RUNNING"}
	if !progress.Ended.IsZero() {
		status["completionTime"] = rest.Timestamp(progress.Ended)
		status["completionStatus"] = map[bool]string{true: "EXECUTION_FAILED", false: "EXECUTION_SUCCEEDED"}[progress.Message != ""]
		if progress.Cancelled > 0 {
			status["completionStatus"] = "EXECUTION_CANCELLED"
		}
	}
	return doc.With(job, status, "latestCreatedExecution")
}
