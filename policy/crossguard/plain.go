package crossguard

import (
	"fmt"
	"reflect"

	"google.golang.org/protobuf/types/known/structpb"
)

// Secret marks a value, or a part of a value, that [Remedy.Set] sets. The stack's state keeps it as a secret.
func Secret(v any) any { return secretValue{v} }

type secretValue struct{ v any }

// propertyValue encodes a value that a rule sets, as the engine encodes properties.
func propertyValue(v any) (*structpb.Value, error) {
	p, err := plain(v)
	if err != nil {
		return nil, err
	}
	return structpb.NewValue(p)
}

// plain converts a Go value to the types of JSON and structpb: nil, bool, float64, string, []any and map[string]any.
func plain(v any) (any, error) {
	if s, is := v.(secretValue); is {
		inner, err := plain(s.v)
		return map[string]any{signatureKey: secretSignature, "value": inner}, err
	}
	r := reflect.ValueOf(v)
	switch r.Kind() {
	case reflect.Invalid:
		return nil, nil
	case reflect.Bool:
		return r.Bool(), nil
	case reflect.String:
		return r.String(), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return float64(r.Int()), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return float64(r.Uint()), nil
	case reflect.Float32, reflect.Float64:
		return r.Float(), nil
	case reflect.Slice:
		return plainList(r)
	case reflect.Map:
		return plainMap(r)
	}
	return nil, fmt.Errorf("a %T is not a property: use booleans, numbers, strings, and slices and maps of them", v)
}

func plainList(list reflect.Value) (any, error) {
	all := make([]any, list.Len())
	for i := range all {
		element, err := plain(list.Index(i).Interface())
		if err != nil {
			return nil, fmt.Errorf("[%d]: %w", i, err)
		}
		all[i] = element
	}
	return all, nil
}

func plainMap(m reflect.Value) (any, error) {
	if m.Type().Key().Kind() != reflect.String {
		return nil, fmt.Errorf("a %s is not a property: use strings as keys", m.Type())
	}
	all := make(map[string]any, m.Len())
	for entries := m.MapRange(); entries.Next(); {
		inner, err := plain(entries.Value().Interface())
		if err != nil {
			return nil, fmt.Errorf("%s: %w", entries.Key(), err)
		}
		all[entries.Key().String()] = inner
	}
	return all, nil
}
