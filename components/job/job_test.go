package job_test

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/components/job"
	"github.com/guiofsaints/procureflow-platform/internal/pulumitest"
)

var image = "us-central1-docker.pkg.dev/p/r/web@sha256:" + strings.Repeat("a", 64)

func args(change func(*job.JobArgs)) *job.JobArgs {
	a := &job.JobArgs{
		Project: pulumi.String("shop-dev"), Location: pulumi.String("us-central1"), JobName: "shop-migrate", Image: pulumi.String(image),
		ImageUser: pulumi.String("node@sha256:" + strings.Repeat("a", 64)),
		Tasks:     4, Parallelism: 2, CloudSQL: pulumi.ToStringArray([]string{"shop-dev:us-central1:main"}),
		VPC:            &job.VPC{Network: "default", Subnetwork: "run", Tags: []string{"jobs"}},
		ServiceAccount: pulumi.String("migrate@shop-dev.iam.gserviceaccount.com"),
		Labels:         pulumi.StringMap{"app": pulumi.String("shop")}, Args: []string{"migrate"},
		Environment: map[string]pulumi.StringInput{"B": pulumi.String("b"), "A": pulumi.String("a")},
		Secrets:     map[string]job.SecretVariable{"KEY": {Secret: pulumi.String("key"), Version: pulumi.String("3")}},
		Schedule:    &job.Schedule{Cron: "0 3 * * *", TimeZone: "UTC", Account: pulumi.String("clock@shop-dev.iam.gserviceaccount.com")},
	}
	change(a)
	return a
}

func TestJobInputs(t *testing.T) {
	t.Parallel()
	inventory := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		_, err := job.NewJob(ctx, "job-migrate", args(func(*job.JobArgs) {}))
		return err
	})
	pulumitest.CheckParents(t, inventory)
	made := inventory.One(t, "gcp:cloudrunv2/job:Job", "job-migrate-job")
	assert.Equal(t, map[string]any{
		"project": "shop-dev", "location": "us-central1", "name": "shop-migrate", "labels": map[string]any{"app": "shop"},
		"deletionProtection": false,
		"template": map[string]any{
			"labels": map[string]any{"app": "shop"}, "annotations": map[string]any{"image-user": "node@sha256:" + strings.Repeat("a", 64)},
			"taskCount": 4.0, "parallelism": 2.0,
			"template": map[string]any{
				"serviceAccount": "migrate@shop-dev.iam.gserviceaccount.com", "executionEnvironment": "EXECUTION_ENVIRONMENT_GEN2",
				// Zero is sent explicitly, because Cloud Run's default is 3.
				"maxRetries": 0.0, "timeout": "600s",
				"volumes": []any{map[string]any{"name": "cloudsql",
					"cloudSqlInstance": map[string]any{"instances": []any{"shop-dev:us-central1:main"}}}},
				"vpcAccess": map[string]any{"egress": "PRIVATE_RANGES_ONLY", "networkInterfaces": []any{map[string]any{"network": "default",
					"subnetwork": "run", "tags": []any{"jobs"}}}},
				"containers": []any{map[string]any{
					"image": image, "args": []any{"migrate"}, "resources": map[string]any{"limits": map[string]any{"cpu": "1", "memory": "512Mi"}},
					"volumeMounts": []any{map[string]any{"name": "cloudsql", "mountPath": "/cloudsql"}},
					"envs": []any{map[string]any{"name": "A", "value": "a"}, map[string]any{"name": "B", "value": "b"}, map[string]any{"name": "KEY",
						"valueSource": map[string]any{"secretKeyRef": map[string]any{"secret": "key", "version": "3"}}}},
				}},
			},
		},
	}, made.Inputs)
	assert.Equal(t, []string{"client", "clientVersion"}, made.IgnoreChanges)
	starter := inventory.One(t, "gcp:cloudrunv2/jobIamMember:JobIamMember", "job-migrate-starter")
	assert.Equal(t, map[string]any{"project": "shop-dev", "location": "us-central1", "name": "shop-migrate", "role": "roles/run.invoker",
		"member": "serviceAccount:clock@shop-dev.iam.gserviceaccount.com"}, starter.Inputs)
	schedule := inventory.One(t, "gcp:cloudscheduler/job:Job", "job-migrate-schedule")
	assert.Equal(t, map[string]any{"httpMethod": "POST",
		"uri": "https://run.googleapis.com/v2/projects/shop-dev/locations/us-central1/jobs/shop-migrate:run",
		"oauthToken": map[string]any{"serviceAccountEmail": "clock@shop-dev.iam.gserviceaccount.com",
			"scope": "https://www.googleapis.com/auth/cloud-platform"}}, schedule.Inputs["httpTarget"])

	inventory = pulumitest.Run(t, func(ctx *pulumi.Context) error {
		_, err := job.NewJob(ctx, "job-migrate", args(func(a *job.JobArgs) {
			a.Schedule, a.CloudSQL, a.Tasks, a.Parallelism, a.VPC = nil, nil, 0, 0, &job.VPC{Subnetwork: "run", AllTraffic: true}
		}))
		return err
	})
	assert.Len(t, inventory.Resources, 2, "the component and the job")
	template := inventory.One(t, "gcp:cloudrunv2/job:Job", "job-migrate-job").Inputs["template"].(map[string]any)
	assert.NotContains(t, template, "parallelism")
	assert.Equal(t, 1.0, template["taskCount"])
	task := template["template"].(map[string]any)
	assert.NotContains(t, task, "volumes")
	assert.Equal(t, map[string]any{"egress": "ALL_TRAFFIC", "networkInterfaces": []any{map[string]any{"subnetwork": "run"}}},
		task["vpcAccess"])
}

func TestBadArgumentsRegisterNothing(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args *job.JobArgs
		want []string
	}{
		"nil": {nil, []string{`job "migrate": args is nil: pass a *JobArgs`}},
		"everything missing": {&job.JobArgs{Schedule: &job.Schedule{}}, []string{"args.Project is missing", "args.Location is missing",
			"args.ServiceAccount is missing", `args.JobName "" is not a job id`, "args.Image is missing", `args.Schedule.Cron "" is not a schedule`,
			"args.Schedule.TimeZone is missing", "args.Schedule.Account is missing"}},
		"a tag":  {args(func(a *job.JobArgs) { a.Image = pulumi.String("web:1") }), []string{`args.Image "web:1" is not an image by digest`}},
		"a user": {args(func(a *job.JobArgs) { a.ImageUser = pulumi.String("node@sha256:b") }), []string{"does not belong to args.Image"}},
		"numbers": {args(func(a *job.JobArgs) { a.Tasks, a.MaxRetries, a.TimeoutSeconds = -1, 11, 86401 }), []string{"args.Tasks is -1",
			"args.Parallelism is 2: use at most as many as Tasks",
			"args.MaxRetries is 11: use 0-10", "args.TimeoutSeconds is 86401: use 1-86400"}},
		"too many tasks": {args(func(a *job.JobArgs) { a.Tasks, a.Parallelism = 10001, -1 }), []string{"args.Tasks is 10001: use 1-10000",
			"args.Parallelism is -1"}},
		"no network": {args(func(a *job.JobArgs) { a.VPC = &job.VPC{} }), []string{"args.VPC names no network: set Network or Subnetwork"}},
		"another network": {args(func(a *job.JobArgs) {
			a.VPC = &job.VPC{Network: "Default", Subnetwork: "projects/p/regions/europe-west1/subnetworks/s", Tags: []string{"A", "a", "a"}}
		}), []string{`args.VPC.Network "Default": use a network's name`, "is in europe-west1, and what uses it is in us-central1",
			`args.VPC.Tags[0] "A": use lower-case`, `args.VPC.Tags[2] "a" is there twice`}},
		"a long name": {args(func(a *job.JobArgs) { a.JobName = strings.Repeat("a", 58) }), []string{"is not a job id"}},
		"variables": {args(func(a *job.JobArgs) {
			a.Environment = map[string]pulumi.StringInput{"KEY": pulumi.String(""), "A-B": nil, "CLOUD_RUN_JOB": pulumi.String("x")}
			a.Secrets["S"] = job.SecretVariable{}
			a.Secrets["L"] = job.SecretVariable{Secret: pulumi.String("l"), Version: pulumi.String("latest")}
		}), []string{`variable "KEY" is given 2 times, in Environment and Secrets`, `args.Environment["A-B"]: name the variable by letters`,
			`args.Environment["A-B"] has no value`,
			`args.Environment["CLOUD_RUN_JOB"] is set by Cloud Run itself`, `args.Secrets["S"].Secret is missing`,
			`args.Secrets["S"].Version is missing`,
			`args.Secrets["L"].Version "latest": pin a version's number`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inventory, err := pulumitest.RunErr(func(ctx *pulumi.Context) error {
				_, err := job.NewJob(ctx, "migrate", test.args)
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
