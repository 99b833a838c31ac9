package secrets_test

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/components/secrets"
	"github.com/guiofsaints/procureflow-platform/internal/pulumitest"
)

func ExampleNewSecrets() {
	pulumitest.Print(func(ctx *pulumi.Context) error {
		runtime := pulumi.String("serviceAccount:web@shop-dev.iam.gserviceaccount.com")
		store, err := secrets.NewSecrets(ctx, "secrets", &secrets.SecretsArgs{
			Project: pulumi.String("shop-dev"),
			Secrets: map[string]secrets.Secret{
				// The owner adds the value; the program knows its number.
				"mongodb-uri": {Version: "3", Accessors: map[string]pulumi.StringInput{"runtime": runtime}},
			},
		})
		if err != nil {
			return err
		}
		ctx.Export("version", store.Versions["mongodb-uri"])
		return nil
	})
	// Output:
	// procureflow:secrets:Secrets secrets
	// gcp:secretmanager/secret:Secret secrets-mongodb-uri
	// gcp:secretmanager/secretIamMember:SecretIamMember secrets-mongodb-uri-accessor-runtime
}
