package admission

import (
	"fmt"
	"strings"
)

// The modes of a rule, in the API's words. Any other evaluation mode denies.
const (
	AlwaysAllow        = "ALWAYS_ALLOW"
	RequireAttestation = "REQUIRE_ATTESTATION"
	// DryRun is the enforcement mode that denies in the audit log only. Any other blocks.
	DryRun = "DRYRUN_AUDIT_LOG_ONLY"
)

// Policy is a project's. The rules for clusters are not here: Cloud Run follows the default one.
type Policy struct {
	// Exempt are patterns of images that no rule is asked about: exact, or with * or ** at the end.
	Exempt []string
	// Evaluation and Enforcement are the default rule's modes.
	Evaluation, Enforcement string
	// Attestors are all of those that have to attest, in the order they are asked.
	Attestors []Attestor
}

// Attestor is whose signature counts. One without keys attests nothing.
type Attestor struct {
	// Name is projects/P/attestors/A.
	Name string
	// Keys are those with which it may have signed.
	Keys []Key
	// Attestations are the occurrences of its note, of any image.
	Attestations []Attestation
}

// Verdict is what becomes of an image.
type Verdict struct {
	// Admitted says that it starts.
	Admitted bool
	// Denied is why the policy denies it, "" when it does not. A dry run admits what it denies.
	Denied string
}

// Decide judges an image as Cloud Run was told it, REGISTRY/REPOSITORY@sha256:<64 hex>.
func Decide(image string, policy Policy) Verdict {
	denied := policy.denies(image)
	return Verdict{Admitted: denied == "" || policy.Enforcement == DryRun, Denied: denied}
}

// denies words it as the API was seen to (the message of an unready revision).
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

// matches follows binaryauthorization/v1, AdmissionWhitelistPattern: * ends within a folder and ** anywhere below it; tags
// and digests are a part of the image's name.
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
