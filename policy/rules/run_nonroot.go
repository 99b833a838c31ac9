package rules

import (
	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var runNonRoot = crossguard.Policy{
	Name: "run-nonroot",
	Description: "Containers do not run as root. Cloud Run has no setting for it, so the evidence is where an image comes from: " +
		"a build that checks the image's user.",
	Enforcement:      crossguard.Advisory,
	Severity:         crossguard.Medium,
	Framework:        own("Cloud Run containers must run as non-root"),
	Tags:             []string{"security", "cloud-run"},
	RemediationSteps: "Give the image a USER other than root, have its build check that, and list its repository in verifiedRepositories.",
	Options: []crossguard.Option{{
		Name: "verifiedRepositories", Default: []string{},
		Description: "Image repositories whose build refuses images that run as root, for example us-central1-docker.pkg.dev/PROJECT/REPOSITORY/web.",
	}},
	Types: runAny,
	Check: func(r *crossguard.Resource) {
		eachContainer(r, func(c crossguard.Object) {
			image := c.StringOr("image", "an absent image")
			if !fromAny(r.Config.Strings("verifiedRepositories"), image) {
				r.Violation("%s: nothing shows that %s does not run as root", c.Path("image"), image)
			}
		})
	},
}
