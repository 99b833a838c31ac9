package rules

import (
	"strings"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var arImmutableCleanup = crossguard.Policy{
	Name:        "ar-immutable-cleanup",
	Description: "Image tags cannot be moved, images are scanned, and clean-up spares what runs and what can be rolled back to.",
	Enforcement: crossguard.Mandatory,
	Severity:    crossguard.High,
	Framework:   crossguard.Framework{Name: "SLSA", Version: "1.0", Reference: "immutable references to artifacts"},
	Tags:        []string{"supply-chain", "cost"},
	RemediationSteps: "Set dockerConfig.immutableTags to true, add a clean-up policy that deletes with a condition and one that keeps, " +
		"and leave cleanupPolicyDryRun and the scanner as they are.",
	Types: []string{repository},
	Check: func(r *crossguard.Resource) {
		if !strings.EqualFold(r.StringOr("format", ""), "DOCKER") || !strings.EqualFold(r.StringOr("mode", "STANDARD_REPOSITORY"), "STANDARD_REPOSITORY") {
			r.NotApplicable("holds no images of its own")
		}
		if !r.BoolOr("dockerConfig.immutableTags", false) {
			r.Violation("dockerConfig.immutableTags is not true: set it")
		}
		if strings.EqualFold(r.StringOr("vulnerabilityScanningConfig.enablementConfig", "INHERITED"), "DISABLED") {
			r.Violation("vulnerabilityScanningConfig.enablementConfig is DISABLED: set it to INHERITED")
		}
		if r.BoolOr("cleanupPolicyDryRun", false) {
			r.Violation("cleanupPolicyDryRun is true, so nothing is ever cleaned up: set it to false")
		}
		checkCleanup(r)
	},
	Remediate: func(r *crossguard.Remedy) {
		if !strings.EqualFold(r.StringOr("format", ""), "DOCKER") || !strings.EqualFold(r.StringOr("mode", "STANDARD_REPOSITORY"), "STANDARD_REPOSITORY") {
			r.NotApplicable("holds no images of its own")
		}
		if !r.BoolOr("dockerConfig.immutableTags", false) {
			r.Set("dockerConfig.immutableTags", true)
		}
		if strings.EqualFold(r.StringOr("vulnerabilityScanningConfig.enablementConfig", "INHERITED"), "DISABLED") {
			r.Set("vulnerabilityScanningConfig.enablementConfig", "INHERITED")
		}
		if r.BoolOr("cleanupPolicyDryRun", false) {
			r.Set("cleanupPolicyDryRun", false)
		}
	},
}

func checkCleanup(r *crossguard.Resource) {
	deletes, keeps := 0, 0
	r.Each("cleanupPolicies", func(p crossguard.Object) {
		switch action := p.StringOr("action", "absent"); strings.ToUpper(action) {
		case "KEEP":
			keeps++
		case "DELETE":
			deletes++
			aged := strings.Trim(p.StringOr("condition.olderThan", ""), "0.smhd") != "" // 0s is no age
			if !aged && !p.Has("condition.versionNamePrefixes") && !p.Has("condition.tagPrefixes") {
				r.Violation("%s has no age or prefix: it deletes everything that is not kept", p.Path("condition"))
			}
		default:
			r.Violation("%s is %s: use DELETE or KEEP", p.Path("action"), action)
		}
	})
	if deletes == 0 {
		r.Violation("cleanupPolicies has no DELETE: untagged images pile up")
	}
	if keeps == 0 {
		r.Violation("cleanupPolicies has no KEEP: a clean-up can take what runs or what a rollback needs")
	}
}
