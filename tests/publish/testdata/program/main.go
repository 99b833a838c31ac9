// Command program has one Cloud Run service, as a component so that it takes no provider. The cap on its instances is
// configuration.
package main

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		service := struct{ pulumi.ResourceState }{}
		return ctx.RegisterComponentResourceV2("gcp:cloudrunv2/service:Service", "web", pulumi.Map{
			"template": pulumi.Map{"scaling": pulumi.Map{"maxInstanceCount": pulumi.Int(config.New(ctx, "").RequireInt("max"))}},
		}, &service)
	})
}
