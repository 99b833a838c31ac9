package adopt

import (
	"fmt"
	"slices"
	"strings"
)

// File is the file that `pulumi import --file` reads.
type File struct {
	// NameTable has the URNs of resources in the state that the file refers to by name: the providers.
	NameTable map[string]string `json:"nameTable"`
	// Resources are the resources to import, components before their children.
	Resources []Entry `json:"resources"`
}

// Entry is one resource of a [File].
type Entry struct {
	// Type is the type token, and Name the name in the program.
	Type string `json:"type"`
	Name string `json:"name"`
	// ID is the cloud's id; empty for a component.
	ID string `json:"id,omitempty"`
	// Parent and Provider are names, of another entry or of the name table. Default: the stack, and the default provider.
	Parent   string `json:"parent,omitempty"`
	Provider string `json:"provider,omitempty"`
	// Component says that the entry is a component, which has nothing to import.
	Component bool `json:"component,omitempty"`
}

// NewFile returns the import file of the adoptions, with the components above them, under the names and parents that
// the program gives them. With other names the next `up` would delete the resources and make new ones.
func NewFile(planned []Planned, adoptions []Adoption) (File, error) {
	byURN := map[string]Planned{}
	for _, p := range planned {
		if p.New {
			byURN[p.URN] = p
		}
	}
	file := File{NameTable: map[string]string{}, Resources: []Entry{}}
	parentOf := func(p Planned) string {
		if strings.Contains(p.Parent, "::pulumi:pulumi:Stack::") || p.Parent == "" {
			return ""
		}
		parent, known := byURN[p.Parent]
		if !known {
			// The parent is in the state already, because an earlier import or run was cut short.
			name := p.Parent[strings.LastIndex(p.Parent, "::")+2:]
			file.NameTable[name] = p.Parent
			return name
		}
		return parent.Name()
	}
	var components func(urn string)
	components = func(urn string) {
		component, planned := byURN[urn]
		if !planned || component.Type == "pulumi:pulumi:Stack" {
			return
		}
		components(component.Parent)
		entry := Entry{Type: component.Type, Name: component.Name(), Parent: parentOf(component), Component: true}
		if !slices.Contains(file.Resources, entry) {
			file.Resources = append(file.Resources, entry)
		}
	}
	for _, adoption := range adoptions {
		if adoption.Provider == "" {
			return File{}, fmt.Errorf("%s has no provider in the plan: run the preview with this version of the program", adoption.Name())
		}
		components(adoption.Parent)
		provider := adoption.Provider[strings.LastIndex(adoption.Provider, "::")+2:]
		file.NameTable[provider] = adoption.Provider
		file.Resources = append(file.Resources, Entry{
			Type: adoption.Type, Name: adoption.Name(), ID: adoption.ID, Parent: parentOf(adoption.Planned), Provider: provider,
		})
	}
	return file, nil
}
