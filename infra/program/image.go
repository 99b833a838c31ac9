package program

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/cloudrunv2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/components/cloudrun"
	"github.com/guiofsaints/procureflow-platform/internal/limits"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

// Image is the image that a service runs, and the user that it runs as.
type Image struct {
	// Reference is NAME@DIGEST.
	Reference string
	// User is USER@DIGEST, as found in the image's configuration; empty if nobody looked.
	User string
}

// image decides what a service runs: the digest in the settings, else the image that it runs now, else the bootstrap
// image.
//
// The running image can be asked for only when the API is on, which a first preview does not know. The image is then
// unknown.
func (p *platform) image(ctx *pulumi.Context, s stacks.Service) (reference, user pulumi.StringOutput) {
	if s.Digest != "" {
		return pulumi.Sprintf("%s/%s@%s", p.registry.ImagePrefix, s.Image, s.Digest), pulumi.String(s.ImageUser).ToStringOutput()
	}
	kept := p.project.APIs[runAPI].ApplyT(func(pulumi.ID) (Image, error) {
		live, err := cloudrunv2.LookupService(ctx, &cloudrunv2.LookupServiceArgs{
			Project: &p.settings.Project.ID, Location: &p.settings.Project.Region, Name: s.Name,
		}, pulumi.Provider(p.gcp))
		return keepImage(p.serviceResource(s), s.BootstrapImage, live, err)
	})
	return kept.ApplyT(func(image any) string { return image.(Image).Reference }).(pulumi.StringOutput),
		kept.ApplyT(func(image any) string { return image.(Image).User }).(pulumi.StringOutput)
}

// keepImage returns the image for a service without a digest in its settings, from the answer of the provider's
// getService: the image of the live service (resource, projects/P/locations/L/services/S), or bootstrap if there is no
// such service.
//
// Any other failure stops the program. If it took an outage for an absent service, it would replace the running image by
// the bootstrap image.
func keepImage(resource, bootstrap string, live *cloudrunv2.LookupServiceResult, err error) (Image, error) {
	if err != nil {
		if strings.Contains(err.Error(), resource+" not found") {
			return Image{Reference: bootstrap}, nil
		}
		return Image{}, fmt.Errorf("find out what %s runs, because its settings name no digest: %w; put this right, or set the digest",
			resource, err)
	}
	main, found := mainContainer(live)
	if !found {
		return Image{}, fmt.Errorf("%s does not have exactly one container that takes requests, so it is unclear which image to "+
			"keep: set the digest in the settings", resource)
	}
	image := Image{Reference: main.Image, User: live.Templates[0].Annotations[cloudrun.ImageUserAnnotation]}
	if !limits.ImageByDigest.MatchString(image.Reference) {
		return Image{}, fmt.Errorf("%s runs %q, which is not by digest and may be another image tomorrow: set the digest in the "+
			"settings once; `gcloud run revisions list --service NAME --region REGION --project PROJECT --format "+
			"'table(name, status.imageDigest)'` shows it", resource, image.Reference)
	}
	// If somebody changed the image by hand, the annotation still belongs to the image before.
	_, digest, _ := strings.Cut(image.Reference, "@")
	if user, of, _ := strings.Cut(image.User, "@"); user == "" || of != digest {
		image.User = ""
	}
	return image, nil
}

// mainContainer returns the container that takes the requests: the only one, or the only one with a port.
func mainContainer(live *cloudrunv2.LookupServiceResult) (main cloudrunv2.GetServiceTemplateContainer, found bool) {
	if len(live.Templates) != 1 {
		return main, false
	}
	containers := live.Templates[0].Containers
	if len(containers) == 1 {
		return containers[0], true
	}
	for _, container := range containers {
		if len(container.Ports) > 0 {
			if found {
				return main, false
			}
			main, found = container, true
		}
	}
	return main, found
}
