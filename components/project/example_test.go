package project_test

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/components/project"
	"github.com/guiofsaints/procureflow-platform/internal/pulumitest"
)

func ExampleNewProject() {
	pulumitest.Print(func(ctx *pulumi.Context) error {
		_, err := project.NewProject(ctx, "project", &project.ProjectArgs{
			Project: pulumi.String("shop-dev"),
			APIs:    map[string]string{"run.googleapis.com": "The services run on it."},
			Roles: map[string]project.Role{"secretManager": {
				Title: "Secret manager", Permissions: []string{"secretmanager.secrets.create", "secretmanager.secrets.get"},
				Reason: "Manages secrets without reading their values.",
			}},
		})
		return err // everything else gets pulumi.DependsOn(project.Ready)
	})
	// Output:
	// procureflow:project:Project project
	// gcp:projects/service:Service project-api-run
	// gcp:projects/iAMCustomRole:IAMCustomRole project-role-secretmanager
}
