package cloudrun_test

import (
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/components/cloudrun"
	"github.com/guiofsaints/procureflow-platform/internal/pulumitest"
)

func ExampleNewService() {
	pulumitest.Print(func(ctx *pulumi.Context) error {
		web, err := cloudrun.NewService(ctx, "web", &cloudrun.ServiceArgs{
			Project: pulumi.String("shop-dev"), ProjectNumber: pulumi.String("123456789012"), Location: pulumi.String("us-central1"),
			ServiceName: "shop-web", ServiceAccount: pulumi.String("web@shop-dev.iam.gserviceaccount.com"), MaxInstances: 2,
			Image:   pulumi.String("us-central1-docker.pkg.dev/shop-dev/shop/web@sha256:" + strings.Repeat("0", 64)),
			Startup: cloudrun.Probe{Path: "/"}, Liveness: cloudrun.Probe{Path: "/"},
			Environment: map[string]pulumi.StringInput{"GREETING": pulumi.String("hello")},
		})
		if err != nil {
			return err
		}
		ctx.Export("host", web.Host)
		return nil
	})
	// Output:
	// procureflow:cloudrun:Service web
	// gcp:cloudrunv2/service:Service web-service
}
