package engine

import (
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/urn"
)

// Finding is what a policy reported of a resource, or of the whole stack if Resource is empty.
type Finding struct {
	// Policy is the policy's name, Level its enforcement level, Resource the resource's name in the program, and Message what is wrong.
	Policy, Level, Resource, Message string
}

// Findings returns the findings of the last preview, Up or Update.
func (s *Stack) Findings() []Finding { return s.findings }

// arrival is how long to wait for the last events after the CLI has ended. A CLI that fails before it runs an engine sends none, and does
// not say so either.
const arrival = time.Second

// listen collects the engine's events while an operation runs. heard returns them when everything has arrived.
func listen() (stream chan events.EngineEvent, heard func() []apitype.EngineEvent) {
	stream = make(chan events.EngineEvent)
	done := make(chan []apitype.EngineEvent, 1)
	go func() {
		var all []apitype.EngineEvent
		for event := range stream {
			all = append(all, event.EngineEvent)
		}
		done <- all
	}()
	return stream, func() []apitype.EngineEvent {
		select {
		case all := <-done:
			return all
		case <-time.After(arrival):
			return nil
		}
	}
}

func findingOf(told apitype.PolicyEvent) Finding {
	return Finding{Policy: told.PolicyName, Level: told.EnforcementLevel, Resource: nameOf(told.ResourceURN),
		Message: colours.ReplaceAllString(told.Message, "")}
}

// nameOf returns a resource's name; empty for the stack itself.
func nameOf(resource string) string {
	parsed, err := urn.Parse(resource)
	if err != nil || parsed.Type() == "pulumi:pulumi:Stack" {
		return ""
	}
	return parsed.Name()
}

// Errors returns the lines of the engine's output that say what failed.
func Errors(output string) string {
	var found []string
	for line := range strings.Lines(output) {
		if text := strings.TrimSpace(line); strings.HasPrefix(text, "error:") || strings.HasPrefix(text, "* ") {
			found = append(found, text)
		}
	}
	return strings.Join(found, "; ")
}
