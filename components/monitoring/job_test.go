package monitoring_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/components/monitoring"
	"github.com/guiofsaints/procureflow-platform/internal/pulumitest"
)

func jobArgs(change func(*monitoring.JobWatchArgs)) *monitoring.JobWatchArgs {
	args := &monitoring.JobWatchArgs{
		Project: pulumi.String("shop-dev"), Location: pulumi.String("us-central1"), Environment: "dev", JobName: pulumi.String("shop-tidy"),
		Channels: pulumi.ToStringArray([]string{"projects/shop-dev/notificationChannels/1"}), RunbookURL: "https://example.com/runbooks",
		Failure: true, LateAfterHours: 25,
	}
	change(args)
	return args
}

func TestJobWatch(t *testing.T) {
	t.Parallel()
	inventory := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		_, err := monitoring.NewJobWatch(ctx, "watch-job-tidy", jobArgs(func(*monitoring.JobWatchArgs) {}))
		return err
	})
	pulumitest.CheckParents(t, inventory)
	const policy = "gcp:monitoring/alertPolicy:AlertPolicy"
	failed := inventory.One(t, policy, "watch-job-tidy-alert-job-failed").Inputs
	assert.Equal(t, "dev: shop-tidy failed", failed["displayName"])
	assert.Equal(t, []any{map[string]any{"displayName": "failed executions", "conditionThreshold": map[string]any{
		"filter": `metric.type="run.googleapis.com/job/completed_execution_count" AND resource.type="cloud_run_job" AND ` +
			`resource.labels.job_name="shop-tidy" AND resource.labels.location="us-central1" AND metric.labels.result="failed"`,
		"aggregations": []any{map[string]any{"alignmentPeriod": "60s", "perSeriesAligner": "ALIGN_DELTA", "crossSeriesReducer": "REDUCE_SUM",
			"groupByFields": []any{"resource.label.job_name"}}},
		"comparison": "COMPARISON_GT", "thresholdValue": 0.0, "duration": "0s",
	}}}, failed["conditions"])
	assert.Contains(t, failed["documentation"].(map[string]any)["content"], "[What to do](https://example.com/runbooks#job-failed)")
	late := inventory.One(t, policy, "watch-job-tidy-alert-job-late").Inputs
	assert.Equal(t, []any{map[string]any{"displayName": "no success in 25 hours", "conditionPrometheusQueryLanguage": map[string]any{
		"query": `(sum(increase(run_googleapis_com:job_completed_execution_count{monitored_resource="cloud_run_job",job_name="shop-tidy",` +
			`location="us-central1",result="succeeded"}[25h])) or vector(0)) < 0.5`,
		"evaluationInterval": "300s", "duration": "0s", "disableMetricValidation": true,
	}}}, late["conditions"])
	assert.Contains(t, late["documentation"].(map[string]any)["content"], "[What to do](https://example.com/runbooks#job-late)")

	inventory = pulumitest.Run(t, func(ctx *pulumi.Context) error {
		_, err := monitoring.NewJobWatch(ctx, "watch-job-tidy", jobArgs(func(a *monitoring.JobWatchArgs) { a.LateAfterHours = 0 }))
		return err
	})
	assert.Equal(t, []string{"watch-job-tidy-alert-job-failed"}, inventory.Names(policy))
}

func TestBadArgumentsOfAJobWatchRegisterNothing(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args *monitoring.JobWatchArgs
		want []string
	}{
		"nil": {nil, []string{`job watch "w": args is nil: pass a *JobWatchArgs`}},
		"everything missing": {&monitoring.JobWatchArgs{}, []string{"args.Project is missing", "args.Location is missing",
			"args.Environment is missing", "args.JobName is missing", "args.Channels is missing", "args.RunbookURL is not a page to link to",
			"args.Failure and args.LateAfterHours are both off"}},
		"too late": {jobArgs(func(a *monitoring.JobWatchArgs) { a.LateAfterHours = 745 }), []string{"args.LateAfterHours is 745: use 1-744"}},
		"never":    {jobArgs(func(a *monitoring.JobWatchArgs) { a.LateAfterHours = -1 }), []string{"args.LateAfterHours is -1"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inventory, err := pulumitest.RunErr(func(ctx *pulumi.Context) error {
				_, err := monitoring.NewJobWatch(ctx, "w", test.args)
				return err
			})
			require.Error(t, err)
			for _, want := range test.want {
				assert.ErrorContains(t, err, want)
			}
			assert.Empty(t, inventory.Resources)
		})
	}
}
