package rules

import (
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var binauthzDefaultDeny = crossguard.Policy{
	Name:        "binauthz-default-deny",
	Description: "Binary Authorization refuses images that nobody has attested.",
	Enforcement: crossguard.Mandatory,
	Severity:    crossguard.High,
	Framework:   crossguard.Framework{Name: "SLSA", Version: "1.0", Reference: "verification of provenance at deployment"},
	Tags:        []string{"supply-chain"},
	RemediationSteps: "Set evaluationMode to REQUIRE_ATTESTATION or ALWAYS_DENY and enforcementMode to ENFORCED_BLOCK_AND_AUDIT_LOG in " +
		"every rule.",
	Types: []string{admission},
	Check: func(r *crossguard.Resource) {
		rule, set := r.Block("defaultAdmissionRule")
		if !set {
			r.Violation("defaultAdmissionRule is absent: require an attestation or deny")
			return
		}
		checkAdmission(r, rule)
		r.Each("clusterAdmissionRules", func(rule crossguard.Object) { checkAdmission(r, rule) })
		r.Each("admissionWhitelistPatterns", func(pattern crossguard.Object) {
			if text := pattern.StringOr("namePattern", ""); admitsStrangers(text) {
				r.Violation("%s is %s, where others may put images too: name the registry and the project whose images need no attestation",
					pattern.Path("namePattern"), text)
			}
		})
	},
	Remediate: func(r *crossguard.Remedy) {
		if r.StringOr("defaultAdmissionRule.evaluationMode", "") == "ALWAYS_ALLOW" {
			r.Set("defaultAdmissionRule.evaluationMode", "ALWAYS_DENY")
		}
		if mode := r.StringOr("defaultAdmissionRule.enforcementMode", ""); mode != enforced && r.Has("defaultAdmissionRule") {
			r.Set("defaultAdmissionRule.enforcementMode", enforced)
		}
	},
}

// admitsStrangers reports whether a pattern matches images that anybody can make. It does unless it names a registry and, in
// full, a project or account in it.
func admitsStrangers(pattern string) bool {
	parts := strings.Split(strings.ToLower(strings.TrimSpace(pattern)), "/")
	if !strings.Contains(pattern, "*") || slices.Contains(ofOnePublisher, parts[0]) && len(parts) > 1 {
		return false // a single image, or images of one publisher
	}
	return len(parts) < 3 || strings.Contains(parts[0], "*") || !strings.ContainsAny(parts[0], ".:") || parts[1] == "" ||
		strings.Contains(parts[1], "*")
}

// ofOnePublisher lists the registries that only one publisher writes to. Google's own policy for new projects admits the first three.
var ofOnePublisher = []string{"gke.gcr.io", "k8s.gcr.io", "registry.k8s.io", "mcr.microsoft.com", "registry.access.redhat.com"}

const enforced = "ENFORCED_BLOCK_AND_AUDIT_LOG"

func checkAdmission(r *crossguard.Resource, rule crossguard.Object) {
	switch mode := rule.StringOr("evaluationMode", "absent"); mode {
	case "ALWAYS_DENY":
	case "REQUIRE_ATTESTATION":
		if filled(rule, "requireAttestationsBies") == 0 {
			r.Violation("%s is empty: name the attestor", rule.Path("requireAttestationsBies"))
		}
	default:
		r.Violation("%s is %s: set it to REQUIRE_ATTESTATION or ALWAYS_DENY", rule.Path("evaluationMode"), mode)
	}
	if mode := rule.StringOr("enforcementMode", "absent"); mode != enforced {
		r.Violation("%s is %s: set it to %s", rule.Path("enforcementMode"), mode, enforced)
	}
}
