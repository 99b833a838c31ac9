package stacks

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// These markers stand for a secret in a wrong place, as text and as a number. No message contains them by chance.
const (
	marker       = "hunter2-correct-horse"
	numberMarker = 730194628501
)

// disguises are the forms in which a secret may occur.
var disguises = map[string]func() any{
	"text":              func() any { return marker },
	"number":            func() any { return numberMarker },
	"fraction":          func() any { return numberMarker + 0.5 },
	"list":              func() any { return []any{marker, numberMarker} },
	"map":               func() any { return map[string]any{"value": marker, "version": numberMarker} },
	"nested":            func() any { return []any{map[string]any{"a": []any{marker}}} },
	"stand-in":          func() any { return StandInPrefix + marker },
	"address":           func() any { return "https://user:" + marker + "@example.com" },
	"mail":              func() any { return "A <" + marker + "@example.com>" },
	"not decrypted":     func() any { return map[string]any{"secure": marker} },
	"principal":         func() any { return "allUsers" + marker },
	"several lines":     func() any { return "a\n  " + marker },
	"percent and quote": func() any { return `%s"'` + marker },
}

// everyPath lists each place of a document, the keys that it may have there, and keys that it may not.
func everyPath(node any, path string) []string {
	var paths []string
	if path != "" {
		paths = append(paths, path)
	}
	switch node := node.(type) {
	case map[string]any:
		for key, value := range node {
			paths = append(paths, everyPath(value, join(path, key))...)
		}
		paths = append(paths, join(path, "unknown"), join(path, "valu"))
	case []any:
		for i, value := range node {
			paths = append(paths, everyPath(value, fmt.Sprintf("%s[%d]", path, i))...)
		}
	}
	return paths
}

// full returns a document with every optional place that a secret may get into.
func full(stack string) map[string]any {
	document := minimal(stack)
	put(document, "secrets.token.version", "1")
	put(document, "secrets.key.value", marker)
	put(document, "registry.readers", []any{"user:a@b.c"})
	put(document, "budget.forecastPercent", []any{100})
	put(document, "jobs.migrate", someJob())
	put(document, "jobs.migrate.environment", map[string]any{"A": "x"})
	put(document, "jobs.migrate.secrets", map[string]any{"B": "token"})
	put(document, "jobs.migrate.args", []any{"up"})
	put(document, "monitoring.channels", map[string]any{"chat": map[string]any{"kind": "slack", "target": "#alerts", "secret": marker},
		"hook": map[string]any{"kind": "webhook", "target": "https://hooks.example.com/x", "user": "u", "secret": marker}})
	for key, value := range map[string]any{
		"digest": someDigest, "port": 1, "cpu": "1", "memory": "1Gi", "cpuIdle": true, "concurrency": 1, "timeoutSeconds": 1, "minInstances": 1,
		"ingress": "all", "attempt": 1, "environment": map[string]any{"A": "x"}, "urlVariables": []any{"B"},
		"secrets": map[string]any{"C": "token"}, "traffic": map[string]any{"LATEST": 100},
	} {
		put(document, "services.web."+key, value)
	}
	return document
}

func requireNoMarker(t require.TestingT, err error) {
	if err == nil {
		return
	}
	for _, secret := range []string{marker, fmt.Sprint(numberMarker)} {
		require.NotContains(t, err.Error(), secret)
		var problems *Problems
		require.True(t, errors.As(err, &problems))
		require.NotContains(t, fmt.Sprintf("%#v", problems.List), secret)
	}
}

// TestMessagesHoldNoValue puts a secret at each place in each form. No message contains it.
func TestMessagesHoldNoValue(t *testing.T) {
	t.Parallel()
	for _, stack := range []string{dev, prod} {
		paths := everyPath(full(stack), "")
		require.Greater(t, len(paths), 80)
		answered := 0
		for _, path := range paths {
			for _, disguise := range disguises {
				document := full(stack)
				put(document, path, disguise())
				_, err := Parse(toJSON(t, document), stack)
				if err != nil {
					answered++
				}
				requireNoMarker(t, err)
			}
		}
		require.Greater(t, answered, len(paths), "most places refuse a secret; otherwise this test would see no messages")
	}
}

// TestMessagesHoldNoValueTogether puts the secret into several places at once, among other mistakes.
func TestMessagesHoldNoValueTogether(t *testing.T) {
	t.Parallel()
	names := sortedKeys(disguises)
	rapid.Check(t, func(t *rapid.T) {
		stack := rapid.SampledFrom([]string{dev, staging, prod}).Draw(t, "stack")
		document := full(stack)
		for range rapid.IntRange(1, 8).Draw(t, "faults") {
			paths := everyPath(document, "")
			slices.Sort(paths)
			path := rapid.SampledFrom(paths).Draw(t, "path")
			if rapid.Bool().Draw(t, "removed") {
				put(document, path, absent{})
			} else {
				put(document, path, disguises[rapid.SampledFrom(names).Draw(t, "form")]())
			}
		}
		text, err := json.Marshal(document)
		require.NoError(t, err)
		_, err = Parse(text, stack)
		requireNoMarker(t, err)
	})
}

// TestMessagesHoldNoBrokenText pastes a secret over the settings, so that the text is not even JSON.
func TestMessagesHoldNoBrokenText(t *testing.T) {
	t.Parallel()
	for _, text := range []string{marker, `"` + marker, `{"a": ` + marker + `}`, `{} ` + marker, `{"` + marker} {
		_, err := Parse([]byte(text), dev)
		require.Error(t, err)
		requireNoMarker(t, err)
	}
}

// FuzzParse checks any text: Parse does not panic, returns either settings or problems, and sorts the problems, which are complete
// and always the same.
func FuzzParse(f *testing.F) {
	for _, stack := range []string{dev, staging, prod} {
		for _, document := range []map[string]any{minimal(stack), full(stack)} {
			text, err := json.Marshal(document)
			require.NoError(f, err)
			f.Add(text, stack)
		}
	}
	for _, text := range []string{`null`, `{"project":{"number":1e999}}`, `{"a.b[c]":{"":0}}`, `{"services":{"":{"traffic":{"":-1}}}}`} {
		f.Add([]byte(text), prod)
	}
	f.Fuzz(func(t *testing.T, document []byte, stack string) {
		_, err := Parse(document, stack)
		if err == nil {
			return
		}
		var problems *Problems
		require.True(t, errors.As(err, &problems))
		require.NotEmpty(t, problems.List)
		require.True(t, slices.IsSortedFunc(problems.List, func(a, b Problem) int { return strings.Compare(a.Path, b.Path) }))
		for _, problem := range problems.List {
			require.NotEmpty(t, problem.Path)
			require.NotEmpty(t, problem.Message)
			require.NotEmpty(t, problem.Fix)
		}
		_, again := Parse(document, stack)
		require.Equal(t, err.Error(), again.Error())
	})
}
