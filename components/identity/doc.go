// Package identity makes a service account with its grants. Each grant has a role, a scope no wider than needed, and a written
// reason.
//
//	deploy, err := identity.NewIdentity(ctx, "deploy", &identity.IdentityArgs{
//		Project:   pulumi.String("procureflow-prod"),
//		AccountID: "procureflow-deploy",
//		Grants: []identity.Grant{
//			{Role: "releaser", CustomRole: project.Roles["releaser"], Reason: "A release makes revisions of the service.",
//				Scope: identity.ServiceScope{Key: "web", Location: region, Service: web}},
//			{Role: "roles/iam.serviceAccountUser", Reason: "Revisions run as this account, and as no other.",
//				Scope: identity.ServiceAccountScope{Key: "runtime", Name: runtime.Name}},
//		},
//	})
//
// An identity has no key and no way to get one. Basic roles, project-wide access to secret values and project-wide
// impersonation are refused, and so is the right to change a project's IAM policy without a condition ([OnlyRoles]).
// The checks go by role name; what a custom role contains is checked where it is made.
//
// [Identity.Grants] and [Describe] give roles, scopes and reasons as data, for documents and reviews.
//
// # Renames
//
// The type token and the children's logical names are a permanent interface: stacks remember them. A rename keeps a
// pulumi.Alias with the old name on the renamed resource until no stack has the old one. A grant's name is made of its
// scope, the scope's key and its role, so changing one of these is a new grant and not a rename.
package identity
