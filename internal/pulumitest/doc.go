// Package pulumitest runs Pulumi programs and components in a test, without an engine or a cloud, and hands back what
// they registered.
//
//	inventory := pulumitest.Run(t, func(ctx *pulumi.Context) error {
//		_, err := registry.NewRepository(ctx, "registry", args)
//		return err
//	})
//	repository := inventory.One(t, "gcp:artifactregistry/repository:Repository", "registry-repository")
//	assert.Equal(t, "DOCKER", repository.Inputs["format"])
//	pulumitest.CheckParents(t, inventory)
//
// Outputs are those the cloud would compute where this project uses them (emails, resource names, versions), and always the same.
// The mocks check no schema. Tests with the real engine show that a provider accepts the inputs.
package pulumitest
