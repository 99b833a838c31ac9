package engine

import (
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/urn"
)

// Finding is what a policy reported of a resource, or of the stack where Resource is empty.
type Finding struct {
	Policy, Level, Resource, Message string
}

// Findings are those of the last preview, which every Up begins with.
func (s *Stack) Findings() []Finding { return s.findings }

// arrival is how long the last events may take to arrive once the CLI has ended. A preview that fails before there is a CLI sends none.
const arrival = time.Second

// listen collects what the policies report while the engine runs. The second result waits until everything has arrived.
func (s *Stack) listen() (stream chan events.EngineEvent, listened func()) {
	stream = make(chan events.EngineEvent)
	done := make(chan []Finding, 1)
	go func() {
		var found []Finding
		for event := range stream {
			if told := event.PolicyEvent; told != nil {
				found = append(found, Finding{Policy: told.PolicyName, Level: told.EnforcementLevel, Resource: nameOf(told.ResourceURN),
					Message: told.Message})
			}
		}
		done <- found
	}()
	return stream, func() {
		select {
		case s.findings = <-done:
		case <-time.After(arrival):
			s.findings = nil
		}
	}
}

// nameOf is the name of a resource; that of the stack is empty.
func nameOf(resource string) string {
	parsed, err := urn.Parse(resource)
	if err != nil || parsed.Type() == "pulumi:pulumi:Stack" {
		return ""
	}
	return parsed.Name()
}
