package crossguardtest

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

// LoadExport reads the resources of a stack from a file that pulumi stack export wrote. A secret in plain text (--show-secrets)
// becomes a [Secret]. An encrypted secret becomes a [Secret] with an unknown value. Resources that wait to be deleted are left
// out.
func LoadExport(t TB, file string) []Resource {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	resources, err := ParseExport(content)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return resources
}

// exported holds the fields of a resource in a stack's export (apitype.ResourceV3) that policies see.
type exported struct {
	URN, Type, Parent, Provider string
	Custom, Delete, Protect     bool
	Inputs, Outputs             map[string]any
	Dependencies                []string
	PropertyDependencies        map[string][]string
	AdditionalSecretOutputs     []string
	Aliases, IgnoreChanges      []string
	DeleteBeforeReplace         *bool
	CustomTimeouts              struct{ Create, Update, Delete float64 }
}

// ParseExport reads the resources of a stack from the content of an export, as [LoadExport] does from a file.
func ParseExport(content []byte) ([]Resource, error) {
	var file struct {
		Version    int
		Deployment struct{ Resources []exported }
	}
	if err := json.Unmarshal(content, &file); err != nil {
		return nil, fmt.Errorf("this is not a stack's export: %w", err)
	}
	if file.Version != 3 && file.Version != 4 {
		return nil, fmt.Errorf("a stack's export has version 3 or 4, not %d: write it with pulumi stack export", file.Version)
	}
	all := slices.DeleteFunc(file.Deployment.Resources, func(e exported) bool { return e.Delete })
	made, byURN := make([]Resource, len(all)), map[string]*Resource{}
	for i, e := range all {
		r, err := e.resource()
		if err != nil {
			return nil, err
		}
		made[i] = r
		byURN[e.URN] = &made[i]
	}
	for i, e := range all {
		made[i].Parent = byURN[e.Parent]
		if end := strings.LastIndex(e.Provider, "::"); end >= 0 { // URN::ID
			made[i].Provider = byURN[e.Provider[:end]]
		}
	}
	return made, nil
}

func (e exported) resource() (Resource, error) {
	parts := strings.SplitN(e.URN, "::", 4)
	if len(parts) != 4 {
		return Resource{}, fmt.Errorf("%q is not a URN", e.URN)
	}
	inputs, err := opened(e.Inputs)
	if err != nil {
		return Resource{}, fmt.Errorf("inputs of %s: %w", e.URN, err)
	}
	outputs, err := opened(e.Outputs)
	if err != nil {
		return Resource{}, fmt.Errorf("outputs of %s: %w", e.URN, err)
	}
	seconds := func(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
	return Resource{
		Type: e.Type, Name: parts[3], Properties: inputs, Outputs: outputs, Component: !e.Custom, urn: e.URN,
		Dependencies: e.Dependencies, PropertyDependencies: e.PropertyDependencies,
		Options: crossguard.Options{
			Protect: e.Protect, IgnoreChanges: e.IgnoreChanges, Aliases: e.Aliases, Parent: e.Parent,
			AdditionalSecretOutputs: e.AdditionalSecretOutputs, DeleteBeforeReplace: e.DeleteBeforeReplace,
			CreateTimeout: seconds(e.CustomTimeouts.Create), UpdateTimeout: seconds(e.CustomTimeouts.Update),
			DeleteTimeout: seconds(e.CustomTimeouts.Delete),
		},
	}, nil
}

// opened converts properties from the form that a state stores: it turns objects with a signature back into secrets.
func opened(properties map[string]any) (Properties, error) {
	if properties == nil {
		return Properties{}, nil
	}
	v, err := open(properties)
	if err != nil {
		return nil, err
	}
	return v.(map[string]any), nil
}

func open(v any) (any, error) {
	var err error
	switch v := v.(type) {
	case []any:
		for i := range v {
			if v[i], err = open(v[i]); err != nil {
				return nil, fmt.Errorf("[%d]: %w", i, err)
			}
		}
	case map[string]any:
		if v[signatureKey] == secretSignature {
			return openSecret(v)
		}
		for key := range v {
			if v[key], err = open(v[key]); err != nil {
				return nil, fmt.Errorf("%s: %w", key, err)
			}
		}
	}
	return v, nil
}

func openSecret(v map[string]any) (any, error) {
	plaintext, isOpen := v["plaintext"].(string)
	if !isOpen {
		return Secret{Value: Unknown}, nil
	}
	var inner any
	if err := json.Unmarshal([]byte(plaintext), &inner); err != nil {
		return nil, fmt.Errorf("a secret's plain text is not JSON") // without the cause, which would quote the secret
	}
	inner, err := open(inner)
	return Secret{Value: inner}, err
}
