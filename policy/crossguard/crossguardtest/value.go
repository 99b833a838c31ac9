package crossguardtest

import (
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/structpb"
)

// Properties are a resource's properties. A value is nil, a bool, int, float64, string, []any, map[string]any or Properties.
// Unknown, Secret, Output and Reference may take the place of any value.
type Properties map[string]any

// An unknown value has a type. The engine sends a different string for each of these types.
const (
	Unknown        = unknown("04da6b54-80e4-46f7-96ec-b56ff0331ba9") // a string, or a value whose type does not matter
	UnknownBool    = unknown("1c4a061d-8072-4f0a-a4cb-0ff528b18fe7")
	UnknownNumber  = unknown("3eeb2bf0-c639-47a8-9e75-3b44932eb421")
	UnknownArray   = unknown("6a19a0b0-7e62-4c92-b797-7f8e31da9cc2")
	UnknownObject  = unknown("dd056dcd-154b-4c76-9bd3-c8f88648b5ff")
	UnknownAsset   = unknown("030794c1-ac77-496b-92df-f27374a8bd58")
	UnknownArchive = unknown("e48ece36-62e2-4504-bad9-02848725956a")
)

// AllUnknown lists the unknown values of all types.
var AllUnknown = []any{Unknown, UnknownBool, UnknownNumber, UnknownArray, UnknownObject, UnknownAsset, UnknownArchive}

type unknown string

// Secret is a value marked as secret.
type Secret struct{ Value any }

// Output is an output value, in the form for receivers that ask the engine to keep outputs. It is unknown if Known is false.
type Output struct {
	// Value is the value, if it is known.
	Value any
	// Known says that the value is known, and Secret that it is a secret.
	Known, Secret bool
	// Dependencies are the URNs of the resources that the value depends on. Default: none.
	Dependencies []string
}

// Reference refers to another resource. ID is its id as a string, Unknown, or nil for a component, which has no id.
type Reference struct {
	URN string
	ID  any
}

// The engine marks special values with these signatures (pulumi/sdk go/common/resource/sig). The conformance test compares this
// encoding with that of Pulumi's SDK.
const (
	signatureKey       = "4dabf18193072939515e22adb298388d"
	secretSignature    = "1b47061264138c4ac30d75fd1eb44270"
	outputSignature    = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
	bytesSignature     = "803fd3297a5875dc03ca845dda5d2a98"
	referenceSignature = "5cf8f73096256a8f31e491e813e4eb8e"
)

// Marshal encodes properties as the engine does for a receiver that keeps unknown values and secrets.
func Marshal(properties Properties) (*structpb.Struct, error) {
	v, err := marshal(map[string]any(properties))
	if err != nil {
		return nil, err
	}
	return v.GetStructValue(), nil
}

func marshal(v any) (*structpb.Value, error) {
	switch v := v.(type) {
	case Properties:
		return marshal(map[string]any(v))
	case map[string]any:
		object := &structpb.Struct{Fields: make(map[string]*structpb.Value, len(v))}
		for key, val := range v {
			field, err := marshal(val)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", key, err)
			}
			object.Fields[key] = field
		}
		return structpb.NewStructValue(object), nil
	case []any:
		list := &structpb.ListValue{}
		for i, val := range v {
			element, err := marshal(val)
			if err != nil {
				return nil, fmt.Errorf("[%d]: %w", i, err)
			}
			list.Values = append(list.Values, element)
		}
		return structpb.NewListValue(list), nil
	case []string:
		list := make([]any, len(v))
		for i := range v {
			list[i] = v[i]
		}
		return marshal(list)
	case unknown:
		return structpb.NewStringValue(string(v)), nil
	case Secret:
		return signed(secretSignature, map[string]any{"value": v.Value})
	case Output:
		return marshalOutput(v)
	case Reference:
		object := map[string]any{"urn": v.URN}
		if parts := strings.Split(v.URN, "::"); len(parts) == 4 { // urn:pulumi:STACK::PROJECT::PARENT$TYPE::NAME
			object["type"], object["name"] = parts[2][strings.LastIndex(parts[2], "$")+1:], parts[3]
		}
		if v.ID != nil {
			object["id"] = v.ID
		}
		return signed(referenceSignature, object)
	case string:
		if !utf8.ValidString(v) {
			return signed(bytesSignature, map[string]any{"value": base64.StdEncoding.EncodeToString([]byte(v))})
		}
	}
	return structpb.NewValue(v)
}

func marshalOutput(o Output) (*structpb.Value, error) {
	object := map[string]any{}
	if o.Known {
		object["value"] = o.Value
	}
	if o.Secret {
		object["secret"] = true
	}
	if len(o.Dependencies) > 0 {
		object["dependencies"] = o.Dependencies
	}
	return signed(outputSignature, object)
}

func signed(signature string, object map[string]any) (*structpb.Value, error) {
	object[signatureKey] = signature
	return marshal(object)
}

// Unmarshal decodes the result of [Marshal]. Whole numbers come back as float64.
func Unmarshal(s *structpb.Struct) Properties {
	properties := Properties{}
	for key, v := range s.GetFields() {
		properties[key] = unmarshal(v)
	}
	return properties
}

func unmarshal(v *structpb.Value) any {
	switch k := v.Kind.(type) {
	case *structpb.Value_ListValue:
		list := make([]any, len(k.ListValue.Values))
		for i, element := range k.ListValue.Values {
			list[i] = unmarshal(element)
		}
		return list
	case *structpb.Value_StringValue:
		for _, u := range AllUnknown {
			if string(u.(unknown)) == k.StringValue {
				return u
			}
		}
	case *structpb.Value_StructValue:
		return unmarshalObject(k.StructValue)
	}
	return v.AsInterface()
}

func unmarshalObject(s *structpb.Struct) any {
	object := map[string]any(Unmarshal(s))
	signature, _ := object[signatureKey].(string)
	switch signature {
	case secretSignature:
		return Secret{object["value"]}
	case outputSignature:
		v, known := object["value"]
		secret, _ := object["secret"].(bool)
		o := Output{Value: v, Known: known, Secret: secret}
		list, _ := object["dependencies"].([]any)
		for _, urn := range list {
			o.Dependencies = append(o.Dependencies, fmt.Sprint(urn))
		}
		return o
	case referenceSignature:
		return Reference{URN: fmt.Sprint(object["urn"]), ID: object["id"]}
	case bytesSignature:
		text, _ := object["value"].(string)
		if decoded, err := base64.StdEncoding.DecodeString(text); err == nil {
			return string(decoded)
		}
	}
	return object
}
