// Package registry makes a Docker repository in Artifact Registry. Its tags cannot be moved, and its clean-up keeps the images that
// run.
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
// Clean-up deletes only untagged versions, and a keep rule wins over a delete rule. There are two keep rules:
//
//   - keep-tagged keeps every version with a tag. Builds are pushed with a tag, so every deployed image and every image that a
//     rollback may go back to has one. Clients tag the attestations and SBOMs that they attach with sha256-DIGEST.
//   - keep-recent keeps the newest versions of each image, tagged or not. Attestations count as versions of their image.
//
// # Renames
//
// The type token and the children's logical names are a permanent interface: stacks remember them. A rename keeps a
// pulumi.Alias with the old name on the renamed resource until no stack has the old one.
package registry
