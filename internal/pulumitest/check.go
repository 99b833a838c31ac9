package pulumitest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/guiofsaints/procureflow-platform/internal/plural"
)

// CheckParents fails the test unless the tree is in order: every provider's resource is the child of a component, every child's name
// starts with its parent's name, no two resources share a URN, and every component registered its outputs.
func CheckParents(t testing.TB, inventory *Inventory) {
	t.Helper()
	for _, problem := range parentProblems(inventory) {
		t.Error(problem)
	}
}

func parentProblems(inventory *Inventory) []string {
	var problems []string
	byURN := map[string]Resource{}
	components := 0
	for _, resource := range inventory.Resources {
		if _, taken := byURN[resource.URN]; taken {
			problems = append(problems, fmt.Sprintf("%s %q is registered twice: the engine refuses a second resource with the same URN",
				resource.Type, resource.Name))
		}
		byURN[resource.URN] = resource
		if isComponent(resource) {
			components++
		}
	}
	for _, resource := range inventory.Resources {
		// Providers have no parent, and neither have reads of other people's resources.
		if resource.Read || strings.HasPrefix(resource.Type, "pulumi:providers:") {
			continue
		}
		parent, known := byURN[resource.ParentURN]
		switch {
		case !known && isComponent(resource):
		case !known:
			problems = append(problems, fmt.Sprintf("%s %q has no component as its parent: pass pulumiopt.Child(component)",
				resource.Type, resource.Name))
		case !isComponent(parent):
			problems = append(problems, fmt.Sprintf("%s %q has %s %q as its parent: give it a component", resource.Type, resource.Name,
				parent.Type, parent.Name))
		case !strings.HasPrefix(resource.Name, parent.Name+"-"):
			problems = append(problems, fmt.Sprintf("%s %q does not start with its parent's name %q and a hyphen", resource.Type,
				resource.Name, parent.Name))
		}
	}
	// The stack registers its outputs too.
	if registered := inventory.outputsRegistered - 1; registered != components {
		problems = append(problems, fmt.Sprintf("%s, but %d registered their outputs: end each constructor with "+
			"ctx.RegisterResourceOutputs", plural.Of(components, "component", "components"), registered))
	}
	return problems
}

func isComponent(resource Resource) bool { return !resource.Custom }
