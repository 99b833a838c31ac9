package identity_test

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/components/identity"
	"github.com/guiofsaints/procureflow-platform/internal/pulumitest"
)

func ExampleNewIdentity() {
	pulumitest.Print(func(ctx *pulumi.Context) error {
		_, err := identity.NewIdentity(ctx, "deploy", &identity.IdentityArgs{
			Project: pulumi.String("shop-prod"), AccountID: "shop-deploy",
			Grants: []identity.Grant{{
				Role: "roles/iam.serviceAccountUser", Reason: "Revisions run as this account, and as no other.",
				Scope: identity.ServiceAccountScope{Key: "runtime",
					Name: pulumi.String("projects/shop-prod/serviceAccounts/web@shop-prod.iam.gserviceaccount.com")},
			}},
		})
		return err
	})
	// Output:
	// procureflow:identity:Identity deploy
	// gcp:serviceaccount/account:Account deploy-account
	// gcp:serviceaccount/iAMMember:IAMMember deploy-grant-service-account-runtime-iam-serviceaccountuser
}
