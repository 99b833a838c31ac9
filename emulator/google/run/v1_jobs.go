package run

import (
	"net/http"
	"strings"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/google/run/knative"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
)

// jobsPrefix is the path of jobs and executions in v1. The emulator serves the methods that running and watching a job needs.
const jobsPrefix = "/apis/run.googleapis.com/v1/"

func (a *API) answerJobsV1(q *rest.Request) (any, error) {
	segments, verb, ok := rest.SplitPath(q.Path[len(jobsPrefix):])
	if !ok || len(segments) < 3 || len(segments) > 4 || segments[0] != "namespaces" || segments[2] != "jobs" && segments[2] != "executions" {
		return nil, rest.NotFound("Method not found.")
	}
	k := &v1Call{Request: q, region: regionOf(q.Host), collection: segments[2]}
	if len(segments) == 4 {
		k.id = segments[3]
	}
	return q.Handle(v1Parameters, func() (any, error) {
		first := k.Collection(Host, jobs, rest.Project{ID: segments[1]}, "-")
		if err := k.EnterProject(&first); err != nil {
			return nil, err
		}
		k.project = first.Project
		return a.answerJobs(k, verb)
	})
}

func (a *API) answerJobs(k *v1Call, verb string) (any, error) {
	if k.region == "" {
		return nil, rest.Invalid("The emulator takes the region from the host: ask REGION-run.sandbox, or give gcloud --region.")
	}
	all := k.Children(k.Collection(Host, jobs, k.project, k.region))
	switch k.Method + " " + k.collection + " " + verb {
	case "GET jobs ":
		return k.jobItems(all)
	case "GET executions ":
		return k.executionItems(all)
	case "POST jobs run":
		for _, job := range all {
			if job.ID() != k.id {
				continue
			}
			k.Body = map[string]any{"overrides": knative.Overrides(doc.Object(k.Body, "overrides"))}
			if _, err := a.runJob(&rest.Change{Request: k.Request, Name: job, Old: k.Get(job)}); err != nil {
				return nil, err
			}
			return k.execution(executionOf(job, doc.Last(doc.Text(k.Get(job), "latestCreatedExecution", "name")))), nil
		}
	case "POST executions cancel":
		for _, job := range all {
			if n := executionOf(job, k.id); k.Get(n) != nil {
				_, err := cancelExecution(&rest.Change{Request: k.Request, Name: n, Old: k.Get(n)})
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
	return k.listed("JobList", items)
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
	return k.listed("ExecutionList", items)
}

func (k *v1Call) listed(kind string, items []any) (any, error) {
	if k.id != "" {
		return nil, rest.NotFound("Resource '%s' was not found in region '%s' of project '%s'.", k.id, k.region, k.project.ID)
	}
	return map[string]any{"apiVersion": "run.googleapis.com/v1", "kind": kind, "metadata": map[string]any{}, "items": items}, nil
}

// isJobsV1 reports whether a path belongs to jobs in v1.
func isJobsV1(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, jobsPrefix) }
