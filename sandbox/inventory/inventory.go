// Package inventory is what a stack consists of, as its program registers it: the one form in which the tools beside the engine
// (cost, trust, authority) look at a stack. It comes from a program that runs without an engine ([dryrun.Register]) or from a
// stack's exported state ([FromState]).
package inventory

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Resource is one resource of a stack.
type Resource struct {
	// URN and Parent are the engine's names of it and of the component that it belongs to.
	URN    string `json:"urn"`
	Parent string `json:"parent,omitempty"`
	// Type is its type token and Name its name in the program.
	Type string `json:"type"`
	Name string `json:"name"`
	// Inputs are what the program says of it. What is not known before it is made, and what is secret, has no plain value here.
	Inputs map[string]any `json:"inputs"`
	// CloudName is the name that the cloud gives it, empty where nothing depends on it.
	CloudName string `json:"cloudName,omitempty"`
}

// Text is an input that is text, and empty where it is absent or not known.
func (r Resource) Text(path ...string) string {
	text, _ := r.At(path...).(string)
	return text
}

// Number is an input that is a number, and 0 where it is absent or not known.
func (r Resource) Number(path ...string) float64 { return number(r.At(path...)) }

// At follows keys into the inputs; nil where they end.
func (r Resource) At(path ...string) any {
	var value any = r.Inputs
	for _, key := range path {
		object, _ := value.(map[string]any)
		value = object[key]
	}
	return value
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

// Sort puts resources in the order of their names and types, so that what is printed of them is always the same.
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
		return nil, fmt.Errorf("the state is no export of a stack: %w", err)
	}
	var resources []Resource
	for _, r := range exported.Deployment.Resources {
		if r.Delete { // a replaced one that waits for its deletion
			continue
		}
		name, _ := r.Outputs["name"].(string)
		resources = append(resources, Resource{URN: r.URN, Parent: r.Parent, Type: r.Type, Name: r.URN[max(0, strings.LastIndex(r.URN, "::")+2):],
			Inputs: r.Inputs, CloudName: name})
	}
	Sort(resources)
	return resources, nil
}
