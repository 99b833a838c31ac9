package rules

import (
	"slices"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

// functionPath is the path of a function's setting: version 1 of the API has it at the top, version 2 within serviceConfig, where
// some have another name.
func functionPath(r *crossguard.Resource, v1, v2 string) string {
	if r.Type == functionV1 {
		return v1
	}
	return "serviceConfig." + v2
}

func isFunction(r *crossguard.Resource) bool { return slices.Contains(functions, r.Type) }
