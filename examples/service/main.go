// Command service is a separate program that uses three components of the platform: a Cloud Run service by digest, with an account
// that may do nothing. `pulumi config set` gives it the project, its number and the region.
package main

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"

	"github.com/guiofsaints/procureflow-platform/components/cloudrun"
	"github.com/guiofsaints/procureflow-platform/components/identity"
	"github.com/guiofsaints/procureflow-platform/components/project"
)

// image is Google's sample container. An image is named by its digest: a tag may move.
const image = "us-docker.pkg.dev/cloudrun/container/hello@sha256:95ade4b17adcd07623b0a0c68359e344fe54e65d0cb01b989e24c39f2fcd296a"

func main() { pulumi.Run(run) }

func run(ctx *pulumi.Context) error {
	settings := config.New(ctx, "hello")
	id, region := pulumi.String(settings.Require("project")), pulumi.String(settings.Require("region"))
	apis, err := project.NewProject(ctx, "project", &project.ProjectArgs{Project: id, APIs: map[string]string{
		"run.googleapis.com": "The service runs on it.", "iam.googleapis.com": "The service has an account of its own."}})
	if err != nil {
		return err
	}
	account, err := identity.NewIdentity(ctx, "account", &identity.IdentityArgs{Project: id, AccountID: "hello-runtime"},
		pulumi.DependsOn(apis.Ready))
	if err != nil {
		return err
	}
	service, err := cloudrun.NewService(ctx, "hello", &cloudrun.ServiceArgs{
		Project: id, ProjectNumber: pulumi.String(settings.Require("projectNumber")), Location: region,
		ServiceName: "hello", Image: pulumi.String(image), ServiceAccount: account.Email,
		MaxInstances: settings.RequireInt("maxInstances"),
		Startup:      cloudrun.Probe{Path: "/"}, Liveness: cloudrun.Probe{Path: "/"},
	}, pulumi.DependsOn(apis.Ready))
	if err != nil {
		return err
	}
	ctx.Export("url", service.URL)
	return nil
}
