// Package secrets is a set of Secret Manager secrets, the accounts that may read each, and the version in use.
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
// A value comes from outside, and its version number is pinned here; or it is given as a Pulumi secret, stays encrypted
// in state and in outputs, and becomes a new version. Either way a revision names the version it runs with, so that
// rolling back restores the value too. For the same reason a new value leaves the old version in place: versions are
// abandoned, never destroyed. Destroy those that leaked by hand.
//
// A container without a version is how a secret begins: a person then adds the first version, and pins it.
//
// Readers need their access before they start: a service that mounts a secret depends on its own grants
// (pulumi.DependsOn(secrets.Accessors[KEY])).
//
// # Deleting
//
// Removing a secret from the arguments deletes the container and every version in it, for good. Set DeletionProtection
// where that must take two steps.
//
// # Renames
//
// The type token and the children's logical names are a permanent interface: stacks remember them. A rename keeps a
// pulumi.Alias with the old name on the renamed resource until no stack has the old one; without it a secret would be
// deleted and made again, empty.
package secrets
