package cloud_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/cloudtest"
	"github.com/guiofsaints/procureflow-platform/emulator/rest/schema"
)

// field is a place in a message, with the types on the way: "[]" for a list, "{}" for a map.
type field struct{ steps, kinds []string }

func (f field) path() string { return strings.Join(f.steps, ".") }

// leaves are the fields below a message that a client may set. A message within itself is not followed.
func leaves(message string, steps, kinds []string) []field {
	var found []field
	api := message[:strings.Index(message, ":")+1]
	fields := schema.Fields(message)
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		kind := strings.TrimSuffix(fields[name], "?")
		if strings.HasSuffix(kind, "!") || len(steps) == 0 && (name == "name" || name == "etag") {
			continue
		}
		at := field{append(slices.Clone(steps), name), append(slices.Clone(kinds), kind)}
		inner, isMessage := strings.CutPrefix(strings.TrimPrefix(strings.TrimPrefix(kind, "[]"), "{}"), "#")
		if isMessage && len(schema.Fields(api+inner)) > 0 && len(steps) < 6 &&
			!slices.ContainsFunc(kinds, func(k string) bool { return strings.HasSuffix(k, "#"+inner) }) {
			found = append(found, leaves(api+inner, at.steps, at.kinds)...)
			continue
		}
		found = append(found, at)
	}
	return found
}

// samples are values of a type, the plainest first.
func samples(kind string) []any {
	switch {
	case strings.HasPrefix(kind, "[]"):
		var lists []any
		for _, item := range samples(kind[2:]) {
			lists = append(lists, []any{item})
		}
		return lists
	case strings.HasPrefix(kind, "{}"):
		return []any{map[string]any{"x": samples(kind[2:])[0]}}
	case strings.HasPrefix(kind, "#"), kind == "any":
		return []any{map[string]any{}}
	case kind == "boolean":
		return []any{true}
	case kind == "google-duration":
		return []any{"60s", "172800s"} // Keys of Cloud KMS wait for a day at least.
	case kind == "google-datetime":
		return []any{"2026-12-01T00:00:00Z"}
	case kind == "byte":
		return []any{"eA=="}
	case kind == "double" || kind == "float":
		return []any{0.5}
	case strings.HasPrefix(kind, "int64") || strings.HasPrefix(kind, "uint64"):
		return []any{"1"}
	case strings.HasPrefix(kind, "int") || strings.HasPrefix(kind, "uint"):
		return []any{1.0}
	case strings.Contains(kind, "|"):
		var values []any
		for _, value := range strings.Split(kind, "|")[1:] {
			values = append(values, value)
		}
		return values
	}
	return []any{"x"}
}

// outcome is what became of the best of a field's samples.
func (w *world) outcome(method, url, body, in string, at field) string {
	url += map[bool]string{true: "&", false: "?"}[strings.Contains(url, "?")] + "validateOnly=true"
	worst := "refuses"
	for _, sample := range samples(at.kinds[len(at.kinds)-1]) {
		var document map[string]any
		require.NoError(w.T, json.Unmarshal([]byte(body), &document))
		resource := document
		if in != "" {
			resource, _ = document[in].(map[string]any)
		}
		insert(resource, at, sample)
		encoded, err := json.Marshal(document)
		require.NoError(w.T, err)
		code, answer := w.Call(method, url, string(encoded))
		if response, isOperation := answer["response"].(map[string]any); isOperation {
			answer = response
		}
		if answer["kind"] == "sql#operation" {
			answer = w.madeForReal(url, document)
		}
		switch {
		case worst == "checks" && at.kinds[len(at.kinds)-1] == "google-duration":
			return worst // The API refused the shorter time.
		case code < 300 && fmt.Sprint(read(answer, at)) == fmt.Sprint(sample):
			return "stores"
		case code < 300:
			worst = "checks"
		case !strings.Contains(fmt.Sprint(cloudtest.Dig(answer, "error", "message")), "The emulator"):
			worst = "checks"
		}
	}
	return worst
}

// madeForReal makes a resource of Cloud SQL under its own name and reads it back: the answer to its creation does not show it.
func (w *world) madeForReal(url string, document map[string]any) map[string]any {
	w.made++
	document["name"] = fmt.Sprintf("f%d", w.made)
	if document["type"] == "CLOUD_IAM_USER" {
		document["name"] = fmt.Sprintf("f%d@example.com", w.made)
	}
	encoded, err := json.Marshal(document)
	require.NoError(w.T, err)
	path, _, _ := strings.Cut(url, "?")
	w.OK("POST", path, string(encoded))
	return w.OK("GET", path+"/"+document["name"].(string), "")
}

// insert puts a value at a field, and makes the missing objects on the way.
func insert(document map[string]any, at field, value any) {
	for i, step := range at.steps[:len(at.steps)-1] {
		into := document[step]
		if list, isList := into.([]any); isList && len(list) > 0 {
			into = list[0]
		} else if entries, isMap := into.(map[string]any); isMap && strings.HasPrefix(at.kinds[i], "{}") && len(entries) > 0 {
			into = entries[slices.Sorted(maps.Keys(entries))[0]]
		}
		inner, isObject := into.(map[string]any)
		if !isObject {
			inner = map[string]any{}
			switch {
			case strings.HasPrefix(at.kinds[i], "[]"):
				document[step] = []any{inner}
			case strings.HasPrefix(at.kinds[i], "{}"):
				document[step] = map[string]any{"x": inner}
			default:
				document[step] = inner
			}
		}
		document = inner
	}
	document[at.steps[len(at.steps)-1]] = value
}

// read takes a field's value out of an answer.
func read(answer map[string]any, at field) any {
	var value any = answer
	for i, step := range at.steps {
		document, _ := value.(map[string]any)
		value = document[step]
		if i == len(at.steps)-1 {
			break
		}
		if list, isList := value.([]any); isList && len(list) > 0 {
			value = list[0]
		} else if entries, isMap := value.(map[string]any); isMap && strings.HasPrefix(at.kinds[i], "{}") && len(entries) > 0 {
			value = entries[slices.Sorted(maps.Keys(entries))[0]]
		}
	}
	return value
}
