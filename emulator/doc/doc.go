// Package doc reads and changes the JSON documents of the emulated APIs. A document is a map[string]any, with numbers as float64.
// All APIs use these functions.
package doc

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"strconv"
	"strings"
)

// At returns the value at a path of fields, or nil if there is no such value.
func At(document map[string]any, path ...string) any {
	var value any = document
	for _, step := range path {
		m, ok := value.(map[string]any)
		if !ok {
			return nil
		}
		value = m[step]
	}
	return value
}

// Text returns the string at a path of fields, or "" if there is no such string.
func Text(document map[string]any, path ...string) string {
	s, _ := At(document, path...).(string)
	return s
}

// Object returns the object at a path of fields, or nil if there is no such object.
func Object(document map[string]any, path ...string) map[string]any {
	m, _ := At(document, path...).(map[string]any)
	return m
}

// List returns the list at a path of fields, or nil if there is no such list.
func List(document map[string]any, path ...string) []any {
	l, _ := At(document, path...).([]any)
	return l
}

// Objects returns the objects in the list at a path of fields. An element of another type becomes nil, so that positions stay.
func Objects(document map[string]any, path ...string) []map[string]any {
	items := List(document, path...)
	objects := make([]map[string]any, len(items))
	for i, item := range items {
		objects[i], _ = item.(map[string]any)
	}
	return objects
}

// Texts returns the strings in the list at a path of fields.
func Texts(document map[string]any, path ...string) []string {
	var texts []string
	for _, item := range List(document, path...) {
		if s, ok := item.(string); ok {
			texts = append(texts, s)
		}
	}
	return texts
}

// Number returns the number at a path of fields, or 0 if there is no such number.
func Number(document map[string]any, path ...string) float64 {
	f, _ := At(document, path...).(float64)
	return f
}

// Flag returns the boolean at a path of fields, or false if there is no such boolean.
func Flag(document map[string]any, path ...string) bool {
	b, _ := At(document, path...).(bool)
	return b
}

// Set sets the value at a path of fields. It creates missing objects on the way.
func Set(document map[string]any, value any, path ...string) {
	for _, step := range path[:len(path)-1] {
		document = Ensure(document, step)
	}
	document[path[len(path)-1]] = value
}

// Default sets a field that is absent.
func Default(document map[string]any, field string, value any) {
	if _, found := document[field]; !found {
		document[field] = value
	}
}

// Ensure returns the object in a field. It creates a missing object.
func Ensure(document map[string]any, field string) map[string]any {
	if inner := Object(document, field); inner != nil {
		return inner
	}
	inner := map[string]any{}
	document[field] = inner
	return inner
}

// With returns a copy of the document with a value at the path. A nil value removes the path. The original stays as it is.
func With(document map[string]any, value any, path ...string) map[string]any {
	fresh := maps.Clone(document)
	if fresh == nil {
		fresh = map[string]any{}
	}
	if len(path) > 1 {
		value = With(Object(document, path[0]), value, path[1:]...)
	}
	if value == nil {
		delete(fresh, path[0])
	} else {
		fresh[path[0]] = value
	}
	return fresh
}

// Without returns a copy of the document without some fields. The original stays as it is.
func Without(document map[string]any, fields ...string) map[string]any {
	fresh := maps.Clone(document)
	for _, field := range fields {
		delete(fresh, field)
	}
	return fresh
}

// Equal compares two JSON values.
func Equal(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// Seconds reads a duration in the JSON form of protocol buffers: 300 for "300s". It returns 0 for any other text.
func Seconds(duration string) float64 {
	f, _ := strconv.ParseFloat(strings.TrimSuffix(duration, "s"), 64)
	return f
}

// Last returns the last segment of a resource name, and "" for "".
func Last(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

// Respond writes the status code and the body of an answer.
func Respond(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(code)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(body) // the client is gone when this fails
}
