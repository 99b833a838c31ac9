package federation_test

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/components/federation"
	"github.com/guiofsaints/procureflow-platform/internal/pulumitest"
)

func ExampleNewFederation() {
	pulumitest.Print(func(ctx *pulumi.Context) error {
		deploy := federation.WorkflowRef("acme", "shop", "deploy.yml", "main")
		_, err := federation.NewFederation(ctx, "federation", &federation.FederationArgs{
			Project: pulumi.String("shop-prod"), PoolID: "github",
			Providers: map[string]federation.Trust{"github-oidc": {
				OwnerID: 1001, RepositoryID: 2002, Ref: "refs/heads/main", Workflows: []string{deploy}, Environment: "production",
				Events: []string{"workflow_dispatch"},
			}},
			Bindings: map[string]federation.Binding{"deploy": {
				ServiceAccount: pulumi.String("projects/shop-prod/serviceAccounts/deploy@shop-prod.iam.gserviceaccount.com"),
				Attribute:      federation.AttributeEnvironmentWorkflow,
				Value:          federation.EnvironmentWorkflowValue(2002, "production", "main", deploy),
			}},
		})
		return err
	})
	// Output:
	// procureflow:federation:Federation federation
	// gcp:serviceaccount/iAMMember:IAMMember federation-binding-deploy
	// gcp:iam/workloadIdentityPool:WorkloadIdentityPool federation-pool
	// gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider federation-provider-github-oidc
}
