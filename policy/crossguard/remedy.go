package crossguard

import (
	"fmt"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
)

// Remedy is a resource that may be corrected. Reads see what earlier remedies and earlier calls of Set and Remove made of
// it. Everything that is not touched stays as it was: the engine's internal keys, and the secretness of values, also of
// a value that is replaced. Violation reports, as a warning, what could not be corrected.
type Remedy struct {
	*Resource
	properties *structpb.Struct
}

// Set gives a property a value: bool, int, float64, string, []any or map[string]any. Objects on the way to it that are
// absent are made; list elements are not.
func (r *Remedy) Set(path string, v any) {
	replacement, err := structpb.NewValue(plain(v))
	if err != nil {
		panic(fmt.Sprintf("Set(%s): %v", path, err))
	}
	object := r.properties
	for walked, rest := "", path; ; {
		var s step
		s, rest = nextStep(rest)
		if s.inList {
			panic(fmt.Sprintf("Set(%s): must not end in a list element", path))
		}
		walked = appendStep(walked, s)
		slot := slotOf(object, s.key)
		if rest == "" {
			slot.Kind = replacement.Kind
			break
		}
		object, rest = r.descend(slot, &walked, rest)
	}
	r.reread()
}

// SetSecret is Set for a value that is to be a secret in the stack's state, whether the property was one or not.
func (r *Remedy) SetSecret(path string, v any) {
	if !r.IsSecret(path) {
		v = map[string]any{signatureKey: secretSignature, "value": plain(v)}
	}
	r.Set(path, v)
}

// descend enters the object in a slot, and the elements of lists that the path indexes next.
func (r *Remedy) descend(slot *structpb.Value, walked *string, rest string) (*structpb.Struct, string) {
	for {
		switch k := slot.Kind.(type) {
		case *structpb.Value_NullValue, nil:
			slot.Kind = &structpb.Value_StructValue{StructValue: &structpb.Struct{}}
			continue
		case *structpb.Value_StructValue:
			if k.StructValue.Fields == nil {
				k.StructValue.Fields = map[string]*structpb.Value{}
			}
			return k.StructValue, rest
		case *structpb.Value_ListValue:
			var s step
			s, rest = nextStep(rest)
			*walked = appendStep(*walked, s)
			if !s.inList || s.index >= len(k.ListValue.Values) || rest == "" {
				r.run.wrongType(*walked, "does not exist", "an object in the list")
			}
			slot = unwrap(k.ListValue.Values[s.index])
			continue
		case *structpb.Value_StringValue:
			if isUnknown(k.StringValue) {
				r.run.endUnknown(*walked)
			}
		}
		r.run.wrongType(*walked, "is a plain value", kindNames[kindObject])
	}
}

// Remove takes a property away. One that is absent, or whose parent is, is left alone.
func (r *Remedy) Remove(path string) {
	if !r.Has(path) {
		return
	}
	object := r.properties
	for walked, rest := "", path; ; {
		var s step
		s, rest = nextStep(rest)
		walked = appendStep(walked, s)
		if rest == "" {
			delete(object.Fields, s.key)
			break
		}
		object, rest = r.descend(slotOf(object, s.key), &walked, rest)
	}
	r.reread()
}

// reread makes the reading methods see the corrected properties.
func (r *Remedy) reread() {
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(r.properties)
	if err != nil {
		panic(fmt.Sprintf("encoding corrected properties: %v", err))
	}
	r.value = &value{kind: kindObject, text: string(b)}
}

// slotOf is where a key's value goes: inside of a secret if it is one, so that it stays one.
func slotOf(object *structpb.Struct, key string) *structpb.Value {
	if object.Fields == nil {
		object.Fields = map[string]*structpb.Value{}
	}
	v := object.Fields[key]
	if v == nil {
		v = &structpb.Value{}
		object.Fields[key] = v
	}
	return unwrap(v)
}

func unwrap(v *structpb.Value) *structpb.Value {
	for {
		object := v.GetStructValue()
		switch object.GetFields()[signatureKey].GetStringValue() {
		case secretSignature, outputSignature:
			inner := object.Fields["value"]
			if inner == nil {
				inner = structpb.NewStringValue(unknownString) // an output without a value is one that is not known yet
				object.Fields["value"] = inner
			}
			v = inner
		default:
			return v
		}
	}
}
