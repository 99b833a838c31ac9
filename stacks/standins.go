package stacks

import (
	"encoding/json"
	"reflect"
	"regexp"
	"strconv"
	"strings"
)

// StandInPrefix marks a value that only the owner of the environment knows. The text after it has the form of the real
// value, so that the sandbox can run with it. [Parse], and with it a real `up`, refuses each stand-in by its path, and
// says where to find the real value.
const StandInPrefix = "stand-in:"

// standInSources says where to find the real value for a path. A star matches one key or one list index.
var standInSources = []struct{ pattern, source string }{
	{"project.number", "the output of: gcloud projects describe PROJECT --format='value(projectNumber)'"},
	{"project.billingAccount", "the ACCOUNT_ID that pays for the project, from: gcloud billing accounts list"},
	{"github.ownerId", "the output of: gh api users/OWNER --jq .id"},
	{"github.repositoryId", "the output of: gh api repos/OWNER/REPOSITORY --jq .id"},
	{"github.environments[*].reviewers[*]", "a reviewer's number, the output of: gh api users/LOGIN --jq .id"},
	{"github.workflows.refs[*]", "the commit of the platform's version, platform.commit of platform.yaml"},
	{"monitoring.alertEmails[*]", "an address that somebody reads at night"},
}

var listIndex = regexp.MustCompile(`\[\d+\]`)

// standInSource says where the real value of a path is found.
func standInSource(path string) (string, bool) {
	pattern := listIndex.ReplaceAllString(path, "[*]")
	for _, entry := range standInSources {
		if entry.pattern == pattern {
			return entry.source, true
		}
	}
	return "", false
}

// findReal is the fix of a stand-in.
func findReal(path string) string {
	if source, ok := standInSource(path); ok {
		return source
	}
	return "the real value"
}

// FillStandIns returns a copy of a document in which each stand-in is replaced by the value that follows its prefix,
// and how many were replaced. The document is the value of the configuration key as a YAML or JSON decoder returns it. Where the
// settings hold a whole number, a value of digits becomes an int64; elsewhere, as for project.number, it stays text.
func FillStandIns(document any) (any, int) {
	replaced := 0
	filled := fill(document, reflect.TypeFor[Settings](), &replaced)
	return filled, replaced
}

// fill copies one node. The type is that of the settings' field, or nil if the settings have no such key.
func fill(node any, t reflect.Type, replaced *int) any {
	switch node := node.(type) {
	case map[string]any:
		filled := make(map[string]any, len(node))
		at := typesIn(t)
		for key, value := range node {
			filled[key] = fill(value, at(key), replaced)
		}
		return filled
	case []any:
		var entry reflect.Type
		if t != nil && t.Kind() == reflect.Slice {
			entry = t.Elem()
		}
		filled := make([]any, len(node))
		for i, value := range node {
			filled[i] = fill(value, entry, replaced)
		}
		return filled
	case string:
		if !strings.HasPrefix(node, StandInPrefix) {
			return node
		}
		*replaced++
		kind := reflect.String
		if t != nil {
			kind = t.Kind()
		}
		if number, ok := unwrap(node, kind).(json.Number); ok {
			if value, err := number.Int64(); err == nil {
				return value
			}
		}
		return strings.TrimPrefix(node, StandInPrefix)
	default:
		return node
	}
}

// typesIn returns a function that returns the type of what a value of type t holds at a key, or nil if t has no such key.
func typesIn(t reflect.Type) func(key string) reflect.Type {
	switch {
	case t != nil && t.Kind() == reflect.Map:
		return func(string) reflect.Type { return t.Elem() }
	case t != nil && t.Kind() == reflect.Struct:
		fields := fieldsOf(t)
		return func(key string) reflect.Type { return fields[key].Type }
	}
	return func(string) reflect.Type { return nil }
}

// unwrap returns the value of a stand-in as a JSON node: a number if a whole number is expected and the value is one, else text.
func unwrap(text string, want reflect.Kind) any {
	value := strings.TrimPrefix(text, StandInPrefix)
	if want == reflect.Int || want == reflect.Int64 {
		if _, err := strconv.ParseInt(value, 10, 64); err == nil {
			return json.Number(value)
		}
	}
	return value
}
