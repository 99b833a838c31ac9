package program

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/components/registry"
	"github.com/guiofsaints/procureflow-platform/internal/naming"
)

// writeRegistry grants only what the settings name: the platform's own accounts carry their grants themselves, with the
// reasons. Cloud Run pulls with an identity of Google's own that may read every repository of the project.
func (p *platform) writeRegistry(ctx *pulumi.Context) error {
	readers := map[string]pulumi.StringInput{}
	for _, principal := range p.settings.Registry.Readers {
		readers[naming.Slug(principal)] = pulumi.String(principal)
	}
	var err error
	p.registry, err = registry.NewRegistry(ctx, "registry", &registry.RegistryArgs{
		Project:               p.projectID(),
		Location:              p.region(),
		RepositoryID:          p.settings.Registry.ID,
		Description:           pulumi.String("Images that may be deployed to " + p.settings.Environment + "."),
		Labels:                p.labels(),
		UntaggedRetentionDays: p.settings.Registry.UntaggedRetentionDays,
		KeepMostRecent:        p.settings.Registry.KeepMostRecent,
		Readers:               readers,
	}, p.inProject()...)
	if err != nil {
		return err
	}
	return p.writePreviewRegistry(ctx)
}
