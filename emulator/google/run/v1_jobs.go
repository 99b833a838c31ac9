package run

import (
	"strings"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/google/run/knative"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
)

// jobsPrefix is the path of jobs and executions in v1. The emulator serves the methods that running and watching a job needs.
const jobsPrefix = "/apis/run.googleapis.com/v1/"

// answerJobs answers for jobs and their executions.
func (a *API) answerJobs(k *v1Call) (any, error) {
	if k.region == "" {
		return nil, errNoRegion
	}
	all := k.Children(k.CollectionOf(Host, jobs, k.project, k.region))
	switch k.Method + " " + k.collection + " " + k.verb {
	case "GET jobs ":
		return k.jobItems(all)
	case "GET executions ":
		return k.executionItems(all)
	case "POST jobs run":
		for _, job := range all {
			if job.ID() != k.id {
				continue
			}
			run := &rest.Change{Request: k.Request, Name: job, Old: k.Get(job)}
			n, _, err := a.execute(run, knative.Overrides(doc.Object(k.Body, "overrides")))
			if err != nil {
				return nil, err
			}
			return k.execution(n), nil
		}
	case "POST executions cancel":
		for _, job := range all {
			if n := executionOf(job, k.id); k.Get(n) != nil {
				_, err := cancel(&rest.Change{Request: k.Request, Name: n, Old: k.Get(n)})
				return k.execution(n), err
			}
		}
	}
	return nil, rest.NotFound("%s '%s' not found in region '%s' of project '%s'.", strings.TrimSuffix(k.collection, "s"), k.id, k.region,
		k.project.ID)
}

func (k *v1Call) execution(n rest.Name) map[string]any {
	work, _ := workOf(k.Request, n)
	return knative.Execution(showExecution(k.Get(n), work, k.Now), k.place(k.region))
}

func (k *v1Call) jobItems(all []rest.Name) (any, error) {
	items := []any{}
	for _, n := range all {
		item := knative.Job(showJob(k.Request, n, k.Get(n)), k.place(k.region))
		if n.ID() == k.id {
			return item, nil
		}
		items = append(items, item)
	}
	return k.listed(items)
}

func (k *v1Call) executionItems(all []rest.Name) (any, error) {
	items := []any{}
	of, selected := strings.CutPrefix(strings.ReplaceAll(k.Query.Get("labelSelector"), " ", ""), knative.JobLabel+"=")
	for _, job := range all {
		for _, n := range k.Children(job.Below("executions")) {
			if n.ID() == k.id {
				return k.execution(n), nil
			}
			if !selected || job.ID() == of {
				items = append(items, k.execution(n))
			}
		}
	}
	return k.listed(items)
}

// listed answers with a list. If the request named one resource, the list does not have it.
func (k *v1Call) listed(items []any) (any, error) {
	if k.id != "" {
		return nil, rest.NotFound("Resource '%s' was not found in region '%s' of project '%s'.", k.id, k.region, k.project.ID)
	}
	return map[string]any{"apiVersion": "run.googleapis.com/v1", "kind": v1Lists[k.collection], "metadata": map[string]any{},
		"items": items}, nil
}
