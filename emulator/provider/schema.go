package provider

import (
	"context"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"

	rpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// GetSchema returns the package's description, for languages that have no SDK of it, such as YAML. It has the types of the table and no
// other, and is made of the SDK's structs and of properties.txt. Programs with an SDK do not ask for it.
func (s *server) GetSchema(context.Context, *rpc.GetSchemaRequest) (*rpc.GetSchemaResponse, error) {
	text, err := json.Marshal(schemaOf(s.name))
	return &rpc.GetSchemaResponse{Schema: string(text)}, err
}

// described is a package in the form of Pulumi's schemas.
type described struct {
	Name      string                       `json:"name"`
	Version   string                       `json:"version"`
	Meta      map[string]string            `json:"meta"`
	Provider  describedResource            `json:"provider"`
	Resources map[string]describedResource `json:"resources"`
	Functions map[string]describedFunction `json:"functions"`
	Types     map[string]describedObject   `json:"types"`
}

type describedObject struct {
	Type       string                       `json:"type"`
	Properties map[string]describedProperty `json:"properties"`
	Required   []string                     `json:"required,omitempty"`
}

type describedResource struct {
	describedObject
	InputProperties map[string]describedProperty `json:"inputProperties"`
	RequiredInputs  []string                     `json:"requiredInputs,omitempty"`
}

type describedFunction struct {
	Inputs  describedObject `json:"inputs"`
	Outputs describedObject `json:"outputs"`
}

// describedProperty is a type, a reference to one, or both in a property.
type describedProperty struct {
	Type                 string             `json:"type,omitempty"`
	Ref                  string             `json:"$ref,omitempty"`
	Items                *describedProperty `json:"items,omitempty"`
	AdditionalProperties *describedProperty `json:"additionalProperties,omitempty"`
	Secret               bool               `json:"secret,omitempty"`
}

func schemaOf(name string) described {
	d := described{
		Name: name, Version: versions[name],
		// A token is package:module/file:Name; this takes the module out of it.
		Meta:      map[string]string{"moduleFormat": "(.*)(?:/[^/]*)"},
		Resources: map[string]describedResource{}, Functions: map[string]describedFunction{}, Types: map[string]describedObject{},
	}
	text := describedProperty{Type: "string"}
	d.Provider.InputProperties = map[string]describedProperty{"project": text, "region": text}
	if name == GitHub {
		d.Provider.InputProperties = map[string]describedProperty{"owner": text}
	}
	d.Provider.describedObject = describedObject{Type: "object"}
	for token, t := range types {
		if !strings.HasPrefix(token, name+":") {
			continue
		}
		inputs := d.object(shapeOf(t.args), token, "Args", "", t.facts)
		outputs := d.object(shapeOf(t.state), token, "", "", nil)
		for _, secret := range t.secrets {
			if property, has := outputs.Properties[secret]; has {
				property.Secret = true
				outputs.Properties[secret] = property
			}
		}
		d.Resources[token] = describedResource{describedObject: outputs, InputProperties: inputs.Properties, RequiredInputs: inputs.Required}
	}
	for token, f := range functions {
		if strings.HasPrefix(token, name+":") {
			d.Functions[token] = describedFunction{Inputs: d.object(shapeOf(result{f.args}), token, "Args", "", nil),
				Outputs: d.object(shapeOf(result{f.result}), token, "Result", "", nil)}
		}
	}
	return d
}

// object describes the object at a path of a resource. Objects inside it become types named after the token, the suffix and their path.
func (d described) object(s *shape, token, suffix, path string, known *facts) describedObject {
	o := describedObject{Type: "object", Properties: map[string]describedProperty{}}
	for _, name := range slices.Sorted(maps.Keys(s.fields)) {
		inner := join(path, name)
		o.Properties[name] = d.property(s.fields[name].shape, token, suffix, inner, known)
		if s.fields[name].required || known.at(inner).required {
			o.Required = append(o.Required, name)
		}
	}
	return o
}

func (d described) property(s *shape, token, suffix, path string, known *facts) describedProperty {
	switch s.kind {
	case reflect.Struct:
		name := typeToken(token, suffix, path)
		d.Types[name] = d.object(s, token, suffix, path, known)
		return describedProperty{Ref: "#/types/" + name}
	case reflect.Map:
		elem := d.property(s.elem, token, suffix, path, known)
		return describedProperty{Type: "object", AdditionalProperties: &elem}
	case reflect.Slice:
		elem := d.property(s.elem, token, suffix, path, known)
		return describedProperty{Type: "array", Items: &elem}
	case reflect.String:
		return describedProperty{Type: "string"}
	case reflect.Bool:
		return describedProperty{Type: "boolean"}
	case reflect.Int:
		return describedProperty{Type: "integer"}
	case reflect.Float64:
		return describedProperty{Type: "number"}
	}
	return describedProperty{Ref: "pulumi.json#/Any"}
}

// typeToken names the object at a path of a resource: gcp:run/service:Service and template.containers make
// gcp:run/ServiceTemplateContainers:ServiceTemplateContainers.
func typeToken(token, suffix, path string) string {
	module, _, _ := strings.Cut(token, "/")
	name := token[strings.LastIndex(token, ":")+1:] + suffix
	for part := range strings.SplitSeq(path, ".") {
		name += strings.ToUpper(part[:1]) + part[1:]
	}
	return module + "/" + name + ":" + name
}
