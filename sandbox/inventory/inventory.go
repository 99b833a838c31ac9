// Package inventory lists a stack's resources, as its program registers them. The tools around the engine (cost, trust, authority) read a
// stack only in this form. It comes from a program that runs without an engine ([dryrun.Register]) or from a stack's exported state
// ([FromState]).
package inventory

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/internal/naming"
)

// Resource is one resource of a stack.
type Resource struct {
	// URN is the resource's name in the engine, and Parent that of its component.
	URN    string `json:"urn"`
	Parent string `json:"parent,omitempty"`
	// Type is its type token and Name its name in the program.
	Type string `json:"type"`
	Name string `json:"name"`
	// Inputs are the program's inputs. In place of a secret, and of a value that is not known before the resource is made, they have a
	// [Mark].
	Inputs map[string]any `json:"inputs"`
	// CloudName is the name that the cloud gives the resource; empty if nothing depends on it.
	CloudName string `json:"cloudName,omitempty"`
}

// Mark stands for a value that an inventory does not have. It is no string, so that nobody takes it for text of the program.
type Mark string

// Secret stands for a secret, and Unknown for a value of a plan that is known only after the update.
const (
	Secret  Mark = "[secret]"
	Unknown Mark = "[known after the update]"
)

// These are the engine's own signs in plans and states: the text for an unknown value, the key that marks an object as special, and the
// key's value for a secret (computedValuePlaceholder, resource.SigKey and resource.SecretSig in Pulumi's source).
const (
	unknownText = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
	specialKey  = "4dabf18193072939515e22adb298388d"
	secretSign  = "1b47061264138c4ac30d75fd1eb44270"
)

// Marked returns a value of a plan or a state, with a mark in place of each secret and each unknown value.
func Marked(value any) any {
	switch value := value.(type) {
	case map[string]any:
		if value[specialKey] == secretSign {
			return Secret
		}
		return MarkedInputs(value)
	case []any:
		list := make([]any, len(value))
		for i, element := range value {
			list[i] = Marked(element)
		}
		return list
	case string:
		if value == unknownText {
			return Unknown
		}
	}
	return value
}

// MarkedInputs is [Marked] for a resource's inputs.
func MarkedInputs(inputs map[string]any) map[string]any {
	if inputs == nil {
		return nil
	}
	marked := make(map[string]any, len(inputs))
	for key, value := range inputs {
		marked[key] = Marked(value)
	}
	return marked
}

// Text returns a text input; empty if it is absent, secret or unknown.
func (r Resource) Text(path ...string) string {
	text, _ := r.At(path...).(string)
	return text
}

// Words returns an input as people read it: a text, or what a mark stands for; empty if it is absent.
func (r Resource) Words(path ...string) string {
	if mark, marked := r.At(path...).(Mark); marked {
		return string(mark)
	}
	return r.Text(path...)
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

// Named returns the name that the cloud gives a resource by its inputs. It is empty if nothing depends on the name, and if it is not known
// yet. projectNumber is the number of the stack's project.
func (r Resource) Named(projectNumber string) string {
	known := true
	text := func(key string) string {
		_, marked := r.At(key).(Mark)
		known = known && !marked
		return r.Text(key)
	}
	name := ""
	switch r.Type {
	case "gcp:serviceaccount/account:Account":
		name = naming.AccountName(text("accountId"), text("project"))
	case "gcp:iam/workloadIdentityPool:WorkloadIdentityPool":
		name = naming.PoolName(projectNumber, text("workloadIdentityPoolId"))
	case "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider":
		name = naming.PoolName(projectNumber, text("workloadIdentityPoolId")) + "/providers/" + text("workloadIdentityPoolProviderId")
	case "gcp:artifactregistry/repository:Repository":
		name = text("repositoryId")
	case "gcp:projects/iAMCustomRole:IAMCustomRole":
		name = "projects/" + text("project") + "/roles/" + text("roleId")
	default:
		name = text("name")
	}
	if !known {
		return ""
	}
	return name
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
			Inputs: MarkedInputs(r.Inputs), CloudName: name})
	}
	Sort(resources)
	return resources, nil
}
