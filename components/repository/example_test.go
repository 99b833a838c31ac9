package repository_test

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/components/repository"
	"github.com/guiofsaints/procureflow-platform/internal/pulumitest"
)

func ExampleNewRepository() {
	pulumitest.Print(func(ctx *pulumi.Context) error {
		_, err := repository.NewRepository(ctx, "repository", &repository.RepositoryArgs{
			Repository: pulumi.String("shop"),
			Environments: map[string]repository.Environment{"production": {
				Reviewers: []int64{1001, 1002}, WaitMinutes: 5,
				Variables: map[string]pulumi.StringInput{"GCP_PROJECT": pulumi.String("shop-prod")},
			}},
		})
		return err
	})
	// Output:
	// procureflow:repository:Repository repository
	// github:index/repositoryEnvironment:RepositoryEnvironment repository-environment-production
	// github:index/repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy repository-environment-production-branch
	// github:index/actionsEnvironmentVariable:ActionsEnvironmentVariable repository-environment-production-variable-gcp-project
}
