// Package project prepares a Google Cloud project: it switches on the APIs, and makes custom roles for tasks for which
// every predefined role allows too much.
//
//	project, err := project.NewProject(ctx, "project", &project.ProjectArgs{
//		Project: pulumi.String("procureflow-dev"),
//		APIs:    map[string]string{"run.googleapis.com": "The services run on it."},
//		Roles: map[string]project.Role{"secretManager": {
//			Title: "Secret manager", Permissions: []string{"secretmanager.secrets.create", "secretmanager.secrets.get"},
//			Reason: "Manages secrets without reading their values.",
//		}},
//	})
//	… everything else with pulumi.DependsOn(project.Ready)
//
// An API stays on when the stack is destroyed, because other programs in the project may use it. For 37 days after a custom role was
// deleted, no other role can have its id; the provider takes the deleted role back into use.
//
// # Renames
//
// The type token and the children's logical names are a permanent interface: stacks remember them. A rename keeps a
// pulumi.Alias with the old name on the renamed resource until no stack has the old one.
package project
