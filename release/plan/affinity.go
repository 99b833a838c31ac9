package plan

import "strings"

// Sticky describes what session affinity of either revision does to a split between them; empty where neither has it.
func Sticky(stable, candidate Revision) string {
	const keeps = " has session affinity and keeps the visitors that it answered: "
	var effects []string
	if stable.Sticky {
		effects = append(effects, stable.Name+keeps+"the steps give "+candidate.Name+
			" new visitors only, and 100 % gives it all others at once")
	}
	if candidate.Sticky {
		effects = append(effects, candidate.Name+keeps+"its share may grow beyond a step's")
	}
	if len(effects) == 0 {
		return ""
	}
	return strings.Join(append(effects, "leave sessionAffinity off where releases go by steps"), "; ")
}
