package provider

import (
	"fmt"
	"reflect"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"google.golang.org/protobuf/types/known/structpb"
)

// defaultsKey lists, in every object of the inputs, the properties that the provider filled in. The official providers store it
// there, and policies see it. It is not a property.
const defaultsKey = "__defaults"

// unknown is a value that the engine does not know yet. Inside this package, properties are plain JSON values, as in the API, or
// unknown. Secrets are unwrapped when they come in; [withSecretsOf] wraps them again.
type unknown struct{}

// properties decodes a message to properties.
func properties(message *structpb.Struct, label string) (resource.PropertyMap, error) {
	return plugin.UnmarshalProperties(message, plugin.MarshalOptions{
		Label: label, KeepUnknowns: true, KeepSecrets: true, KeepResources: true, SkipNulls: true, RejectAssets: true,
	})
}

// message encodes properties as a message.
func message(props resource.PropertyMap, label string) (*structpb.Struct, error) {
	return plugin.MarshalProperties(props, plugin.MarshalOptions{
		Label: label, KeepUnknowns: true, KeepSecrets: true, KeepResources: true, SkipNulls: true,
	})
}

// plainObject returns properties as JSON values without nulls.
func plainObject(props resource.PropertyMap) map[string]any {
	object := make(map[string]any, len(props))
	for key, value := range props {
		if p := plain(value); p != nil {
			object[string(key)] = p
		}
	}
	return object
}

func plain(value resource.PropertyValue) any {
	switch {
	case value.IsSecret():
		return plain(value.SecretValue().Element)
	case value.IsComputed():
		return unknown{}
	case value.IsOutput():
		if !value.OutputValue().Known {
			return unknown{}
		}
		return plain(value.OutputValue().Element)
	case value.IsObject():
		return plainObject(value.ObjectValue())
	case value.IsArray():
		list := make([]any, 0, len(value.ArrayValue()))
		for _, element := range value.ArrayValue() {
			list = append(list, plain(element))
		}
		return list
	case value.IsString():
		return value.StringValue()
	case value.IsNumber():
		return value.NumberValue()
	case value.IsBool():
		return value.BoolValue()
	}
	return nil // null, or a resource reference, which no property of the supported types accepts
}

// propertyMap converts the result of [plainObject] back to properties.
func propertyMap(object map[string]any) resource.PropertyMap {
	props := make(resource.PropertyMap, len(object))
	for key, value := range object {
		if value != nil {
			props[resource.PropertyKey(key)] = property(value)
		}
	}
	return props
}

func property(value any) resource.PropertyValue {
	switch v := value.(type) {
	case nil:
		return resource.NewNullProperty()
	case unknown:
		return resource.MakeComputed(resource.NewStringProperty(""))
	case map[string]any:
		return resource.NewObjectProperty(propertyMap(v))
	case []any:
		list := make([]resource.PropertyValue, len(v))
		for i, element := range v {
			list[i] = property(element)
		}
		return resource.NewArrayProperty(list)
	case string:
		return resource.NewStringProperty(v)
	case bool:
		return resource.NewBoolProperty(v)
	case float64:
		return resource.NewNumberProperty(v)
	}
	panic(fmt.Sprintf("provider: no property value for %T", value))
}

// withSecretsOf marks the values as secret that are secret in model at the same path.
func withSecretsOf(props, model resource.PropertyMap) resource.PropertyMap {
	for key, value := range props {
		if other, ok := model[key]; ok {
			props[key] = secretAs(value, other)
		}
	}
	return props
}

func secretAs(value, model resource.PropertyValue) resource.PropertyValue {
	switch {
	case model.IsSecret() || model.IsOutput() && model.OutputValue().Secret:
		if value.IsSecret() {
			return value
		}
		return resource.MakeSecret(value)
	case value.IsObject() && model.IsObject():
		return resource.NewObjectProperty(withSecretsOf(value.ObjectValue(), model.ObjectValue()))
	case value.IsArray() && model.IsArray():
		values, models := value.ArrayValue(), model.ArrayValue()
		for i := range min(len(values), len(models)) {
			values[i] = secretAs(values[i], models[i])
		}
		if len(values) > len(models) && model.ContainsSecrets() {
			return resource.MakeSecret(value) // elements cannot be matched, so the whole list becomes secret
		}
	}
	return value
}

// copyObject returns a deep copy, so that the caller's object never changes.
func copyObject(object map[string]any) map[string]any {
	if object == nil {
		return map[string]any{}
	}
	return copyValue(object).(map[string]any)
}

func copyValue(value any) any {
	return without(value, func(map[string]any, string) bool { return false })
}

// without returns a deep copy of a value without the entries of its objects that drop names.
func without(value any, drop func(object map[string]any, key string) bool) any {
	switch v := value.(type) {
	case map[string]any:
		object := make(map[string]any, len(v))
		for key, element := range v {
			if !drop(v, key) {
				object[key] = without(element, drop)
			}
		}
		return object
	case []any:
		list := make([]any, len(v))
		for i, element := range v {
			list[i] = without(element, drop)
		}
		return list
	}
	return value
}

// isZero reports whether the API would leave the value out of its answer.
func isZero(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case float64:
		return v == 0
	case bool:
		return !v
	case map[string]any:
		for _, element := range v {
			if !isZero(element) {
				return false
			}
		}
		return true
	case []any:
		return len(v) == 0
	}
	return false
}

// hasUnknown reports whether any part of the value is unknown.
func hasUnknown(value any) bool {
	switch v := value.(type) {
	case unknown:
		return true
	case map[string]any:
		for _, element := range v {
			if hasUnknown(element) {
				return true
			}
		}
	case []any:
		for _, element := range v {
			if hasUnknown(element) {
				return true
			}
		}
	}
	return false
}

func equal(a, b any) bool { return reflect.DeepEqual(a, b) }
