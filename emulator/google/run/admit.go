package run

import (
	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
)

// unauthorizedImage is the reason in a condition if Binary Authorization denies a revision's image.
const unauthorizedImage = "CONTAINER_IMAGE_UNAUTHORIZED"

// checkAdmission refuses settings of Binary Authorization that the API refuses or the emulator does not have.
func checkAdmission(service map[string]any) error {
	settings := doc.Object(service, "binaryAuthorization")
	switch {
	case doc.Text(settings, "policy") != "":
		return rest.Invalid("The emulator has the project's policy of Binary Authorization only: set binary_authorization.use_default.")
	case doc.Text(settings, "breakglassJustification") != "" && !doc.Flag(settings, "useDefault"):
		return rest.Invalid("service.binary_authorization.breakglass_justification: must be empty unless use_default is set")
	}
	return nil
}

// judge returns the error with which Binary Authorization keeps the revision from starting. It returns nil if the images are
// admitted or the service does not use Binary Authorization. The error has the words of the real API.
func (d *deployment) judge(revision map[string]any) *rest.Error {
	settings := doc.Object(d.service, "binaryAuthorization")
	if !doc.Flag(settings, "useDefault") {
		return nil
	}
	for _, container := range doc.Objects(revision, "containers") {
		image := doc.Text(container, "image")
		admitted, denied := d.deps.Verdict(d.Request, d.name.Project, image)
		justification := doc.Text(settings, "breakglassJustification")
		if denied != "" || justification != "" {
			d.log.Info("binary authorization", "revision", doc.Last(doc.Text(revision, "name")), "image", image,
				"admitted", admitted || justification != "", "denied", denied, "breakglass", justification)
		}
		if !admitted && justification == "" {
			return rest.Precondition("Container image '%s' is not authorized by policy. %s", image, denied)
		}
	}
	return nil
}

// judgeTraffic returns the reason why a split is refused. Binary Authorization judges a revision again when a change of traffic
// sends requests to it.
func (d *deployment) judgeTraffic(desired []Target, latest string) *rest.Error {
	for _, target := range Resolve(desired, latest) {
		revision := d.Get(revisionOf(d.name, target.Revision))
		if target.Percent == 0 || revision == nil {
			continue
		}
		if failure := d.judge(revision); failure != nil {
			return unauthorized(target.Revision, failure)
		}
	}
	return nil
}

func unauthorized(revision string, failure *rest.Error) *rest.Error {
	return rest.Precondition("Revision '%s' uses an unauthorized container image. %s", revision, failure.Message)
}
