package cloudrun_test

import (
	"slices"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"

	"github.com/guiofsaints/procureflow-platform/components/cloudrun"
	"github.com/guiofsaints/procureflow-platform/internal/pulumitest"
)

// TestImageOf checks a service whose image somebody else changes, as for previews. Updates leave the image and the revision's name
// alone, and the newest revision gets all requests.
func TestImageOf(t *testing.T) {
	t.Parallel()
	handed := func(a *cloudrun.ServiceArgs) {
		several(a)
		a.Sidecars["app"] = cloudrun.Sidecar{Image: pulumi.String(image), CPU: "1", Memory: "512Mi"}
		a.ImageOf, a.Annotations = "proxy", pulumi.StringMap{"slot-free-image": pulumi.String(image)}
	}
	inventory, _ := run(t, args(handed))
	service := inventory.One(t, serviceType, "web-service")
	assert.Equal(t, []string{"client", "clientVersion", "template.containers[2].image", "traffics"},
		slices.Sorted(slices.Values(service.IgnoreChanges)))
	assert.Nil(t, service.Inputs["template"].(map[string]any)["revision"])
	assert.Nil(t, service.Inputs["traffics"])
	assert.Equal(t, map[string]any{"slot-free-image": image}, service.Inputs["annotations"])

	_, err := pulumitest.RunErr(func(ctx *pulumi.Context) error {
		_, err := cloudrun.NewService(ctx, "web", args(func(a *cloudrun.ServiceArgs) {
			handed(a)
			a.ImageOf, a.Traffic = "other", map[string]int{cloudrun.Latest: 100}
		}))
		return err
	})
	assert.ErrorContains(t, err, `args.ImageOf "other" is not a sidecar: name one of args.Sidecars`)
	assert.ErrorContains(t, err, "args.Traffic and args.ImageOf exclude each other, because with ImageOf the newest revision has all "+
		"requests: keep one")
}
