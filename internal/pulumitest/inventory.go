package pulumitest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Resource is one registration, with plain values.
type Resource struct {
	// URN is the resource's name in the engine.
	URN  string
	Type string
	// Name is the logical name.
	Name string
	// Parent is the parent's logical name; empty if the stack itself is the parent.
	Parent string
	// ParentURN is the parent's URN; that of the stack if the stack is the parent.
	ParentURN string
	// Custom is true for a provider's resource, and false for a component.
	Custom bool
	// Version is the provider's version that the resource asks for; empty if the engine chooses.
	Version string
	// Read says that an existing resource was read and not registered. ID is then its id.
	Read bool
	// ID is set for reads and imports only.
	ID string
	// Inputs are decoded JSON-like values: string, bool, float64, []any, map[string]any. Secrets are unwrapped, unknown
	// values are [Unknown].
	Inputs map[string]any
	// Secrets and Unknowns are the paths of such inputs, sorted, for example envs[0].value.
	Secrets  []string
	Unknowns []string

	// These are the resource options of the same names. Default: not set.
	Protect                 bool
	RetainOnDelete          bool
	DeleteBeforeReplace     bool
	IgnoreChanges           []string
	ReplaceOnChanges        []string
	AdditionalSecretOutputs []string
	// Aliases are URNs, or "type=T name=N" for aliases that are given by their parts.
	Aliases []string
	// DependsOn are URNs, sorted: those of the option, and those that inputs come from.
	DependsOn []string
}

// Inventory lists a program's registered resources, sorted by their place in the tree and then by type.
type Inventory struct {
	Resources []Resource

	outputsRegistered int
}

// OfType returns the resources of a type, in the inventory's order.
func (i *Inventory) OfType(typ string) []Resource {
	var found []Resource
	for _, resource := range i.Resources {
		if resource.Type == typ {
			found = append(found, resource)
		}
	}
	return found
}

// Names returns the logical names of the resources of a type, in the inventory's order.
func (i *Inventory) Names(typ string) []string {
	var names []string
	for _, resource := range i.OfType(typ) {
		names = append(names, resource.Name)
	}
	return names
}

// One returns the only resource with this type and logical name. It fails the test if there is none, or more than one.
func (i *Inventory) One(t testing.TB, typ, name string) Resource {
	t.Helper()
	var found []Resource
	for _, resource := range i.Resources {
		if resource.Type == typ && resource.Name == name {
			found = append(found, resource)
		}
	}
	if len(found) != 1 {
		t.Fatalf("want one %s named %q, found %d; there are:\n%s", typ, name, len(found), i.list())
	}
	return found[0]
}

// String returns the inventory as a golden file has it: always the same, complete, and with secrets masked.
func (i *Inventory) String() string {
	var text strings.Builder
	for n, resource := range i.Resources {
		if n > 0 {
			text.WriteByte('\n')
		}
		fmt.Fprintf(&text, "%s  %s\n", i.path(resource), resource.Type)
		writeFlag(&text, "read", resource.Read)
		writeFlag(&text, "protect", resource.Protect)
		writeFlag(&text, "retainOnDelete", resource.RetainOnDelete)
		writeFlag(&text, "deleteBeforeReplace", resource.DeleteBeforeReplace)
		writeList(&text, "ignoreChanges", resource.IgnoreChanges)
		writeList(&text, "replaceOnChanges", resource.ReplaceOnChanges)
		secrets := make(map[string]bool, len(resource.Secrets))
		for _, path := range resource.Secrets {
			secrets[path] = true
		}
		text.WriteString(indentedJSON(masked("", resource.Inputs, secrets)))
	}
	return text.String()
}

func writeFlag(text *strings.Builder, name string, set bool) {
	if set {
		fmt.Fprintf(text, "  %s\n", name)
	}
}

func writeList(text *strings.Builder, name string, values []string) {
	if len(values) > 0 {
		fmt.Fprintf(text, "  %s: %s\n", name, strings.Join(values, ", "))
	}
}

// indentedJSON does not escape <, > and &, so that conditions and filters stay readable.
func indentedJSON(value any) string {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("  ", "  ")
	if err := encoder.Encode(value); err != nil {
		return fmt.Sprintf("  (not JSON: %v)\n", err)
	}
	return "  " + buffer.String()
}

// path returns the logical names from the top of the tree down to the resource.
func (i *Inventory) path(resource Resource) string {
	names := []string{resource.Name}
	parent := resource.ParentURN
	// The depth is bounded, because a test may have an inventory whose parents form a circle.
	for range i.Resources {
		index := slices.IndexFunc(i.Resources, func(r Resource) bool { return r.URN == parent })
		if index < 0 {
			break
		}
		names = append(names, i.Resources[index].Name)
		parent = i.Resources[index].ParentURN
	}
	slices.Reverse(names)
	return strings.Join(names, "/")
}

func (i *Inventory) sort() {
	paths := make(map[string]string, len(i.Resources))
	for _, resource := range i.Resources {
		paths[resource.URN] = i.path(resource)
	}
	slices.SortStableFunc(i.Resources, func(a, b Resource) int {
		return cmp.Or(cmp.Compare(paths[a.URN], paths[b.URN]), cmp.Compare(a.Type, b.Type))
	})
}

func (i *Inventory) list() string {
	var text strings.Builder
	for _, resource := range i.Resources {
		fmt.Fprintf(&text, "  %s %s\n", resource.Type, i.path(resource))
	}
	return text.String()
}
