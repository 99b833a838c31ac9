package authority

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/firstrun/permissions"
	"github.com/guiofsaints/procureflow-platform/sandbox/inventory"
	"github.com/guiofsaints/procureflow-platform/sandbox/review"
)

// pipeline is the account that applies changes of an environment.
const pipeline = "infra"

// actions are the permissions' actions for each operation.
var actions = map[review.Op]permissions.Action{
	review.Update: permissions.Updates, review.Create: permissions.Creates, review.Delete: permissions.Creates,
	review.Replace: permissions.Creates,
}

// ManualSteps returns the steps that a person has to take, because the pipeline's account may not: changes to GitHub's settings, which a
// job's token cannot write, and steps that need a permission that the account lacks. before are the stack's resources when the steps are
// taken.
func ManualSteps(steps []review.Step, before []inventory.Resource) []string {
	holdings, _ := Holdings(before)
	var grants []permissions.Grant
	for _, holding := range holdings {
		if holding.Who == pipeline {
			place := holding.Place
			if place == "" { // The role is on one thing of the project, and it counts for steps on that thing.
				place = permissions.OnProject
			}
			grants = append(grants, permissions.Grant{Role: holding.Role, Place: place, Permissions: holding.Permissions})
		}
	}
	byReason := map[string][]string{}
	for _, step := range steps {
		if reason := personFor(step, grants); reason != "" {
			byReason[reason] = append(byReason[reason], step.Name)
		}
	}
	var persons []string
	for _, reason := range slices.Sorted(maps.Keys(byReason)) {
		names := byReason[reason]
		shown := strings.Join(names[:min(3, len(names))], ", ")
		if more := len(names) - 3; more > 0 {
			shown += fmt.Sprintf(" and %d more", more)
		}
		persons = append(persons, fmt.Sprintf("a person applies %s: %s", shown, reason))
	}
	return persons
}

// personFor says why the pipeline cannot take a step; empty when it can.
func personFor(step review.Step, grants []permissions.Grant) string {
	if strings.HasPrefix(step.Type, "github:") {
		return "no job may change GitHub's settings"
	}
	needs, err := permissions.ForType(step.Type, actions[step.Op])
	if err != nil {
		return "nothing says which permissions " + step.Type + " takes"
	}
	missing := permissions.Compare(needs, grants).Missing
	if len(missing) == 0 {
		return ""
	}
	return pipeline + " does not hold " + missing[0].Permission
}
