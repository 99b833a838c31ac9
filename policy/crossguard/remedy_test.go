package crossguard_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
	ct "github.com/guiofsaints/procureflow-platform/policy/crossguard/crossguardtest"
)

func remedy(name string, do func(*crossguard.Remedy)) crossguard.Policy {
	return crossguard.Policy{Name: name, Description: "A thing is put right.", Enforcement: crossguard.Remediate, Remediate: do}
}

type object = map[string]any

func TestRemedies(t *testing.T) {
	t.Parallel()
	set := func(path string, v any) func(*crossguard.Remedy) {
		return func(r *crossguard.Remedy) { r.Set(path, v) }
	}
	secret := func(path string, v any) func(*crossguard.Remedy) {
		return func(r *crossguard.Remedy) { r.SetSecret(path, v) }
	}
	remove := func(path string) func(*crossguard.Remedy) { return func(r *crossguard.Remedy) { r.Remove(path) } }
	tests := []struct {
		name     string
		do       func(*crossguard.Remedy)
		in, want ct.Properties // want is nil if nothing is corrected
		warning  string
	}{
		{"set", set("a", 1), ct.Properties{"a": 2.0}, ct.Properties{"a": 1.0}, ""},
		{"set the present value", set("a", 1), ct.Properties{"a": 1.0}, nil, ""},
		{"add", set("a", true), ct.Properties{"b": "x"}, ct.Properties{"a": true, "b": "x"}, ""},
		{"add deep", set(`a.b["c.d"]`, "x"), ct.Properties{"a": nil}, ct.Properties{"a": object{"b": object{"c.d": "x"}}}, ""},
		{"in a list", set("a[1].b", 1), ct.Properties{"a": []any{object{}, object{"b": 2.0, "c": 3.0}}},
			ct.Properties{"a": []any{object{}, object{"b": 1.0, "c": 3.0}}}, ""},
		{"after a list's end", set("a[1].b", 1), ct.Properties{"a": []any{object{}}}, ct.Properties{"a": []any{object{}, object{"b": 1.0}}}, ""},
		{"past a list's end", set("a[2].b", 1), ct.Properties{"a": []any{object{}}}, nil,
			"a[2] does not exist, must be an element of the list or the one after the last"},
		{"an element", set("a[0]", "y"), ct.Properties{"a": []any{"x", "z"}}, ct.Properties{"a": []any{"y", "z"}}, ""},
		{"an element of a list in a list", set("a[0][1]", "y"), ct.Properties{"a": []any{[]any{"x"}}},
			ct.Properties{"a": []any{[]any{"x", "y"}}}, ""},
		{"the first element", set("a[0]", "y"), ct.Properties{}, ct.Properties{"a": []any{"y"}}, ""},
		{"a secret element", set("a[0]", "y"), ct.Properties{"a": []any{ct.Secret{Value: "x"}}},
			ct.Properties{"a": []any{ct.Secret{Value: "y"}}}, ""},
		{"an element of an object", set("a[0]", 1), ct.Properties{"a": object{}}, nil, "a is an object, must be a list"},
		{"a property of a list", set("a.b", 1), ct.Properties{"a": []any{}}, nil, "a is a list, must be an object"},
		{"nested values", set("a", map[string][]map[string]int{"b": {{"c": 1}}}), ct.Properties{},
			ct.Properties{"a": object{"b": []any{object{"c": 1.0}}}}, ""},
		{"a secret in a value", set("a", []any{object{"b": crossguard.Secret("x"), "c": nil}}), ct.Properties{},
			ct.Properties{"a": []any{object{"b": ct.Secret{Value: "x"}, "c": nil}}}, ""},
		{"a value that is not a property", set("a", struct{}{}), ct.Properties{}, nil,
			"the remedy itself failed: Set(a): a struct {} is not a property"},
		{"a map without string keys", set("a", map[int]string{}), ct.Properties{}, nil,
			"the remedy itself failed: Set(a): a map[int]string is not a property"},
		{"any key", set("a"+crossguard.Key(`q"]\.`), 1), ct.Properties{}, ct.Properties{"a": object{`q"]\.`: 1.0}}, ""},
		{"under a plain value", set("a.b", 1), ct.Properties{"a": 5.0}, nil, "a is a plain value, must be an object"},
		{"under an unknown", set("a.b", 1), ct.Properties{"a": ct.UnknownObject}, nil, "a is known only after the update"},
		{"under an unknown output", set("a.b", 1), ct.Properties{"a": ct.Output{}}, nil, "a is known only after the update"},
		{"secret value stays secret", set("a", "new"), ct.Properties{"a": ct.Secret{Value: "old"}},
			ct.Properties{"a": ct.Secret{Value: "new"}}, ""},
		{"secret object stays secret", set("a.b", "new"), ct.Properties{"a": ct.Secret{Value: object{"b": "old", "c": "x"}}},
			ct.Properties{"a": ct.Secret{Value: object{"b": "new", "c": "x"}}}, ""},
		{"made a secret", secret("a.b", "x"), ct.Properties{"a": object{"b": "x"}}, ct.Properties{"a": object{"b": ct.Secret{Value: "x"}}}, ""},
		{"a new secret", secret("a", []string{"x"}), ct.Properties{}, ct.Properties{"a": ct.Secret{Value: []any{"x"}}}, ""},
		{"a secret made one again", secret("a", "new"), ct.Properties{"a": ct.Secret{Value: "old"}},
			ct.Properties{"a": ct.Secret{Value: "new"}}, ""},
		{"a secret within a secret", secret("a.b", "new"), ct.Properties{"a": ct.Secret{Value: object{}}},
			ct.Properties{"a": ct.Secret{Value: object{"b": ct.Secret{Value: "new"}}}}, ""},
		{"list of strings", set("a", []string{"x"}), ct.Properties{}, ct.Properties{"a": []any{"x"}}, ""},
		{"remove", remove("a.b"), ct.Properties{"a": object{"b": 1.0, "c": 2.0}}, ct.Properties{"a": object{"c": 2.0}}, ""},
		{"remove under a secret", remove("a.b"), ct.Properties{"a": ct.Secret{Value: object{"b": 1.0}}},
			ct.Properties{"a": ct.Secret{Value: object{}}}, ""},
		{"remove an element", remove("a[1]"), ct.Properties{"a": []any{"x", "y"}}, ct.Properties{"a": []any{"x"}}, ""},
		{"remove an absent property", remove("a.b"), ct.Properties{"c": 1.0}, nil, ""},
		{"an early end keeps nothing", func(r *crossguard.Remedy) { r.Set("a", 1); r.Has("u") },
			ct.Properties{"u": ct.Unknown}, nil, "u is known only after the update"},
		{"a violation is a warning", func(r *crossguard.Remedy) { r.Set("a", 1); r.Violation("b is beyond help") },
			ct.Properties{}, ct.Properties{"a": 1.0}, "b is beyond help"},
		{"a panic", func(r *crossguard.Remedy) { r.Set("a", 1); panic("oops") }, ct.Properties{}, nil, "the remedy itself failed: oops"},
		{"engine's keys and other secrets come back", set("a", 1),
			ct.Properties{"__defaults": []any{"x"}, "s": ct.Secret{Value: "hush"},
				"o": ct.Output{Value: 1.0, Known: true, Dependencies: []string{"urn:x"}},
				"u": ct.UnknownNumber, "r": ct.Reference{URN: "urn:y", ID: "z"}, "n": object{"__defaults": []any{}}},
			ct.Properties{"a": 1.0, "__defaults": []any{"x"}, "s": ct.Secret{Value: "hush"},
				"o": ct.Output{Value: 1.0, Known: true, Dependencies: []string{"urn:x"}},
				"u": ct.UnknownNumber, "r": ct.Reference{URN: "urn:y", ID: "z"}, "n": object{"__defaults": []any{}}}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := ct.Start(t, pack(remedy("fix", test.do)))
			got, did := c.Remediate(ct.Resource{Type: thing, Properties: test.in})
			if test.warning == "" {
				assert.Empty(t, did.Warnings)
			} else {
				require.Len(t, did.Warnings, 1)
				assert.Contains(t, did.Warnings[0].Text, "not corrected: "+test.warning)
			}
			if test.want == nil {
				assert.Empty(t, did.Policies)
				assert.Equal(t, test.in, got)
				return
			}
			assert.Equal(t, []string{"fix"}, did.Policies)
			assert.Equal(t, test.want, got)
			again, did := c.Remediate(ct.Resource{Type: thing, Properties: got})
			assert.Equal(t, got, again)
			assert.Empty(t, did.Policies, "a second run of the remedy must correct nothing")
		})
	}
}

func TestRemediesAreChained(t *testing.T) {
	t.Parallel()
	// The engine takes the last correction alone, so that it has to contain those before it.
	both := ct.Start(t, pack(remedy("a", func(r *crossguard.Remedy) { r.Set("a", 1) }),
		remedy("b", func(r *crossguard.Remedy) { r.Set("b", 2) })))
	corrected, _ := both.Remediate(ct.Resource{Type: thing, Properties: ct.Properties{"n": 1.0}})
	assert.Equal(t, ct.Properties{"n": 1.0, "a": 1.0, "b": 2.0}, corrected)

	double := func(r *crossguard.Remedy) { r.Set("n", float64(2*r.IntOr("n", 0))) }
	typed := remedy("typed", double)
	typed.Types = []string{"test:index/other:Other"}
	checker := policy(func(*crossguard.Resource) {})
	checker.Name = "checker"
	decline := remedy("decline", func(r *crossguard.Remedy) { r.NotApplicable("not now") })
	c := ct.Start(t, pack(remedy("one", double), remedy("two", double), remedy("three", double), typed, checker, decline))
	require.NoError(t,
		c.Configure(`{"two": "mandatory", "three": {"exemptions": [{"resource": "spared", "reason": "r", "expires": "9999-12-31"}]}, "checker": "remediate"}`))

	got, did := c.Remediate(ct.Resource{Type: thing, Properties: ct.Properties{"n": 1}})
	assert.Equal(t, ct.Properties{"n": 4.0}, got)
	assert.Equal(t, []string{"one", "three"}, did.Policies)
	assert.Equal(t, map[string]string{"typed": "applies only to test:index/other:Other", "checker": "checks resources and corrects none",
		"decline": "not now"}, did.NotApplicable)

	got, did = c.Remediate(ct.Resource{Type: thing, Name: "spared", Properties: ct.Properties{"n": 1}})
	assert.Equal(t, ct.Properties{"n": 2.0}, got)
	assert.Equal(t, "exempt until 9999-12-31: r", did.NotApplicable["three"])
}
