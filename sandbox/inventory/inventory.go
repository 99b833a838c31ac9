// Package inventory lists a stack's resources, as its program registers them. The tools around the engine (cost, trust, authority) read a
// stack only in this form. It comes from a program that runs without an engine ([dryrun.Register]) or from a stack's exported state
// ([FromState]).
package inventory

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Resource is one resource of a stack.
type Resource struct {
	// URN is the resource's name in the engine, and Parent that of its component.
	URN    string `json:"urn"`
	Parent string `json:"parent,omitempty"`
	// Type is its type token and Name its name in the program.
	Type string `json:"type"`
	Name string `json:"name"`
	// Inputs are the program's inputs. Secrets, and values that are not known before the resource is made, have no plain value here.
	Inputs map[string]any `json:"inputs"`
	// CloudName is the name that the cloud gives the resource; empty if nothing depends on it.
	CloudName string `json:"cloudName,omitempty"`
}

// Text returns a text input; empty if it is absent or unknown.
func (r Resource) Text(path ...string) string {
	text, _ := r.At(path...).(string)
	return text
}

// Number returns a number input; 0 if it is absent or unknown.
func (r Resource) Number(path ...string) float64 { return number(r.At(path...)) }

// At follows keys into the inputs, and returns nil where they end.
func (r Resource) At(path ...string) any {
	var value any = r.Inputs
	for _, key := range path {
		object, _ := value.(map[string]any)
		value = object[key]
	}
	return value
}

// Items returns the objects of a list input, each to be read as the resource itself is: containers, reviewers, checks.
func (r Resource) Items(path ...string) []Resource {
	list, _ := r.At(path...).([]any)
	items := make([]Resource, len(list))
	for i, item := range list {
		items[i].Inputs, _ = item.(map[string]any)
	}
	return items
}

func number(value any) float64 {
	switch value := value.(type) {
	case float64:
		return value
	case int:
		return float64(value)
	}
	return 0
}

// Sort orders resources by name and type, so that output is always the same.
func Sort(resources []Resource) {
	slices.SortFunc(resources, func(a, b Resource) int {
		return strings.Compare(a.Name+"\x00"+a.Type, b.Name+"\x00"+b.Type)
	})
}

// FromState reads an exported state, as `pulumi stack export` writes it.
func FromState(state []byte) ([]Resource, error) {
	var exported struct {
		Deployment struct {
			Resources []struct {
				URN, Parent, Type string
				Inputs            map[string]any
				Outputs           map[string]any
				Delete            bool
			} `json:"resources"`
		} `json:"deployment"`
	}
	if err := json.Unmarshal(state, &exported); err != nil {
		return nil, fmt.Errorf("the state is not an export of a stack: %w; give the output of `pulumi stack export`", err)
	}
	var resources []Resource
	for _, r := range exported.Deployment.Resources {
		if r.Delete { // It was replaced, and waits for its deletion.
			continue
		}
		name, _ := r.Outputs["name"].(string)
		resources = append(resources, Resource{URN: r.URN, Parent: r.Parent, Type: r.Type, Name: r.URN[max(0, strings.LastIndex(r.URN, "::")+2):],
			Inputs: r.Inputs, CloudName: name})
	}
	Sort(resources)
	return resources, nil
}
