package provider

import (
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
)

// rule says how a property differs from the API's field. A property without a rule has the API's name and shape.
type rule struct {
	// api is the field's name. Dots separate the names of a nested field.
	api string
	// list says that the API has a list, whose only element is the property.
	list bool
	// encode and decode translate a value that differs in more than its shape. If both are nil, the property's type decides.
	encode, decode func(any) any
}

// apiName returns the field that holds a property, relative to the object around it.
func (t *resourceType) apiName(path string) string {
	if name := t.rules[path].api; name != "" {
		return name
	}
	return path[strings.LastIndex(path, ".")+1:]
}

// encode converts inputs to the API's document. It leaves out properties that the document does not have.
func (t *resourceType) encode(inputs map[string]any) map[string]any {
	document := t.encodeObject(shapeOf(t.args), inputs, "")
	if t.request != nil {
		document = t.request(document)
	}
	return document
}

func (t *resourceType) encodeObject(s *shape, object map[string]any, path string) map[string]any {
	out := map[string]any{}
	for name, value := range object {
		p := join(path, name)
		f, known := s.fields[name]
		if !known || value == nil || path == "" && slices.Contains(t.local, name) || slices.Contains(t.outputOnly, p) {
			continue
		}
		if value == "" && t.facts.at(p).fallback == "" {
			continue // a default of the provider: the API refuses an empty text next to another choice
		}
		r := t.rules[p]
		if r.encode != nil {
			value = r.encode(value)
		} else {
			value = t.encodeValue(f.shape, value, p)
		}
		if r.list {
			value = []any{value}
		}
		if value != nil {
			doc.Set(out, value, strings.Split(t.apiName(p), ".")...)
		}
	}
	return out
}

func (t *resourceType) encodeValue(s *shape, value any, path string) any {
	switch v := value.(type) {
	case map[string]any:
		if s.kind == reflect.Struct {
			return t.encodeObject(s, v, path)
		}
		return copyValue(v)
	case []any:
		list := make([]any, len(v))
		for i, element := range v {
			list[i] = t.encodeValue(s.elem, element, path)
		}
		return list
	}
	return value
}

// decode converts the API's document to properties. It ignores fields without a property.
func (t *resourceType) decode(document map[string]any) map[string]any {
	if t.document != nil {
		document = t.document(document)
	}
	return t.decodeObject(shapeOf(t.state), document, "")
}

func (t *resourceType) decodeObject(s *shape, document map[string]any, path string) map[string]any {
	out := map[string]any{}
	for name, f := range s.fields {
		p := join(path, name)
		r := t.rules[p]
		value := doc.At(document, strings.Split(t.apiName(p), ".")...)
		if value == nil && t.singular && r.api == "" { // data sources have lists with plural names for single objects
			value = document[strings.TrimSuffix(name, "s")]
		}
		if _, named := t.rules[p]; value == nil || path == "" && !named && slices.Contains(t.local, name) {
			continue
		}
		if r.decode != nil {
			value = r.decode(value)
		} else {
			value = t.decodeValue(f.shape, value, p)
		}
		if value != nil {
			out[name] = value
		}
	}
	return out
}

// decodeValue gives a value the shape of its property. 64-bit numbers arrive as strings. A single object may arrive as a list of
// one, or the other way round. A value that does not fit is left out, because there the API is newer than the SDK.
func (t *resourceType) decodeValue(s *shape, value any, path string) any {
	switch s.kind {
	case reflect.Struct:
		if list, ok := value.([]any); ok && len(list) > 0 {
			value = list[0]
		}
		if object, ok := value.(map[string]any); ok {
			return t.decodeObject(s, object, path)
		}
		return nil
	case reflect.Slice:
		list, ok := value.([]any)
		if !ok {
			list = []any{value}
		}
		out := make([]any, 0, len(list))
		for _, element := range list {
			if element = t.decodeValue(s.elem, element, path); element != nil {
				out = append(out, element)
			}
		}
		return out
	case reflect.Map:
		object, ok := value.(map[string]any)
		if !ok {
			return nil
		}
		out := make(map[string]any, len(object))
		for key, element := range object {
			if element = t.decodeValue(s.elem, element, path); element != nil {
				out[key] = element
			}
		}
		return out
	case reflect.String:
		switch value.(type) {
		case string, float64, bool:
			return scalarText(value)
		}
		return nil
	case reflect.Int, reflect.Float64:
		switch v := value.(type) {
		case float64:
			return v
		case string:
			if number, err := strconv.ParseFloat(v, 64); err == nil {
				return number
			}
		}
		return nil
	case reflect.Bool:
		if b, ok := value.(bool); ok {
			return b
		}
		return nil
	}
	return copyValue(value)
}

// scalarText writes a scalar as the API does in a string. It returns "" for any other value.
func scalarText(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}
