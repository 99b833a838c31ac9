// Package rules is the platform's policy pack: one rule a file, and this table of them.
package rules

import "github.com/guiofsaints/procureflow-platform/policy/crossguard"

// Pack is the pack.
func Pack() crossguard.Pack {
	return crossguard.Pack{Name: "procureflow", Version: "1.0.0"}
}
