// Command emulator is a Pulumi program as anybody writes it, with Pulumi's Google resources and nothing of the platform. It runs
// against the emulated Google Cloud as it runs against the real one.
package main

import (
	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/secretmanager"
	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/serviceaccount"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() { pulumi.Run(run) }

func run(ctx *pulumi.Context) error {
	project := pulumi.String("demo-project")
	reader, err := serviceaccount.NewAccount(ctx, "reader", &serviceaccount.AccountArgs{
		Project: project, AccountId: pulumi.String("secret-reader"), DisplayName: pulumi.String("Reads one secret"),
	})
	if err != nil {
		return err
	}
	secret, err := secretmanager.NewSecret(ctx, "password", &secretmanager.SecretArgs{
		Project: project, SecretId: pulumi.String("password"),
		Replication: &secretmanager.SecretReplicationArgs{Auto: &secretmanager.SecretReplicationAutoArgs{}},
	})
	if err != nil {
		return err
	}
	if _, err := secretmanager.NewSecretVersion(ctx, "password", &secretmanager.SecretVersionArgs{
		Secret: secret.ID(), SecretData: pulumi.ToSecret(pulumi.String("not-a-real-one")).(pulumi.StringOutput),
	}); err != nil {
		return err
	}
	_, err = secretmanager.NewSecretIamMember(ctx, "reader", &secretmanager.SecretIamMemberArgs{
		Project: project, SecretId: secret.SecretId, Role: pulumi.String("roles/secretmanager.secretAccessor"), Member: reader.Member,
	})
	ctx.Export("secret", secret.Name)
	return err
}
