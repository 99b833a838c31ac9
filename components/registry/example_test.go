package registry_test

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/components/registry"
	"github.com/guiofsaints/procureflow-platform/internal/pulumitest"
)

func ExampleNewRegistry() {
	pulumitest.Print(func(ctx *pulumi.Context) error {
		images, err := registry.NewRegistry(ctx, "registry", &registry.RegistryArgs{
			Project: pulumi.String("shop-dev"), Location: pulumi.String("us-central1"), RepositoryID: "shop",
			Labels:  pulumi.StringMap{"environment": pulumi.String("dev")},
			Writers: map[string]pulumi.StringInput{"ci": pulumi.String("serviceAccount:ci@shop-dev.iam.gserviceaccount.com")},
		})
		if err != nil {
			return err
		}
		ctx.Export("image", pulumi.Sprintf("%s/web", images.ImagePrefix))
		return nil
	})
	// Output:
	// procureflow:registry:Registry registry
	// gcp:artifactregistry/repository:Repository registry-repository
	// gcp:artifactregistry/repositoryIamMember:RepositoryIamMember registry-writer-ci
}
