package adopt

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// unknown is the text that stands in previews for a value that is not known yet (plugin.UnknownStringValue in Pulumi's
// SDK).
const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"

// secretMark is the key of an object that stands for a secret in Pulumi's JSON (resource.SigKey in its SDK).
const secretMark = "4dabf18193072939515e22adb298388d"

// singular maps the provider's names of lists to the API's.
var singular = map[string]string{
	"envs": "env", "commands": "command", "dependsOns": "dependsOn", "buildInfos": "buildInfo", "traffics": "traffic",
}

// inAPI converts a program's inputs to the form of the API: lists have other names, ports are a list, and secrets have no
// values.
func inAPI(value any) any {
	switch value := value.(type) {
	case map[string]any:
		if _, secret := value[secretMark]; secret {
			return unknown
		}
		object := map[string]any{}
		for key, field := range value {
			inside := inAPI(field)
			_, isList := inside.([]any)
			switch {
			case key == "__defaults":
			case key == "ports" && !isList:
				object[key] = []any{inside}
			case isList:
				object[cmp.Or(singular[key], key)] = inside
			default:
				object[key] = inside
			}
		}
		return object
	case []any:
		entries := make([]any, len(value))
		for i, entry := range value {
			entries[i] = inAPI(entry)
		}
		return entries
	case string:
		if value == "[secret]" {
			return unknown
		}
	}
	return value
}

// field reads a field below a document; nil if it is absent.
func field(document any, path ...string) any {
	for _, key := range path {
		object, _ := document.(map[string]any)
		document = object[key]
	}
	return document
}

// text reads a field as text; empty if it is absent.
func text(document any, path ...string) string { return scalarText(field(document, path...)) }

func list(document any, path ...string) []any {
	entries, _ := field(document, path...).([]any)
	return entries
}

// take reads a field and removes it.
func take(document any, path ...string) any {
	object, _ := field(document, path[:len(path)-1]...).(map[string]any)
	value := object[path[len(path)-1]]
	delete(object, path[len(path)-1])
	return value
}

func clone(value any) any {
	switch value := value.(type) {
	case map[string]any:
		copied := map[string]any{}
		for key, inside := range value {
			copied[key] = clone(inside)
		}
		return copied
	case []any:
		copied := make([]any, len(value))
		for i, inside := range value {
			copied[i] = clone(inside)
		}
		return copied
	}
	return value
}

// scalarText returns a JSON value as text; empty for null, an empty text, an object or a list.
func scalarText(value any) string {
	switch value := value.(type) {
	case string:
		return value
	case bool:
		return strconv.FormatBool(value)
	case float64:
		return strconv.FormatFloat(value, 'f', -1, 64)
	case json.Number:
		return value.String()
	}
	return ""
}

// leaves collects the values below a document by their paths. An entry of a list is identified by its name or path, so that
// order does not count, or by its position if it has neither. False, zero and empty values are left out.
func leaves(value any, path string, into map[string]string) {
	below := func(key string) string {
		if path == "" {
			return key
		}
		return path + "." + key
	}
	switch value := value.(type) {
	case map[string]any:
		for key, inside := range value {
			leaves(inside, below(key), into)
		}
	case []any:
		var words []string
		for i, inside := range value {
			if word := scalarText(inside); word != "" {
				words = append(words, word)
				continue
			}
			leaves(inside, below(cmp.Or(text(inside, "name"), text(inside, "mountPath"), strconv.Itoa(i))), into)
		}
		if len(words) > 0 {
			into[path] = strings.Join(words, " ")
		}
	default:
		if shown := scalarText(value); shown != "" && shown != "false" && shown != "0" {
			into[path] = shown
		}
	}
}

// flat returns everything below a document in one line.
func flat(value any) string {
	found := map[string]string{}
	leaves(value, "", found)
	var parts []string
	for _, path := range slices.Sorted(maps.Keys(found)) {
		parts = append(parts, strings.TrimSpace(path+" "+found[path]))
	}
	return strings.Join(parts, ", ")
}

// quantity writes amounts of the same size alike: 1000m and 1, 1Gi and 1024Mi.
func quantity(value string) string {
	for suffix, factor := range map[string]float64{"m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "Ki": 1 << 10, "Mi": 1 << 20,
		"Gi": 1 << 30, "Ti": 1 << 40} {
		if number, found := strings.CutSuffix(value, suffix); found {
			if amount, err := strconv.ParseFloat(number, 64); err == nil {
				return fmt.Sprint(amount * factor)
			}
		}
	}
	if amount, err := strconv.ParseFloat(value, 64); err == nil {
		return fmt.Sprint(amount)
	}
	return value
}

// seconds writes durations of the same length alike: 300s and 300.0s.
func seconds(value string) string {
	if length, err := time.ParseDuration(value); err == nil {
		return fmt.Sprint(length.Seconds())
	}
	return value
}
