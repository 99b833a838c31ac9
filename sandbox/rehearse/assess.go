package rehearse

import (
	"fmt"
	"maps"

	"github.com/guiofsaints/procureflow-platform/sandbox/authority"
	"github.com/guiofsaints/procureflow-platform/sandbox/cost"
	"github.com/guiofsaints/procureflow-platform/sandbox/inventory"
	"github.com/guiofsaints/procureflow-platform/sandbox/review"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

// Side is one side of a comparison: a stack's settings and its resources.
type Side struct {
	Settings  stacks.Settings
	Resources []inventory.Resource
}

// Assess adds to a stack's review what a change costs, and who gains which rights by it.
func Assess(stack *review.Stack, before, after Side, measured map[string]cost.Load) error {
	change := cost.Compare(cost.Of(stack.Name, before.Resources, Loads(before.Settings, measured)),
		cost.Of(stack.Name, after.Resources, Loads(after.Settings, measured)))
	stack.Cost = &change
	words := authority.TokenPartsOf([]stacks.Settings{before.Settings, after.Settings}, before.Resources, after.Resources)
	was, err := authority.Of(before.Resources, words)
	if err != nil {
		return fmt.Errorf("who can do what in stack %s before the change: %w", stack.Name, err)
	}
	is, err := authority.Of(after.Resources, words)
	if err != nil {
		return fmt.Errorf("who can do what in stack %s after the change: %w", stack.Name, err)
	}
	stack.Authority = review.CompareAuthority(was, is)
	return nil
}

// slotLoad is the load that reviewers put on a slot in a month. It is a guess, because nobody has measured it.
var slotLoad = cost.Load{Requests: 1_000, Milliseconds: 200, From: "only reviewers use a slot"}

// Loads returns the loads of a stack's services by name: the measured ones, else those in the settings, and few requests for the slots of
// pull requests.
func Loads(settings stacks.Settings, measured map[string]cost.Load) map[string]cost.Load {
	loads := map[string]cost.Load{}
	for key, service := range settings.Services {
		if load := service.Load; load != nil {
			loads[service.Name] = cost.Load{Requests: float64(load.RequestsPerMonth), Milliseconds: float64(load.MillisecondsPerRequest),
				From: "services." + key + ".load"}
		}
		for _, slot := range settings.SlotNames(key) {
			loads[slot] = slotLoad
		}
	}
	maps.Copy(loads, measured)
	return loads
}
