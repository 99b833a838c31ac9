package engine

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/guiofsaints/procureflow-platform/emulator/provider"
	"github.com/guiofsaints/procureflow-platform/sandbox/inventory"
	"github.com/guiofsaints/procureflow-platform/sandbox/review"
)

// placesTaken reports each resource that an update would make in the place of another one which the update deletes. The engine deletes
// last. So the cloud refuses the new one while the old one has its name, and a grant is gone once the old one's deletion has taken it
// away. A preview, which compares each resource with its own past, sees nothing of it. Such changes come from a key of the settings that
// is renamed while the names below it stay, and from entries that exchange their names.
func placesTaken(steps []apitype.StepEventMetadata) []review.Finding {
	type place struct{ kind, identity string }
	identity := func(step apitype.StepEventMetadata, state *apitype.StepEventStateMetadata) (place, bool) {
		if state == nil || !state.Custom {
			return place{}, false
		}
		id := provider.Identity(step.Type, inventory.MarkedInputs(state.Inputs)) // Empty if a part of it is not known.
		return place{step.Type, id}, id != ""
	}
	leaving := map[place]string{}
	for _, step := range steps {
		leaves := step.Op == apitype.OpDelete || step.Op == apitype.OpReplace
		if was, known := identity(step, step.Old); known && leaves {
			leaving[was] = step.URN
		}
	}
	var found []review.Finding
	for _, step := range steps {
		makes := []apitype.OpType{apitype.OpCreate, apitype.OpReplace, apitype.OpImport, apitype.OpImportReplacement}
		is, known := identity(step, step.New)
		holder, taken := leaving[is]
		if !known || !taken || holder == step.URN || !slices.Contains(makes, step.Op) {
			continue
		}
		found = append(found, review.Finding{Policy: "program", Level: "error", Resource: resource.URN(step.URN).Name(),
			Message: fmt.Sprintf("would be made in the place of %s (%s), which is deleted only afterwards",
				resource.URN(holder).Name(), is.identity) + ". " + keepTheKey})
	}
	return found
}

// keepTheKey says why such a change fails, and what to do instead.
const keepTheKey = "The cloud refuses the second of a name, and a grant would be gone. Keep the old key in the settings, " +
	"or give up the name in one `up` and take it in the next (docs/howto/remove-service.md)"

// refusePlacesTaken is [placesTaken] for an update that is about to begin.
func refusePlacesTaken(steps []apitype.StepEventMetadata) error {
	found := placesTaken(steps)
	if len(found) == 0 {
		return nil
	}
	var text strings.Builder
	for _, finding := range found {
		fmt.Fprintf(&text, "%s %s\n", finding.Resource, strings.TrimSuffix(finding.Message, ". "+keepTheKey))
	}
	return errors.New(text.String() + keepTheKey)
}

// stepsOf returns the steps among the engine's events.
func stepsOf(events []apitype.EngineEvent) []apitype.StepEventMetadata {
	var steps []apitype.StepEventMetadata
	for _, event := range events {
		if event.ResourcePreEvent != nil {
			steps = append(steps, event.ResourcePreEvent.Metadata)
		}
	}
	return steps
}
