package provider

import (
	"reflect"
	"strings"
	"sync"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// shape is the type of a property: an object with named fields, a map, a list or a scalar. It is read from the SDK's structs,
// which are generated from the schema of the official provider.
type shape struct {
	kind   reflect.Kind // Struct, Map, Slice, String, Bool, Int, Float64
	fields map[string]field
	elem   *shape
}

// field is one property of an object.
type field struct {
	*shape
	required bool
}

// at returns the shape of the property at a path, or nil if there is no such property.
func (s *shape) at(path string) *shape {
	for name := range strings.SplitSeq(path, ".") {
		for s != nil && s.elem != nil {
			s = s.elem
		}
		if s == nil {
			return nil
		}
		s = s.fields[name].shape
	}
	return s
}

var shapes sync.Map // reflect.Type to *shape

// shapeOf returns the shape of an Args or State struct of the SDK.
func shapeOf(input pulumi.Input) *shape { return shapeOfType(input.ElementType()) }

func shapeOfType(t reflect.Type) *shape {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if known, ok := shapes.Load(t); ok {
		return known.(*shape)
	}
	s := &shape{kind: t.Kind()}
	switch t.Kind() {
	case reflect.Struct:
		s.fields = make(map[string]field, t.NumField())
		for i := range t.NumField() {
			f := t.Field(i)
			if f.Anonymous { // A state has its inputs' properties, and each of them may be absent.
				for name, given := range shapeOfType(f.Type).fields {
					s.fields[name] = field{shape: given.shape}
				}
				continue
			}
			name, _, _ := strings.Cut(f.Tag.Get("pulumi"), ",")
			if name == "" {
				continue
			}
			optional := f.Type.Kind() == reflect.Pointer || f.Type.Kind() == reflect.Slice || f.Type.Kind() == reflect.Map ||
				f.Type.Kind() == reflect.Interface
			s.fields[name] = field{shape: shapeOfType(f.Type), required: !optional}
		}
	case reflect.Map, reflect.Slice:
		s.elem = shapeOfType(t.Elem())
	}
	shapes.Store(t, s)
	return s
}

// name returns the word for a value of the shape in messages.
func (s *shape) name() string {
	switch s.kind {
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Slice:
		return "a list"
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "a boolean"
	case reflect.Int:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	}
	return "any value"
}

// join appends a property's name to a path. Paths contain only names of properties: the elements of a list share the list's path,
// as in the tables.
func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
