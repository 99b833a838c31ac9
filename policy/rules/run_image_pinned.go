package rules

import (
	"regexp"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var runImagePinned = crossguard.Policy{
	Name:             "run-image-pinned",
	Description:      "Cloud Run runs images by digest: a tag can be moved to an image that nobody has tested.",
	Enforcement:      crossguard.Mandatory,
	Severity:         crossguard.High,
	Framework:        crossguard.Framework{Name: "SLSA", Version: "1.0", Reference: "immutable references to artifacts"},
	Tags:             []string{"supply-chain", "cloud-run"},
	RemediationSteps: "Refer to the image as NAME@sha256:DIGEST. `docker buildx imagetools inspect NAME:TAG` shows the digest.",
	Types:            runAny,
	Check: func(r *crossguard.Resource) {
		eachContainer(r, func(c crossguard.Object) {
			if image, set := c.String("image"); !set || !pinned.MatchString(image) {
				r.Violation("%s is %q: refer to the image by digest, NAME@sha256:...", c.Path("image"), image)
			}
			if _, set := c.String("baseImageUri"); set {
				r.Violation("%s lets Cloud Run replace the image's base after the tests: remove it", c.Path("baseImageUri"))
			}
		})
		if r.Has("buildConfig") {
			r.Violation("buildConfig lets Cloud Run build the image that runs: build it before, and refer to it by digest")
		}
	},
}

var pinned = regexp.MustCompile(`^[^@]+@sha256:[0-9a-f]{64}$`)
