package rules

import (
	"fmt"
	"strings"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

// cis returns a control of the CIS Google Cloud Platform Foundation Benchmark 3.0.
func cis(reference, title string) crossguard.Framework {
	return crossguard.Framework{
		Name: "CIS Google Cloud Platform Foundation Benchmark", Version: "3.0", Reference: reference, Specification: title,
	}
}

// own marks a rule that is in no published framework and enforces the platform's own design.
func own(reference string) crossguard.Framework {
	return crossguard.Framework{Name: "ProcureFlow platform design", Version: "1.0", Reference: reference}
}

// matchesAny reports whether s matches one of the patterns. In them * stands for any characters.
func matchesAny(patterns []string, s string) bool {
	for _, pattern := range patterns {
		if crossguard.Wildcard(pattern, s) {
			return true
		}
	}
	return false
}

// filled counts the elements of a list of strings that are not empty. An unknown element counts.
func filled(o crossguard.Object, path string) int {
	count := 0
	for i := range o.Len(path) {
		if element := fmt.Sprintf("%s[%d]", path, i); !o.IsKnown(element) || o.StringOr(element, "") != "" {
			count++
		}
	}
	return count
}

// list joins values for a message.
func list(values []string) string {
	if len(values) == 0 {
		return "none"
	}
	return strings.Join(values, ", ")
}
