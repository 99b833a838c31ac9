package monitoring

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/monitoring"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/internal/limits"
	"github.com/guiofsaints/procureflow-platform/internal/plural"
	"github.com/guiofsaints/procureflow-platform/internal/problems"
)

// JobWatchTypeToken identifies the component in state. It never changes.
const JobWatchTypeToken = "procureflow:monitoring:JobWatch"

// evaluated is how often Cloud Monitoring asks whether a job is late.
const evaluated = "300s"

// JobWatchArgs describes how one Cloud Run job is watched.
type JobWatchArgs struct {
	// Project is the id of the job's project. Required.
	Project pulumi.StringInput
	// Location is the job's region. Required.
	Location pulumi.StringInput
	// Environment begins the title of every alert, for example prod. Required.
	Environment string
	// JobName is the Cloud Run job id. Required. Pass the job's own output, so that nothing is watched before it exists.
	JobName pulumi.StringInput
	// Channels are the resource names of the notification channels. Required.
	Channels pulumi.StringArrayInput
	// RunbookURL is the page that every alert links to; the alert's key is appended as its section. Required.
	RunbookURL string
	// Failure makes an alert of each execution that failed. Default: false.
	Failure bool
	// LateAfterHours makes an alert when no execution has succeeded for this many hours, at most 744. Above 25 it uses a longer
	// look-back, which Cloud Monitoring offers as a preview. Default: 0, no alert.
	LateAfterHours int
	// Labels are put on everything that takes labels. Default: none.
	Labels pulumi.StringMapInput
}

// JobWatch is the alerts of one job.
type JobWatch struct{ pulumi.ResourceState }

// NewJobWatch makes the alerts. It fails before registering anything when an argument is missing or impossible, and then names every
// such argument.
func NewJobWatch(ctx *pulumi.Context, name string, args *JobWatchArgs, opts ...pulumi.ResourceOption) (*JobWatch, error) {
	if err := args.validate(); err != nil {
		return nil, fmt.Errorf("job watch %q: %w", name, err)
	}
	watch := &JobWatch{}
	if err := ctx.RegisterComponentResourceV2(JobWatchTypeToken, name, args.inputs(), watch, opts...); err != nil {
		return nil, fmt.Errorf("register job watch %q: %w", name, err)
	}
	for _, alert := range args.alerts() {
		if err := alert.policy(ctx, name, args.subject(), watch); err != nil {
			return nil, fmt.Errorf("job watch %q: alert %s: %w", name, alert.key, err)
		}
	}
	return watch, ctx.RegisterResourceOutputs(watch, pulumi.Map{})
}

func (args *JobWatchArgs) subject() subject {
	return subject{project: args.Project, environment: args.Environment, name: args.JobName, channels: args.Channels,
		runbook: args.RunbookURL, labels: args.Labels}
}

func (args *JobWatchArgs) alerts() (list []alert) {
	if args.Failure {
		list = append(list, alert{
			key: "job-failed", severity: critical, title: "failed",
			meaning: "An execution of the job failed, after all its retries. Its work is not done.",
			conditions: threshold("failed executions", &monitoring.AlertPolicyConditionConditionThresholdArgs{
				Filter: pulumi.Sprintf(`metric.type="run.googleapis.com/job/completed_execution_count" AND resource.type="cloud_run_job" AND `+
					`resource.labels.job_name="%s" AND resource.labels.location="%s" AND metric.labels.result="failed"`, args.JobName, args.Location),
				Aggregations: monitoring.AlertPolicyConditionConditionThresholdAggregationArray{
					&monitoring.AlertPolicyConditionConditionThresholdAggregationArgs{
						AlignmentPeriod: pulumi.String("60s"), PerSeriesAligner: pulumi.String("ALIGN_DELTA"),
						CrossSeriesReducer: pulumi.String("REDUCE_SUM"), GroupByFields: pulumi.ToStringArray([]string{"resource.label.job_name"}),
					},
				},
				ThresholdValue: pulumi.Float64(0), Duration: pulumi.String("0s"),
			}),
		})
	}
	if args.LateAfterHours > 0 {
		list = append(list, alert{
			key: "job-late", severity: critical, title: "has not succeeded in time",
			meaning: fmt.Sprintf("No execution of the job succeeded within %s: nothing started it, or each of them failed.",
				plural.Of(args.LateAfterHours, "hour", "hours")),
			conditions: args.late(),
		})
	}
	return list
}

// late returns the condition that a job is late. It is written in PromQL, because an absence condition looks back 23.5 hours at most and
// a threshold is silent without data. A missing series counts as no success. The bound is half a success, because increase extrapolates.
func (args *JobWatchArgs) late() monitoring.AlertPolicyConditionArray {
	return monitoring.AlertPolicyConditionArray{&monitoring.AlertPolicyConditionArgs{
		DisplayName: pulumi.String("no success in " + plural.Of(args.LateAfterHours, "hour", "hours")),
		ConditionPrometheusQueryLanguage: &monitoring.AlertPolicyConditionConditionPrometheusQueryLanguageArgs{
			Query: pulumi.Sprintf(`(sum(increase(run_googleapis_com:job_completed_execution_count{monitored_resource="cloud_run_job",`+
				`job_name="%s",location="%s",result="succeeded"}[%dh])) or vector(0)) < 0.5`, args.JobName, args.Location, args.LateAfterHours),
			EvaluationInterval: pulumi.String(evaluated), Duration: pulumi.String("0s"),
			// A job that never ran has no such metric yet.
			DisableMetricValidation: pulumi.Bool(true),
		},
	}}
}

// inputs returns the component's inputs, which state keeps and policies read.
func (args *JobWatchArgs) inputs() pulumi.Map {
	return pulumi.Map{"project": args.Project, "location": args.Location, "environment": pulumi.String(args.Environment),
		"jobName": args.JobName, "runbookUrl": pulumi.String(args.RunbookURL), "failure": pulumi.Bool(args.Failure),
		"lateAfterHours": pulumi.Int(args.LateAfterHours)}
}

func (args *JobWatchArgs) validate() error {
	if args == nil {
		return errors.New("args is nil: pass a *JobWatchArgs")
	}
	found := &problems.List{}
	found.If(args.Project == nil, "args.Project is missing: set the project's id")
	found.If(args.Location == nil, "args.Location is missing: set the job's region")
	found.If(args.Environment == "", "args.Environment is missing: set the word with which titles of alerts begin, for example prod")
	found.If(args.JobName == nil, "args.JobName is missing: set the job's name output")
	found.If(args.Channels == nil, "args.Channels is missing: pass the names of notification channels, so that alerts reach somebody")
	found.If(!isPage(args.RunbookURL), "args.RunbookURL is not a page to link to: use an https:// address without a section")
	found.If(!args.Failure && args.LateAfterHours == 0, "args.Failure and args.LateAfterHours are both off: set one, or make no watch")
	found.If(args.LateAfterHours < 0 || args.LateAfterHours > limits.MaxLateHours,
		"args.LateAfterHours is %d: use 1-744, or leave it out", args.LateAfterHours)
	return found.Err()
}
