package program

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/components/registry"
	"github.com/guiofsaints/procureflow-platform/internal/naming"
)

// writeRegistry makes the repository, and grants access only to the readers that the settings name. The platform's own
// accounts get their grants elsewhere, with reasons. Cloud Run pulls images with an identity of Google's own, which may
// read every repository of the project.
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
