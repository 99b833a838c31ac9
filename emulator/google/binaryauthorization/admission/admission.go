package admission

import (
	"fmt"
	"strings"
)

// These are the evaluation modes of a rule, in the API's words. Any other mode denies.
const (
	AlwaysAllow        = "ALWAYS_ALLOW"
	RequireAttestation = "REQUIRE_ATTESTATION"
	// DryRun is the enforcement mode that writes a denial into the audit log and still admits. Any other mode blocks.
	DryRun = "DRYRUN_AUDIT_LOG_ONLY"
)

// Policy is a project's policy. It has no rules for clusters, because Cloud Run follows the default rule.
type Policy struct {
	// Exempt lists patterns of images that are admitted without asking a rule. A pattern is exact, or ends with * or **.
	Exempt []string
	// Evaluation and Enforcement are the default rule's modes.
	Evaluation, Enforcement string
	// Attestors are the attestors that the rule requires, in the order in which they are asked. All of them have to attest.
	Attestors []Attestor
}

// Attestor is an authority whose signatures count. An attestor without keys attests nothing.
type Attestor struct {
	// Name is projects/P/attestors/A.
	Name string
	// Keys are the keys with which the attestor may sign.
	Keys []Key
	// Attestations are the occurrences of the attestor's note, for all images.
	Attestations []Attestation
}

// Verdict is the decision about an image.
type Verdict struct {
	// Admitted says that the image may start.
	Admitted bool
	// Denied is the reason why the policy denies the image, "" if it does not. A dry run admits an image that it denies.
	Denied string
}

// Decide judges an image. The reference has the form in which Cloud Run received it: REGISTRY/REPOSITORY@sha256:<64 hex>.
func Decide(image string, policy Policy) Verdict {
	denied := policy.denies(image)
	return Verdict{Admitted: denied == "" || policy.Enforcement == DryRun, Denied: denied}
}

// denies returns the reason in the words of the real API, as seen in the message of an unready revision.
func (p Policy) denies(image string) string {
	for _, pattern := range p.Exempt {
		if matches(pattern, image) {
			return ""
		}
	}
	switch p.Evaluation {
	case AlwaysAllow:
		return ""
	case RequireAttestation:
	default:
		return "Denied by always_deny admission rule"
	}
	if len(p.Attestors) == 0 {
		return fmt.Sprintf("Image %s denied: the policy requires attestations and names no attestor", image)
	}
	for _, attestor := range p.Attestors {
		if why := attestor.denies(image); why != "" {
			return fmt.Sprintf("Image %s denied by attestor %s: %s", image, attestor.Name, why)
		}
	}
	return ""
}

// matches follows binaryauthorization/v1, AdmissionWhitelistPattern: * matches within a folder, and ** matches everything below
// it. Tags and digests are part of the image's name.
func matches(pattern, image string) bool {
	if prefix, found := strings.CutSuffix(pattern, "**"); found {
		return strings.HasPrefix(image, prefix)
	}
	if prefix, found := strings.CutSuffix(pattern, "*"); found {
		rest, found := strings.CutPrefix(image, prefix)
		return found && !strings.Contains(rest, "/")
	}
	return pattern == image
}
