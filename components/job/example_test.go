package job_test

import (
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/components/job"
	"github.com/guiofsaints/procureflow-platform/internal/pulumitest"
)

func ExampleNewJob() {
	pulumitest.Print(func(ctx *pulumi.Context) error {
		_, err := job.NewJob(ctx, "job-tidy", &job.JobArgs{
			Project: pulumi.String("shop-dev"), Location: pulumi.String("us-central1"), JobName: "shop-tidy",
			Image:          pulumi.String("us-central1-docker.pkg.dev/shop-dev/shop/web@sha256:" + strings.Repeat("a", 64)),
			ServiceAccount: pulumi.String("shop-tidy@shop-dev.iam.gserviceaccount.com"), Args: []string{"tidy"},
			Schedule: &job.Schedule{Cron: "0 3 * * *", TimeZone: "Europe/Berlin",
				Account: pulumi.String("shop-tidy-clock@shop-dev.iam.gserviceaccount.com")},
		})
		return err
	})
	// Output:
	// procureflow:job:Job job-tidy
	// gcp:cloudrunv2/job:Job job-tidy-job
	// gcp:cloudscheduler/job:Job job-tidy-schedule
	// gcp:cloudrunv2/jobIamMember:JobIamMember job-tidy-starter
}
