package bucket_test

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/components/bucket"
	"github.com/guiofsaints/procureflow-platform/internal/pulumitest"
)

func ExampleNewBucket() {
	pulumitest.Print(func(ctx *pulumi.Context) error {
		files, err := bucket.NewBucket(ctx, "files", &bucket.BucketArgs{
			Project: pulumi.String("shop-dev"), Location: pulumi.String("us-central1"), Name: "shop-dev-files", KeepDays: 30, Protected: true,
			Writers: map[string]pulumi.StringInput{"web": pulumi.String("serviceAccount:web@shop-dev.iam.gserviceaccount.com")},
		})
		if err != nil {
			return err
		}
		ctx.Export("files", files.Name)
		return nil
	})
	// Output:
	// procureflow:bucket:Bucket files
	// gcp:storage/bucket:Bucket files-bucket
	// gcp:storage/bucketIAMMember:BucketIAMMember files-writer-web
}
