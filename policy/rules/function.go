package rules

import (
	"slices"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

// functionPath returns the path of a function's setting. Version 1 of the API has it at the top level. Version 2 has it in
// serviceConfig, in some cases under another name.
func functionPath(r *crossguard.Resource, v1, v2 string) string {
	if r.Type == functionV1 {
		return v1
	}
	return "serviceConfig." + v2
}

func isFunction(r *crossguard.Resource) bool { return slices.Contains(functions, r.Type) }
