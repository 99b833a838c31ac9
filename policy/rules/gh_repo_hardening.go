package rules

import (
	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var ghRepoHardening = crossguard.Policy{
	Name:        "gh-repo-hardening",
	Description: "GitHub reports vulnerable dependencies and refuses pushes that contain secrets.",
	Enforcement: crossguard.Advisory,
	Severity:    crossguard.Medium,
	Framework:   crossguard.Framework{Name: "OpenSSF Scorecard", Reference: "Vulnerabilities"},
	Tags:        []string{"security", "github"},
	RemediationSteps: "Set vulnerabilityAlerts to true, and enabled of RepositoryVulnerabilityAlerts, and " +
		"securityAndAnalysis.secretScanningPushProtection.status to enabled.",
	Types: []string{ghRepositoryType, ghAlerts},
	Check: func(r *crossguard.Resource) {
		if r.Type == ghAlerts {
			if !r.BoolOr("enabled", true) { // the provider's default is true
				r.Violation("enabled is not true: set it")
			}
			return
		}
		if r.BoolOr("archived", false) {
			r.NotApplicable("is archived: nothing is pushed to it or deployed from it")
		}
		if !r.BoolOr("vulnerabilityAlerts", false) {
			r.Violation("vulnerabilityAlerts is not true: set it")
		}
		if r.StringOr("securityAndAnalysis.secretScanningPushProtection.status", "") != "enabled" {
			r.Violation("securityAndAnalysis.secretScanningPushProtection.status is not enabled: set it")
		}
	},
	Remediate: func(r *crossguard.Remedy) {
		if r.Type == ghAlerts {
			if !r.BoolOr("enabled", true) {
				r.Set("enabled", true)
			}
			return
		}
		if r.BoolOr("archived", false) {
			return
		}
		if !r.BoolOr("vulnerabilityAlerts", false) {
			r.Set("vulnerabilityAlerts", true)
		}
		if path := "securityAndAnalysis.secretScanningPushProtection.status"; r.StringOr(path, "") != "enabled" {
			r.Set(path, "enabled")
		}
	},
}
