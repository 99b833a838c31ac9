package journal

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Settle ends the creations in which an engine was killed. happened has the ids of the creations that took place. They become resources of
// the state with the values that the engine knew; the refresh of the next update reads the rest. The other creations are forgotten, so that
// the next update makes the resources.
func (f Files) Settle(stack string, happened map[resource.URN]resource.ID) error {
	data, err := os.ReadFile(f.Checkpoint(stack))
	if err != nil {
		return fmt.Errorf("read the state of stack %s: %w", stack, err)
	}
	state, err := parseState(data)
	if err != nil {
		return fmt.Errorf("read the state of stack %s: %w", stack, err)
	}
	if state.latest == nil {
		return nil
	}
	settle(state.latest, happened)
	if data, err = state.format(); err == nil {
		err = f.write(stack, data)
	}
	if err != nil {
		return fmt.Errorf("write the state of stack %s: %w", stack, err)
	}
	return nil
}

func settle(deployment *apitype.DeploymentV3, happened map[resource.URN]resource.ID) {
	var left []apitype.OperationV2
	for _, pending := range deployment.PendingOperations {
		id, found := happened[pending.Resource.URN]
		switch {
		case pending.Type != apitype.OperationTypeCreating:
			left = append(left, pending)
		case found:
			pending.Resource.ID = id
			if len(pending.Resource.Outputs) == 0 {
				// A read without a state is an import. It leaves out values that Google's answer lacks, such as an objective's service.
				// The update would then replace the objective, and fail because it exists.
				pending.Resource.Outputs = maps.Clone(pending.Resource.Inputs)
			}
			insert(deployment, pending.Resource)
		}
	}
	deployment.PendingOperations = left
}

// insert adds a resource right after all resources that it refers to. If the state has the resource already, the new one replaces it, and
// the old one is still to be deleted.
func insert(deployment *apitype.DeploymentV3, made apitype.ResourceV3) {
	refers := map[resource.URN]bool{made.Parent: true, made.DeletedWith: true}
	for _, urns := range append(slices.Collect(maps.Values(made.PropertyDependencies)), made.Dependencies) {
		for _, urn := range urns {
			refers[urn] = true
		}
	}
	position := 0
	for i := range deployment.Resources {
		state := &deployment.Resources[i]
		if state.URN == made.URN {
			state.Delete = true
		}
		if refers[state.URN] || strings.HasPrefix(made.Provider, string(state.URN)+"::") {
			position = i + 1
		}
	}
	deployment.Resources = slices.Insert(deployment.Resources, position, made)
}
