package crossguard

import (
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
)

// Remedy is a resource that may be corrected. Reads see the corrections of earlier remedies and of earlier calls of Set and
// Remove. Everything else stays as it was, including the engine's internal keys. A secret value stays secret even if it is
// replaced. Violation reports, as a warning, a problem that the remedy cannot correct.
type Remedy struct {
	*Resource
	properties *structpb.Struct
}

// Set gives a property a value: nil, a boolean, a number, a string, or slices and maps with string keys, at any depth. [Secret]
// may stand anywhere in it. Set makes the objects on the way to the property if they are absent. The last step may be an element
// of a list; the index after the last element appends one.
func (r *Remedy) Set(path string, v any) {
	replacement, err := propertyValue(v)
	if err != nil {
		panic(fmt.Sprintf("Set(%s): %v", path, err))
	}
	r.walk(path, func(parent *structpb.Value, s step) { enter(parent, s).Kind = replacement.Kind })
}

// SetSecret is like Set, and makes the value a secret in the stack's state even if the property was not secret before.
func (r *Remedy) SetSecret(path string, v any) {
	if !r.IsSecret(path) {
		v = Secret(v)
	}
	r.Set(path, v)
}

// Remove removes a property or an element of a list. It does nothing if the property or its parent is absent.
func (r *Remedy) Remove(path string) {
	if !r.Has(path) {
		return
	}
	r.walk(path, func(parent *structpb.Value, s step) {
		if s.inList {
			list := parent.GetListValue()
			list.Values = slices.Delete(list.Values, s.index, s.index+1)
			return
		}
		delete(parent.GetStructValue().Fields, s.key)
	})
}

// walk finds the object or list that contains the last step of a path, and calls do with it.
func (r *Remedy) walk(path string, do func(parent *structpb.Value, last step)) {
	if r.run.watch != nil {
		r.run.watch(r.run.typ, path)
	}
	at := structpb.NewStructValue(r.properties)
	for walked, rest := "", path; ; {
		var s step
		s, rest = nextStep(rest)
		r.prepare(at, walked, s)
		if rest == "" {
			do(at, s)
			break
		}
		at, walked = enter(at, s), appendStep(walked, s)
	}
	r.reread()
}

// prepare makes sure that value at can take a step. An absent value becomes an object or a list. Any other value that cannot take
// the step ends the policy.
func (r *Remedy) prepare(at *structpb.Value, walked string, s step) {
	if _, null := at.Kind.(*structpb.Value_NullValue); null || at.Kind == nil {
		if s.inList {
			at.Kind = &structpb.Value_ListValue{ListValue: &structpb.ListValue{}}
		} else {
			at.Kind = &structpb.Value_StructValue{StructValue: &structpb.Struct{}}
		}
	}
	is := "is a plain value"
	switch k := at.Kind.(type) {
	case *structpb.Value_StringValue:
		if isUnknown(k.StringValue) {
			r.run.endUnknown(walked)
		}
	case *structpb.Value_StructValue:
		if !s.inList {
			return
		}
		is = "is " + kindNames[kindObject]
	case *structpb.Value_ListValue:
		switch {
		case s.inList && s.index <= len(k.ListValue.Values):
			return
		case s.inList:
			r.run.wrongType(appendStep(walked, s), "does not exist", "an element of the list or the one after the last")
		}
		is = "is " + kindNames[kindList]
	}
	want := kindObject
	if s.inList {
		want = kindList
	}
	r.run.wrongType(walked, is, kindNames[want])
}

// enter returns the value that a step leads to. Inside a secret it returns the inner value, so that the property stays secret. It
// makes an absent value.
func enter(parent *structpb.Value, s step) *structpb.Value {
	if s.inList {
		list := parent.GetListValue()
		if s.index == len(list.Values) {
			list.Values = append(list.Values, structpb.NewNullValue())
		}
		return unwrap(list.Values[s.index])
	}
	object := parent.GetStructValue()
	if object.Fields == nil {
		object.Fields = map[string]*structpb.Value{}
	}
	if object.Fields[s.key] == nil {
		object.Fields[s.key] = structpb.NewNullValue()
	}
	return unwrap(object.Fields[s.key])
}

func unwrap(v *structpb.Value) *structpb.Value {
	for {
		object := v.GetStructValue()
		switch object.GetFields()[signatureKey].GetStringValue() {
		case secretSignature, outputSignature:
			inner := object.Fields["value"]
			if inner == nil {
				inner = structpb.NewStringValue(unknownString) // an output without a value is not known yet
				object.Fields["value"] = inner
			}
			v = inner
		default:
			return v
		}
	}
}

// reread makes the reading methods see the corrected properties.
func (r *Remedy) reread() {
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(r.properties)
	if err != nil {
		panic(fmt.Sprintf("encoding corrected properties: %v", err))
	}
	r.value = &value{kind: kindObject, text: string(b)}
}
