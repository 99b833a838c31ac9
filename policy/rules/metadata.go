package rules

import (
	"strings"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

// cis is a control of the CIS Google Cloud Platform Foundation Benchmark 3.0.
func cis(reference, title string) crossguard.Framework {
	return crossguard.Framework{
		Name: "CIS Google Cloud Platform Foundation Benchmark", Version: "3.0", Reference: reference, Specification: title,
	}
}

// own marks a rule that no published framework has: it enforces the platform's design.
func own(reference string) crossguard.Framework {
	return crossguard.Framework{Name: "ProcureFlow platform design", Version: "1.0", Reference: reference}
}

// matchesAny reports whether s is one of the patterns, in which * stands for any characters.
func matchesAny(patterns []string, s string) bool {
	for _, pattern := range patterns {
		if crossguard.Wildcard(pattern, s) {
			return true
		}
	}
	return false
}

// list joins values for a message.
func list(values []string) string {
	if len(values) == 0 {
		return "none"
	}
	return strings.Join(values, ", ")
}
