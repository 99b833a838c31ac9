package stacks

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// decode reads one node of a JSON tree into a value of the settings and reports everything that does not fit. The JSON
// package stops at the first fault, matches keys without regard to case, and quotes values in its messages.
func decode(node any, into reflect.Value, path string, found *findings) {
	here := path
	if here == "" {
		here = settingsKey
	}
	if node == nil {
		found.cannotRead(here, "has no value", "give it one, or remove the key if it is optional")
		return
	}
	if encrypted(node) && !secretValue.MatchString(path) {
		found.addEncrypted(path)
		found.unreadable(here)
		return
	}
	if text, ok := node.(string); ok && dateText.MatchString(text) {
		found.cannotRead(here, "must be text, not a date", "write it in quotes")
		return
	}
	if text, ok := node.(string); ok && strings.HasPrefix(text, StandInPrefix) {
		found.add(here, "is a stand-in for a value that only the owner knows", "replace it by "+findReal(path))
		node = unwrap(text, into.Kind())
	}
	if variables, ok := into.Addr().Interface().(*URLVariables); ok {
		into = reflect.ValueOf(&variables.Of).Elem()
		if _, list := node.([]any); list {
			into = reflect.ValueOf(&variables.Own).Elem()
		}
	}
	switch into.Kind() {
	case reflect.Struct:
		if entries, ok := node.(map[string]any); ok {
			decodeStruct(entries, into, path, found)
			return
		}
	case reflect.Map:
		if entries, ok := node.(map[string]any); ok {
			decodeMap(entries, into, path, found)
			return
		}
	case reflect.Slice:
		if entries, ok := node.([]any); ok {
			into.Set(reflect.MakeSlice(into.Type(), len(entries), len(entries)))
			for i, entry := range entries {
				decode(entry, into.Index(i), fmt.Sprintf("%s[%d]", path, i), found)
			}
			return
		}
	case reflect.Pointer:
		into.Set(reflect.New(into.Type().Elem()))
		decode(node, into.Elem(), path, found)
		return
	default:
		if decodeScalar(node, into) {
			return
		}
	}
	message, fix := wrongKind(node, into.Type())
	found.cannotRead(here, message, fix)
}

// decodeStruct reads a map with known keys: fields of the settings.
func decodeStruct(entries map[string]any, into reflect.Value, path string, found *findings) {
	known := fieldsOf(into.Type())
	for key := range entries {
		if _, ok := known[key]; !ok {
			found.cannotRead(join(path, key), "is not a setting", suggest(key, sortedKeys(known)))
		}
	}
	for key, field := range known {
		target, fieldPath := into.FieldByIndex(field.Index), join(path, key)
		node, present := entries[key]
		switch {
		case !present && required(field):
			found.cannotRead(fieldPath, "is missing", "add "+describe(field.Type, fieldPath))
		case !present:
			setDefault(target, field)
		case node == "":
			// An empty variable in a script that sets a digest must not mean "keep what runs".
			found.cannotRead(fieldPath, "is empty", "give it a value, or remove the key if it is optional")
		default:
			decode(node, target, fieldPath, found)
		}
	}
}

// decodeMap reads a map whose keys the settings' author chooses.
func decodeMap(entries map[string]any, into reflect.Value, path string, found *findings) {
	into.Set(reflect.MakeMapWithSize(into.Type(), len(entries)))
	for key, node := range entries {
		entry := reflect.New(into.Type().Elem()).Elem()
		decode(node, entry, join(path, key), found)
		into.SetMapIndex(reflect.ValueOf(key), entry)
	}
}

// decodeScalar sets a text, a number or a truth value, and reports whether node is one of the kind.
func decodeScalar(node any, into reflect.Value) bool {
	switch node := node.(type) {
	case string:
		if into.Kind() == reflect.String {
			into.SetString(node)
			return true
		}
	case bool:
		if into.Kind() == reflect.Bool {
			into.SetBool(node)
			return true
		}
	case json.Number:
		if into.CanInt() {
			number, err := strconv.ParseInt(node.String(), 10, into.Type().Bits())
			into.SetInt(number)
			return err == nil
		}
		if into.CanFloat() {
			number, err := strconv.ParseFloat(node.String(), 64)
			into.SetFloat(number)
			return err == nil
		}
	}
	return false
}

// wrongKind says what was expected and what kind of node was found instead, without its value.
func wrongKind(node any, want reflect.Type) (message, fix string) {
	found := kindOf(node)
	switch want.Kind() {
	case reflect.String:
		fix = "write text"
		if found == "a number" || found == "true or false" {
			fix = "write it in quotes"
		}
	case reflect.Struct, reflect.Map:
		fix = "write one 'key: value' on each line, indented"
	case reflect.Slice:
		fix = "write one '- value' on each line"
	default:
		fix = "write " + nameOf(want) + " without quotes"
	}
	if number := nameOf(want); found == "a number" && (number == "a number" || number == "a whole number") {
		found = "a fraction or a number too large"
	}
	return fmt.Sprintf("must be %s, not %s", nameOf(want), found), fix
}

// kindOf names the kind of a node of a JSON tree.
func kindOf(node any) string {
	switch node.(type) {
	case string:
		return "text"
	case json.Number:
		return "a number"
	case bool:
		return "true or false"
	case []any:
		return "a list"
	default:
		return "a map"
	}
}

// nameOf names what a field holds.
func nameOf(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "true or false"
	case reflect.Float64:
		return "a number"
	case reflect.Slice:
		return "a list"
	case reflect.Struct, reflect.Map:
		return "a map"
	default:
		return "a whole number"
	}
}

// describe says what to add where a required field is missing.
func describe(t reflect.Type, path string) string {
	text := nameOf(t)
	if t.Kind() == reflect.Struct {
		text += " with " + strings.Join(sortedKeys(fieldsOf(t)), ", ")
	}
	if source, ok := standInSource(path); ok {
		text += ": " + source
	}
	return text
}

// fieldsOf returns a settings type's fields by their key in the file.
func fieldsOf(t reflect.Type) map[string]reflect.StructField {
	fields := map[string]reflect.StructField{}
	for _, field := range reflect.VisibleFields(t) {
		key, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		fields[key] = field
	}
	return fields
}

// required reports whether a field has to be present. Optional fields are those that a copy of the file may omit.
func required(field reflect.StructField) bool {
	return !strings.Contains(field.Tag.Get("json"), ",omitempty")
}

// setDefault gives an absent field the value of its default tag, if it has one.
func setDefault(target reflect.Value, field reflect.StructField) {
	text, ok := field.Tag.Lookup("default")
	if !ok {
		return
	}
	if target.Kind() == reflect.String {
		target.SetString(text)
	} else if err := json.Unmarshal([]byte(text), target.Addr().Interface()); err != nil {
		panic(fmt.Sprintf("stacks: the default tag of %s is malformed: %v", field.Name, err))
	}
}

var plainKey = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// join appends a key to a path. A key that would make the path ambiguous is quoted.
func join(path, key string) string {
	switch {
	case !plainKey.MatchString(key):
		return path + "[" + strconv.Quote(key) + "]"
	case path == "":
		return key
	default:
		return path + "." + key
	}
}

func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}
