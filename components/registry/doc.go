// Package registry is a Docker repository in Artifact Registry whose tags cannot be moved and whose clean-up keeps the
// images that run.
//
//	images, err := registry.NewRegistry(ctx, "registry", &registry.RegistryArgs{
//		Project:      pulumi.String("procureflow-dev"),
//		Location:     pulumi.String("us-central1"),
//		RepositoryID: "procureflow",
//		Labels:       pulumi.StringMap{"environment": pulumi.String("dev")},
//		Writers:      map[string]pulumi.StringInput{"ci": ci.Member},
//		Readers:      map[string]pulumi.StringInput{"deploy": deploy.Member},
//	})
//	image := pulumi.Sprintf("%s/web@%s", images.ImagePrefix, digest)
//
// # Clean-up
//
// Only untagged versions are ever deleted, and a keep rule wins over a delete rule. Two keep rules stand against the
// delete rule, and against any that is added later:
//
//   - keep-tagged: whatever carries a tag. A build is pushed with a tag, so what is deployed, and every digest a rollback
//     may go back to, is tagged; attestations and SBOMs are tagged sha256-DIGEST by the clients that attach them.
//   - keep-recent: the newest versions of each image, tagged or not. Attestations count as versions of their image.
//
// # Renames
//
// The type token and the children's logical names are a permanent interface: stacks remember them. A rename keeps a
// pulumi.Alias with the old name on the renamed resource until no stack has the old one.
package registry
