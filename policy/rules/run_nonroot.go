package rules

import (
	"slices"
	"strconv"
	"strings"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

// imageUser is the annotation in which a revision states the user of its image, as USER@DIGEST. USER lists the users of all
// platforms of the image. A release writes the annotation after it has read the image's configuration.
const imageUser = "image-user"

var runNonRoot = crossguard.Policy{
	Name: "run-nonroot",
	Description: "Containers do not run as root. Cloud Run takes the user from the image and has no setting for it, so the evidence is " +
		"what a release found in the image (annotation image-user, for this digest alone) or a repository whose build checks it.",
	Enforcement: crossguard.Advisory,
	Severity:    crossguard.Medium,
	Framework:   own("Cloud Run containers must run as non-root"),
	Tags:        []string{"security", "cloud-run"},
	RemediationSteps: "Give the image a USER other than root and release it: `release verify` reads the user, and deploy.yml puts it " +
		"into the settings as imageUser.",
	Options: []crossguard.Option{{
		Name: "verifiedRepositories", Default: []string{},
		Description: "Image repositories whose build refuses images that run as root, for example " +
			"us-central1-docker.pkg.dev/PROJECT/REPOSITORY/web.",
	}},
	Types: runAny,
	Check: func(r *crossguard.Resource) {
		users, digest, _ := strings.Cut(r.StringOr(templateAnnotation(r, imageUser), ""), "@")
		eachContainer(r, func(c crossguard.Object) {
			image := c.StringOr("image", "an absent image")
			_, runs, byDigest := strings.Cut(image, "@")
			switch known := byDigest && runs == digest; {
			case known && slices.ContainsFunc(strings.Split(users, ","), isRoot):
				r.Violation("%s: %s runs as root: its user is %q. Give it another USER", c.Path("image"), image, users)
			case !known && !fromAny(r.Config.Strings("verifiedRepositories"), image):
				r.Violation("%s: nothing shows that %s does not run as root: release it by digest, or add its repository to "+
					"verifiedRepositories of run-nonroot in policy/STACK.json", c.Path("image"), image)
			}
		})
	},
}

// isRoot reads USER or USER:GROUP as container runtimes do. An image without a user runs as root.
func isRoot(user string) bool {
	name, _, _ := strings.Cut(strings.TrimSpace(user), ":")
	if id, err := strconv.Atoi(name); err == nil {
		return id == 0
	}
	return name == "" || strings.EqualFold(name, "root")
}
