// Package engine is Pulumi's own, and copies the events about steps by their types.
package engine

import (
	"maps"
	"slices"
)

// copyOfStep returns the copy of a payload about a step that its event keeps, and nil for other payloads. It is as deep as it has to be:
// the engine goes on to write into a resource's state, but replaces its inputs and outputs as a whole. Their filtered forms were made
// for this event.
func copyOfStep(payload any) any {
	switch payload := payload.(type) {
	case ResourcePreEventPayload:
		payload.Metadata = payload.Metadata.copied()
		return payload
	case ResourceOutputsEventPayload:
		payload.Metadata = payload.Metadata.copied()
		return payload
	}
	return nil
}

func (m StepEventMetadata) copied() StepEventMetadata {
	m.Old, m.New, m.Res = m.Old.copied(), m.New.copied(), m.Res.copied()
	m.Keys, m.Diffs, m.DetailedDiff = slices.Clone(m.Keys), slices.Clone(m.Diffs), maps.Clone(m.DetailedDiff)
	return m
}

func (m *StepEventStateMetadata) copied() *StepEventStateMetadata {
	if m == nil {
		return nil
	}
	copied := *m
	copied.InitErrors, copied.HideDiffs = slices.Clone(m.InitErrors), slices.Clone(m.HideDiffs)
	if m.State != nil {
		copied.State = m.State.Copy()
	}
	return &copied
}
