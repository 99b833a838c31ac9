// Package schema describes the APIs' messages: their fields, the types of the fields, and the fields that only the API writes.
//
// The file schema.json is generated from the API descriptions that Google publishes (the discovery documents in
// google.golang.org/api). It is embedded, so that a program needs no file at run time. A test compares the two; `go test
// ./emulator/rest/schema -update` generates schema.json again.
package schema

import (
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

//go:embed schema.json
var embedded []byte

// messages maps "api:Message" to the fields and their types. A type is the name of a scalar, the values of an enumeration joined
// by |, or # and the name of a message. A list's type begins with []; a map from strings begins with {}. A type ends in ! if only
// the API writes the field, and in ? if a zero value differs from an absent one.
var messages = sync.OnceValue(func() map[string]map[string]string {
	var m map[string]map[string]string
	if err := json.Unmarshal(embedded, &m); err != nil {
		panic("schema.json: " + err.Error())
	}
	return m
})

// Error reports a body that does not fit its message. Its text is the API's.
type Error struct {
	// Violations lists the fields that do not fit.
	Violations []Violation
}

// Violation is one field that does not fit.
type Violation struct{ Field, Description string }

func (e *Error) Error() string {
	lines := make([]string, len(e.Violations))
	for i, v := range e.Violations {
		lines[i] = v.Description
	}
	return strings.Join(lines, "\n")
}

// Known reports whether the message exists.
func Known(message string) bool { return messages()[message] != nil }

// Normalize returns the body in the form in which the API would keep it. Fields get their JSON names (maxInstanceCount), even if
// the body uses the names in protocol buffers (max_instance_count). Fields that only the API writes, nulls and zero values are
// removed, and 64-bit integers become strings. root is the body's name in error texts and may be empty. The error is an *[Error].
func Normalize(message, root string, body map[string]any) (map[string]any, error) {
	return normalize(message, root, body, false)
}

// Check checks an answer of the API as [Normalize] checks a body. It keeps and checks the fields that only the API writes.
func Check(message string, answer map[string]any) error {
	_, err := normalize(message, "", answer, true)
	return err
}

func normalize(message, root string, body map[string]any, answer bool) (map[string]any, error) {
	if messages()[message] == nil {
		return nil, fmt.Errorf("schema: no message %s", message)
	}
	n := normalizer{api: message[:strings.Index(message, ":")+1], answer: answer}
	out := n.message(message, root, body)
	if len(n.violations) > 0 {
		return nil, &Error{Violations: n.violations}
	}
	return out, nil
}

type normalizer struct {
	api        string
	answer     bool
	violations []Violation
}

func (n *normalizer) fail(field, format string, args ...any) {
	n.violations = append(n.violations, Violation{Field: field, Description: fmt.Sprintf(format, args...)})
}

func (n *normalizer) message(message, path string, body map[string]any) map[string]any {
	out := map[string]any{}
	for _, given := range slices.Sorted(maps.Keys(body)) {
		value := body[given]
		name, kind, known := field(message, given)
		_, twice := body[name]
		switch {
		case !known && path == "":
			n.fail("", "Invalid JSON payload received. Unknown name %q: Cannot find field.", given)
			continue
		case !known:
			n.fail(path, "Invalid JSON payload received. Unknown name %q at '%s': Cannot find field.", given, path)
			continue
		case twice && given != name:
			n.fail(join(path, name), "Invalid value at '%s' (%s), the field is given twice: as %s and as %s.", join(path, name), "oneof",
				name, given)
			continue
		case value == nil || strings.HasSuffix(kind, "!") && !n.answer:
			continue
		}
		keepZero := strings.HasSuffix(kind, "?")
		if value = n.value(strings.TrimRight(kind, "!?"), join(path, name), value); keepZero || !zero(value) {
			out[name] = value
		}
	}
	return out
}

func (n *normalizer) value(kind, path string, value any) any {
	switch {
	case strings.HasPrefix(kind, "[]"):
		list, ok := value.([]any)
		if !ok {
			list = []any{value} // the JSON form of protocol buffers accepts a single value as a list of one
		}
		out := make([]any, 0, len(list))
		for i, item := range list {
			out = append(out, n.value(kind[2:], fmt.Sprintf("%s[%d]", path, i), item))
		}
		return out
	case strings.HasPrefix(kind, "{}"):
		object, ok := value.(map[string]any)
		if !ok {
			return n.wrong(path, "Map", value)
		}
		out := map[string]any{}
		for _, key := range slices.Sorted(maps.Keys(object)) {
			out[key] = n.value(kind[2:], fmt.Sprintf("%s[%s]", path, key), object[key])
		}
		return out
	case strings.HasPrefix(kind, "#"):
		object, ok := value.(map[string]any)
		if !ok {
			return n.wrong(path, "type.googleapis.com/"+kind[1:], value)
		}
		return n.message(n.api+kind[1:], path, object)
	default:
		return n.scalar(kind, path, value)
	}
}

var duration = regexp.MustCompile(`^-?[0-9]{1,12}(\.[0-9]{1,9})?s$`)

func (n *normalizer) scalar(kind, path string, value any) any {
	text, isText := value.(string)
	switch kind {
	case "any":
		return value
	case "string", "google-fieldmask":
		if isText {
			return value
		}
		return n.wrong(path, "TYPE_STRING", value)
	case "byte":
		if isText {
			return standardBase64(text)
		}
		return n.wrong(path, "TYPE_BYTES", value)
	case "boolean":
		if _, ok := value.(bool); ok {
			return value
		}
		return n.wrong(path, "TYPE_BOOL", value)
	case "int32", "uint32", "int64", "uint64":
		return n.integer(kind, path, value)
	case "double", "float":
		number, ok := number(value)
		if !ok {
			return n.wrong(path, "TYPE_"+strings.ToUpper(kind), value)
		}
		return number
	case "google-duration":
		if isText && duration.MatchString(text) {
			return value
		}
		return n.wrong(path, "type.googleapis.com/google.protobuf.Duration", value)
	case "google-datetime":
		if _, err := time.Parse(time.RFC3339Nano, text); isText && err == nil {
			return value
		}
		return n.wrong(path, "type.googleapis.com/google.protobuf.Timestamp", value)
	default: // an enumeration
		if values := strings.Split(kind, "|"); isText && slices.Contains(values, text) {
			if text == values[0] && strings.HasSuffix(text, "_UNSPECIFIED") {
				return "" // the zero value
			}
			return value
		}
		return n.wrong(path, "TYPE_ENUM", value)
	}
}

// standardBase64 returns bytes in the form in which APIs answer them. They take either alphabet, with padding or without, and gcloud
// sends the one for URLs. It returns other text as it is, because each API refuses it in words of its own.
func standardBase64(text string) string {
	plain := strings.TrimRight(strings.NewReplacer("-", "+", "_", "/").Replace(text), "=")
	raw, err := base64.RawStdEncoding.DecodeString(plain)
	if err != nil {
		return text
	}
	return base64.StdEncoding.EncodeToString(raw)
}

func (n *normalizer) integer(kind, path string, value any) any {
	number, ok := number(value)
	if !ok || number != math.Trunc(number) {
		return n.wrong(path, "TYPE_"+strings.ToUpper(kind), value)
	}
	if strings.HasSuffix(kind, "32") {
		if math.Abs(number) > math.MaxInt32 && kind == "int32" {
			return n.wrong(path, "TYPE_INT32", value)
		}
		return number
	}
	if number == 0 {
		return ""
	}
	if text, ok := value.(string); ok {
		return strings.TrimPrefix(text, "+")
	}
	return strconv.FormatInt(int64(number), 10)
}

// wrong records a violation in the API's words. It returns nil for the value.
func (n *normalizer) wrong(path, kind string, value any) any {
	shown := "a value of another kind" // an object or a list may be long, or secret
	switch value.(type) {
	case string, bool, float64:
		encoded, _ := json.Marshal(value)
		shown = string(encoded)
	}
	n.fail(path, "Invalid value at '%s' (%s), %s", path, kind, shown)
	return nil
}

func number(value any) (float64, bool) {
	switch v := value.(type) {
	case float64:
		return v, true
	case string:
		f, err := strconv.ParseFloat(v, 64)
		return f, err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
	default:
		return 0, false
	}
}

func zero(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case bool:
		return !v
	case float64:
		return v == 0
	case []any:
		return len(v) == 0
	case map[string]any:
		return false // an empty message counts as set; an empty map is treated alike, and no API here tells the two apart
	default:
		return false
	}
}

func join(path, name string) string {
	if path == "" {
		return Snake(name)
	}
	return path + "." + Snake(name)
}

// Snake returns a field's name in the form of the API's texts and masks: max_instance_count for maxInstanceCount.
func Snake(name string) string {
	var b strings.Builder
	for _, r := range name {
		if r >= 'A' && r <= 'Z' {
			b.WriteByte('_')
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// MaskPath finds the path of a mask ("template.containers" or "display_name") in the message. It returns the JSON names of the
// fields on the path. output is true if only the API writes the field.
func MaskPath(message, path string) (fields []string, output, found bool) {
	api := message[:strings.Index(message, ":")+1]
	steps := strings.Split(path, ".")
	for i, step := range steps {
		name, kind, found := field(message, step)
		if !found {
			return nil, false, false
		}
		fields = append(fields, name)
		output = output || strings.HasSuffix(kind, "!")
		kind = strings.TrimRight(kind, "!?")
		switch {
		case strings.HasPrefix(kind, "#"):
			message = api + kind[1:]
		case strings.HasPrefix(kind, "{}") && i == len(steps)-2:
			return append(fields, steps[i+1]), output, true
		case i < len(steps)-1:
			return nil, false, false
		}
	}
	return fields, output, true
}

// field finds a field by its JSON name or its snake_case name.
func field(message, step string) (name, kind string, found bool) {
	if kind, found := messages()[message][step]; found {
		return step, kind, true
	}
	if name := Camel(step); name != step {
		kind, found := messages()[message][name]
		return name, kind, found
	}
	return "", "", false
}

// Camel converts a field's name in protocol buffers to its JSON name: max_instance_count becomes maxInstanceCount. A name without
// an underscore between two characters stays as it is.
func Camel(name string) string {
	var b strings.Builder
	up := false
	for i, r := range name {
		switch {
		case r == '_' && i > 0:
			up = true
			continue
		case up && r >= 'a' && r <= 'z':
			r += 'A' - 'a'
		}
		up = false
		b.WriteRune(r)
	}
	return b.String()
}
