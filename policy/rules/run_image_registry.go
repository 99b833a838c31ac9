package rules

import (
	"strings"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var runImageRegistry = crossguard.Policy{
	Name:             "run-image-registry",
	Description:      "Cloud Run runs images from the platform's registries only.",
	Enforcement:      crossguard.Mandatory,
	Severity:         crossguard.High,
	Framework:        crossguard.Framework{Name: "Pulumi Best Practices", Reference: "images from trusted registries"},
	Tags:             []string{"supply-chain", "cloud-run"},
	RemediationSteps: "Promote the image into the environment's repository and refer to it there.",
	Options: []crossguard.Option{{
		Name:        "registries",
		Description: "Where images may come from: registries, projects or repositories, as the beginning of an image reference.",
		// Google's sample container, which a service runs before its first release. The stack's configuration adds the application's registry.
		Default: []string{"us-docker.pkg.dev/cloudrun/container"},
	}},
	Types: runAny,
	Check: func(r *crossguard.Resource) {
		eachContainer(r, func(c crossguard.Object) {
			image, set := c.String("image")
			if registries := r.Config.Strings("registries"); !set || !fromAny(registries, image) {
				r.Violation("%s is %q: use an image from %s, or add the place to registries of run-image-registry in policy/STACK.json",
					c.Path("image"), image, list(registries))
			}
		})
	},
}

// fromAny reports whether an image is in one of the places. A place has to end where a path, tag or digest begins: an image that
// only begins with the same letters is elsewhere.
func fromAny(places []string, image string) bool {
	for _, place := range places {
		rest, found := strings.CutPrefix(image, strings.TrimSuffix(place, "/"))
		if found && rest != "" && strings.ContainsRune("/:@", rune(rest[0])) {
			return true
		}
	}
	return false
}
