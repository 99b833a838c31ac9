package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"sort"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/optrefresh"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Drifted is a resource that differs from Pulumi's state.
type Drifted struct {
	// Name is the resource's name in the program, and Type its type token. ID is the cloud's id.
	Name string `json:"name"`
	Type string `json:"type"`
	ID   string `json:"id"`
	// Deleted is true if the resource is gone. Then Properties is empty.
	Deleted bool `json:"deleted"`
	// Properties are the changed ones, sorted by path.
	Properties []PropertyDrift `json:"properties"`
}

// PropertyDrift is one changed property. Values are JSON; secrets are [secret].
type PropertyDrift struct {
	// Path is the property's path, such as template.timeout. Before is the value in the state, and Now the cloud's.
	Path   string `json:"path"`
	Before string `json:"before"`
	Now    string `json:"now"`
}

// Drift compares the state with the live cloud and changes neither. It leaves out traffic, which the service ignores
// because the release controller owns it.
func (s *Stack) Drift(ctx context.Context) ([]Drifted, error) {
	ignored, err := s.ignored()
	if err != nil {
		return nil, err
	}
	if len(ignored) == 0 {
		return nil, noState(s.auto.Name())
	}
	stream, heard := listen()
	var messages strings.Builder
	_, err = s.auto.PreviewRefresh(ctx, optrefresh.EventStreams(stream), optrefresh.ErrorProgressStreams(&messages),
		optrefresh.ProgressStreams(&messages), optrefresh.Color("never"))
	if err != nil {
		// The engine's output explains what the error only names.
		fmt.Fprint(s.engine.options.Out, messages.String())
		return nil, s.failed(ctx, "drift", err)
	}
	var drifted []Drifted
	for _, event := range heard() {
		if event.ResOutputsEvent == nil {
			continue
		}
		if found, ok := driftOf(event.ResOutputsEvent.Metadata, ignored); ok {
			drifted = append(drifted, found)
		}
	}
	sort.Slice(drifted, func(i, j int) bool { return drifted[i].Type+drifted[i].Name < drifted[j].Type+drifted[j].Name })
	return drifted, nil
}

// ignored returns, by URN, the properties whose changes each resource ignores. The refresh reports those changes, too.
func (s *Stack) ignored() (map[string][]string, error) {
	deployment, err := s.engine.latest(s.auto.Name())
	if err != nil {
		return nil, err
	}
	ignored := map[string][]string{}
	for _, resource := range deployment.Resources {
		ignored[string(resource.URN)] = resource.IgnoreChanges
	}
	return ignored, nil
}

// driftOf reads one step of the refresh. It returns false if only ignored properties changed.
func driftOf(step apitype.StepEventMetadata, ignored map[string][]string) (Drifted, bool) {
	if step.Old == nil || (step.Op != apitype.OpUpdate && step.Op != apitype.OpDelete) {
		return Drifted{}, false
	}
	found := Drifted{Name: resource.URN(step.URN).Name(), Type: step.Type, ID: step.Old.ID,
		Deleted: step.Op == apitype.OpDelete || step.New == nil, Properties: []PropertyDrift{}}
	if found.Deleted {
		return found, true
	}
	for path, diff := range step.DetailedDiff {
		top, _, _ := strings.Cut(path, ".")
		top, _, _ = strings.Cut(top, "[")
		if slices.Contains(ignored[step.URN], top) {
			continue
		}
		before, now := step.Old.Outputs, step.New.Outputs
		if diff.InputDiff {
			before, now = step.Old.Inputs, step.New.Inputs
		}
		found.Properties = append(found.Properties, PropertyDrift{Path: path, Before: valueAt(before, path), Now: valueAt(now, path)})
	}
	sort.Slice(found.Properties, func(i, j int) bool { return found.Properties[i].Path < found.Properties[j].Path })
	return found, len(found.Properties) > 0 || len(step.DetailedDiff) == 0
}

// valueAt returns the value at a property path as JSON on one line, "absent" if there is none.
func valueAt(properties map[string]any, path string) string {
	parsed, err := resource.ParsePropertyPath(path)
	if err != nil {
		return "?"
	}
	value, ok := parsed.Get(resource.NewPropertyValue(properties))
	if !ok {
		return "absent"
	}
	text, err := json.Marshal(value.Mappable())
	if err != nil {
		return "?"
	}
	return string(text)
}

// WriteDrift prints the list for people.
func WriteDrift(out io.Writer, stack string, drifted []Drifted) {
	if len(drifted) == 0 {
		fmt.Fprintf(out, "No drift: stack %s is as Pulumi left it.\n", stack)
		return
	}
	fmt.Fprintf(out, "Changed outside of Pulumi in stack %s:\n", stack)
	for _, resource := range drifted {
		fmt.Fprintf(out, "\n  %s (%s)\n    %s\n", resource.Name, resource.Type, resource.ID)
		if resource.Deleted {
			fmt.Fprintln(out, "    deleted")
		}
		for _, property := range resource.Properties {
			fmt.Fprintf(out, "    %s: %s -> %s\n", property.Path, property.Before, property.Now)
		}
	}
	fmt.Fprintf(out, "\n%d changed. `go run ./cmd/sandbox up %s` puts back what the program says.\n", len(drifted), stack)
}
