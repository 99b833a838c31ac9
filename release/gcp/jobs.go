package gcp

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"time"

	run "google.golang.org/api/run/v2"

	"github.com/guiofsaints/procureflow-platform/release/hooks"
)

// Jobs are the Cloud Run jobs of a region. They implement rollout.Jobs.
type Jobs struct {
	client *run.Service
	// parent is projects/P/locations/L.
	parent string
}

// NewJobs connects to a region's jobs; it makes no call yet.
func NewJobs(ctx context.Context, endpoints Endpoints, project, region string) (*Jobs, error) {
	client, err := runClient(ctx, endpoints)
	if err != nil {
		return nil, err
	}
	return &Jobs{client: client, parent: fmt.Sprintf("projects/%s/locations/%s", project, region)}, nil
}

// Names lists the short names of the region's jobs, sorted.
func (j *Jobs) Names(ctx context.Context) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var names []string
	err := j.client.Projects.Locations.Jobs.List(j.parent).PageSize(1000).Pages(ctx, func(page *run.GoogleCloudRunV2ListJobsResponse) error {
		for _, live := range page.Jobs {
			names = append(names, path.Base(live.Name))
		}
		return nil
	})
	slices.Sort(names)
	return names, explain(ctx, "list the jobs of "+j.parent, "roles/run.viewer", err)
}

func (j *Jobs) name(job string) string { return j.parent + "/jobs/" + job }

// Job implements rollout.Jobs.
func (j *Jobs) Job(ctx context.Context, name string) (hooks.Job, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	live, err := j.client.Projects.Locations.Jobs.Get(j.name(name)).Context(ctx).Do()
	if err != nil {
		return hooks.Job{}, j.explain(ctx, "read", name, err)
	}
	job := hooks.Job{Name: name, Etag: live.Etag}
	if live.Template != nil && live.Template.Template != nil {
		// The first container is the job's own; sidecars do not migrate anything.
		if containers := live.Template.Template.Containers; len(containers) > 0 {
			job.Image = containers[0].Image
		}
	}
	if ready := live.TerminalCondition; ready != nil && ready.State == "CONDITION_FAILED" {
		job.Message = ready.Message
		if job.Message == "" {
			job.Message = ready.Type + " failed"
		}
	}
	return job, nil
}

// Run implements rollout.Jobs with one call of jobs.run with overrides. It does not wait for the operation, which ends only with the
// execution. Executions says how the execution goes.
func (j *Jobs) Run(ctx context.Context, job hooks.Job, start hooks.Start) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	override := &run.GoogleCloudRunV2ContainerOverride{Args: start.Args,
		Env: []*run.GoogleCloudRunV2EnvVar{{Name: hooks.Variable, Value: start.Mark}}}
	for _, name := range slices.Sorted(maps.Keys(start.Variables)) {
		override.Env = append(override.Env, &run.GoogleCloudRunV2EnvVar{Name: name, Value: start.Variables[name]})
	}
	operation, err := j.client.Projects.Locations.Jobs.Run(j.name(job.Name), &run.GoogleCloudRunV2RunJobRequest{
		Etag: job.Etag, Overrides: &run.GoogleCloudRunV2Overrides{ContainerOverrides: []*run.GoogleCloudRunV2ContainerOverride{override}},
	}).Context(ctx).Do()
	if err != nil {
		return "", j.explain(ctx, "run", job.Name, err)
	}
	var execution run.GoogleCloudRunV2Execution
	if err := json.Unmarshal(operation.Metadata, &execution); err != nil || execution.Name == "" {
		return "", nil // The caller finds the execution by its mark.
	}
	return path.Base(execution.Name), nil
}

// Executions implements rollout.Jobs.
func (j *Jobs) Executions(ctx context.Context, job string) ([]hooks.Execution, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var executions []hooks.Execution
	err := j.client.Projects.Locations.Jobs.Executions.List(j.name(job)).PageSize(1000).Pages(ctx,
		func(page *run.GoogleCloudRunV2ListExecutionsResponse) error {
			for _, live := range page.Executions {
				executions = append(executions, execution(live))
			}
			return nil
		})
	return executions, j.explain(ctx, "list the executions of", job, err)
}

// Cancel implements rollout.Jobs.
func (j *Jobs) Cancel(ctx context.Context, job, execution string) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	_, err := j.client.Projects.Locations.Jobs.Executions.Cancel(j.name(job)+"/executions/"+execution,
		&run.GoogleCloudRunV2CancelExecutionRequest{}).
		Context(ctx).Do()
	return j.explain(ctx, "cancel "+execution+" of", job, err)
}

func execution(live *run.GoogleCloudRunV2Execution) hooks.Execution {
	execution := hooks.Execution{Name: path.Base(live.Name), State: hooks.Running, Log: live.LogUri, Tasks: int(live.TaskCount),
		Done: int(live.SucceededCount), Failed: int(live.FailedCount), Retries: int(live.RetriedCount)}
	execution.Created, _ = time.Parse(time.RFC3339Nano, live.CreateTime)
	execution.Completed, _ = time.Parse(time.RFC3339Nano, live.CompletionTime)
	if live.Template != nil {
		for _, container := range live.Template.Containers {
			for _, variable := range container.Env {
				if variable.Name == hooks.Variable {
					execution.Mark = variable.Value
				}
			}
		}
	}
	for _, condition := range live.Conditions {
		if condition.Type != "Completed" {
			continue
		}
		switch {
		case condition.State == "CONDITION_SUCCEEDED":
			execution.State = hooks.Succeeded
		case condition.State == "CONDITION_FAILED" && (condition.ExecutionReason == "CANCELLED" || live.CancelledCount > 0):
			execution.State, execution.Message = hooks.Cancelled, condition.Message
		case condition.State == "CONDITION_FAILED":
			execution.State, execution.Message = hooks.Failed, condition.Message
		}
	}
	return execution
}

func (j *Jobs) explain(ctx context.Context, doing, job string, err error) error {
	return explain(ctx, fmt.Sprintf("%s the job %s", doing, j.name(job)),
		"the platform's Job releaser and Hook runner roles, which a job with release: true in the settings gives to releases, or "+
			"roles/run.developer on the job", err)
}
