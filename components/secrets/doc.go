// Package secrets makes Secret Manager secrets. It lets accounts read them, and says which version is in use.
//
//	store, err := secrets.NewSecrets(ctx, "secrets", &secrets.SecretsArgs{
//		Project: pulumi.String("procureflow-dev"),
//		Secrets: map[string]secrets.Secret{
//			"mongodb-uri":     {Version: "3", Accessors: map[string]pulumi.StringInput{"runtime": runtime.Member}},
//			"nextauth-secret": {Value: cfg.RequireSecret("nextauthSecret"), Accessors: ...},
//		},
//	})
//	version := store.Versions["mongodb-uri"]
//
// # Values and versions
//
// Either somebody adds the value elsewhere, and the settings pin its version number. Or the value is given as a Pulumi secret, which
// stays encrypted in state and outputs and becomes a new version. In both cases a revision names the version that it runs with, so
// that a rollback restores the value too. For the same reason a new value leaves the old version in place: the program abandons
// versions and never destroys them. If a value leaked, destroy its version by hand.
//
// A secret begins as a container without a version. A person then adds the first version, and pins it.
//
// Readers need their access before they start. So a service that mounts a secret depends on its grants
// (pulumi.DependsOn(secrets.Accessors[KEY])).
//
// # Deleting
//
// If a secret is removed from the arguments, its container and every version in it are deleted for good. Set DeletionProtection to
// make that take two steps.
//
// # Renames
//
// The type token and the children's logical names are a permanent interface: stacks remember them. A rename keeps a
// pulumi.Alias with the old name on the renamed resource until no stack has the old one; without it a secret would be
// deleted and made again, empty.
package secrets
