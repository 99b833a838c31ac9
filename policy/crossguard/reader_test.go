package crossguard_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
	ct "github.com/guiofsaints/procureflow-platform/policy/crossguard/crossguardtest"
)

const thing = "test:index/thing:Thing"

// policy returns a mandatory policy with one check.
func policy(check func(*crossguard.Resource)) crossguard.Policy {
	return crossguard.Policy{Name: "p", Description: "A thing is right.", Enforcement: crossguard.Mandatory, Check: check}
}

func pack(policies ...crossguard.Policy) crossguard.Pack {
	return crossguard.Pack{Name: "test", Version: "1.2.3", Policies: policies}
}

// say reports the results of a read as a violation, so that a test sees them on the other side of the protocol.
func say[T any](r *crossguard.Resource) func(T, bool) {
	return func(v T, set bool) { r.Violation("%v %v", v, set) }
}

func TestReads(t *testing.T) {
	t.Parallel()
	type object = map[string]any
	readInt := func(r *crossguard.Resource) { say[int64](r)(r.Int("a.b")) }
	readNumber := func(r *crossguard.Resource) { say[float64](r)(r.Number("a.b")) }
	readString := func(r *crossguard.Resource) { say[string](r)(r.String("a.b")) }
	readBool := func(r *crossguard.Resource) { say[bool](r)(r.Bool("a.b")) }
	has := func(r *crossguard.Resource) { r.Violation("%v", r.Has("a.b")) }
	readStrings := func(r *crossguard.Resource) { r.Violation("%q", r.Strings("a.b")) }
	eachString := func(r *crossguard.Resource) { r.EachString("a.b", func(s string) { r.Violation("%s", s) }) }
	known := func(r *crossguard.Resource) { r.Violation("%v %v", r.IsKnown("a.b"), r.IsKnown("a.b.c")) }
	keys := func(r *crossguard.Resource) {
		for key := range r.Keys("a.b") {
			r.Violation("%s=%s", key, r.StringOr(`a.b["`+key+`"]`, "?"))
		}
	}
	each := func(r *crossguard.Resource) {
		r.Each("a.b", func(o crossguard.Object) { r.Violation("%s: %d", o.Path("n"), o.IntOr("n", -1)) })
	}
	tests := []struct {
		name string
		read func(*crossguard.Resource)
		b    any // the value at a.b
		want []string
	}{
		{"int", readInt, 7, []string{"7 true"}},
		{"int negative", readInt, -7, []string{"-7 true"}},
		{"int zero is set", readInt, 0, []string{"0 true"}},
		{"int as a string", readInt, "7", []string{"7 true"}},
		{"int as a padded string", readInt, " 7 ", []string{"7 true"}},
		{"int with an exponent", readInt, "1e2", []string{"100 true"}},
		{"int secret", readInt, ct.Secret{Value: 7}, []string{"7 true"}},
		{"int secret string", readInt, ct.Secret{Value: "7"}, []string{"7 true"}},
		{"int output", readInt, ct.Output{Value: 7, Known: true}, []string{"7 true"}},
		{"int output of a secret", readInt, ct.Output{Value: ct.Secret{Value: 7}, Known: true}, []string{"7 true"}},
		{"int null", readInt, nil, []string{"0 false"}},
		{"int empty string", readInt, "", []string{"0 false"}},
		{"int fraction", readInt, 7.5, []string{"a.b is 7.5, must be a whole number"}},
		{"int too large", readInt, 1e300, []string{"a.b is 1e+300, must be a whole number"}},
		{"int word", readInt, "many", []string{"a.b is a string, must be a whole number"}},
		{"int not a number", readInt, "NaN", []string{"a.b is a string, must be a whole number"}},
		{"int bool", readInt, true, []string{"a.b is true or false, must be a whole number"}},
		{"int list", readInt, []any{7}, []string{"a.b is a list, must be a whole number"}},
		{"number", readNumber, 0.5, []string{"0.5 true"}},
		{"number as a string", readNumber, "0.5", []string{"0.5 true"}},
		{"number object", readNumber, object{}, []string{"a.b is an object, must be a number"}},
		{"string", readString, "x", []string{"x true"}},
		{"string empty is absent", readString, "", []string{" false"}},
		{"string number", readString, 1.5, []string{"1.5 true"}},
		{"string bool", readString, true, []string{"true true"}},
		{"string bytes", readString, "a\xff", []string{"a\ufffd true"}}, // a message is UTF-8: the rule saw the byte
		{"string reference", readString, ct.Reference{URN: "urn:x", ID: "id-1"}, []string{"id-1 true"}},
		{"string reference to a component", readString, ct.Reference{URN: "urn:x"}, []string{"urn:x true"}},
		{"string list", readString, []any{"x"}, []string{"a.b is a list, must be a string"}},
		{"int secret stays out of messages", readInt, ct.Secret{Value: 1234567}, []string{"[secret] true"}},
		{"int secret string stays out of messages", readInt, ct.Secret{Value: "1234567"}, []string{"[secret] true"}},
		{"int secret fraction stays out of messages", readInt, ct.Secret{Value: 1234567.5}, []string{"a.b is [secret], must be a whole number"}},
		{"number secret stays out of messages", readNumber, ct.Secret{Value: 1234567.5}, []string{"[secret] true"}},
		{"string secret stays out of messages", readString, ct.Secret{Value: "hunter2"}, []string{"[secret] true"}},
		{"two letters, which are in every text", readString, ct.Secret{Value: "no"}, []string{"no true"}},
		{"three letters stay out of messages", readString, ct.Secret{Value: "yes"}, []string{"[secret] true"}},
		{"bool", readBool, false, []string{"false true"}},
		{"bool empty text", readBool, "", []string{"false false"}},
		{"bool as a string", readBool, "True", []string{"true true"}},
		{"bool null", readBool, nil, []string{"false false"}},
		{"bool number", readBool, 1, []string{"a.b is a number, must be true or false"}},
		{"has an empty object", has, object{}, []string{"true"}},
		{"has null", has, nil, []string{"false"}},
		{"has false", has, false, []string{"true"}},
		{"strings", readStrings, []any{"x", 1, ct.Secret{Value: "y"}}, []string{`["x" "1" "y"]`}},
		{"strings secret list", readStrings, ct.Secret{Value: []any{"hunter2"}}, []string{`["[secret]"]`}},
		{"strings null", readStrings, nil, []string{"[]"}},
		{"strings with an object", readStrings, []any{"x", object{}}, []string{"a.b[1] is an object, must be a string"}},
		{"strings of a string", readStrings, "x", []string{"a.b is a string, must be a list"}},
		{"each string goes on", eachString, []any{object{}, ct.Unknown, "x", 1, ct.Secret{Value: "hunter2"}},
			[]string{"a.b[0] is an object, must be a string", "x", "1", "[secret]", "not checked: a.b[1] is known only after the update"}},
		{"known", known, 1, []string{"true true"}},
		{"unknown", known, ct.Unknown, []string{"false false"}},
		{"keys", keys, object{"k.v/1": "one", "__defaults": []any{}}, []string{"k.v/1=one"}},
		{"keys null value", keys, object{"k": nil}, nil},
		{"keys list", keys, []any{}, []string{"a.b is a list, must be an object"}},
		{"each", each, []any{object{"n": 1}, object{}}, []string{"a.b[0].n: 1", "a.b[1].n: -1"}},
		{"each of one block", each, object{"n": 1}, []string{"a.b[0].n: 1"}},
		{"each goes on after a wrong type", each, []any{"x", object{"n": "x"}, object{"n": 3}},
			[]string{"a.b[0] is a string, must be an object", "a.b[1].n is a string, must be a whole number", "a.b[2].n: 3"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := ct.Start(t, pack(policy(test.read)))
			got := c.Analyze(ct.Resource{Type: thing, Properties: ct.Properties{"a": object{"b": test.b}}})
			assert.Equal(t, test.want, got.Messages())
		})
	}
}

func TestReadsOfNestedPaths(t *testing.T) {
	t.Parallel()
	c := ct.Start(t, pack(policy(func(r *crossguard.Resource) {
		r.Violation("%s", r.StringOr("absent.deeper[3].x", "none"))
		r.Violation("%s", r.StringOr(`notes["a.b/c"][1].x`, "none"))
		r.Violation("%s", r.StringOr(`list[0]["k"]`, "none"))
		r.Violation("%d %d", r.Len("list"), r.Len("absent"))
		nested, set := r.Block("notes")
		r.Violation("%v %s %v", set, nested.Path("x"), r.IsSecret("hush.deep"))
		r.Violation("%v", r.BoolOr("list.x", true))
	})))
	got := c.Analyze(ct.Resource{Type: thing, Properties: ct.Properties{
		"notes": map[string]any{"a.b/c": []any{nil, map[string]any{"x": "found"}}},
		"list":  []any{map[string]any{"k": "first"}},
		"hush":  ct.Secret{Value: map[string]any{"deep": "x"}},
	}})
	assert.Equal(t, []string{
		"none", "found", "first", "1 0", "true notes.x true", "list is a list, must be an object",
	}, got.Messages())
}

// TestUnknownValues tries every form of an unknown value in every place where a read can meet it.
func TestUnknownValues(t *testing.T) {
	t.Parallel()
	reads := map[string]func(*crossguard.Resource){
		"Int":        func(r *crossguard.Resource) { r.IntOr("a.b", 0) },
		"Number":     func(r *crossguard.Resource) { r.NumberOr("a.b", 0) },
		"String":     func(r *crossguard.Resource) { r.StringOr("a.b", "") },
		"Bool":       func(r *crossguard.Resource) { r.BoolOr("a.b", false) },
		"Has":        func(r *crossguard.Resource) { r.Has("a.b") },
		"Block":      func(r *crossguard.Resource) { r.Block("a.b") },
		"Strings":    func(r *crossguard.Resource) { r.Strings("a.b") },
		"Keys":       func(r *crossguard.Resource) { r.Keys("a.b") },
		"EachString": func(r *crossguard.Resource) { r.EachString("a.b", func(string) {}) },
		"Len":        func(r *crossguard.Resource) { r.Len("a.b") },
		"Each":       func(r *crossguard.Resource) { r.Each("a.b", func(crossguard.Object) {}) },
	}
	type object = map[string]any
	for name, read := range reads {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := ct.Start(t, pack(policy(func(r *crossguard.Resource) {
				r.Violation("seen before")
				read(r)
				r.Violation("never seen")
			})))
			check := func(properties ct.Properties, path string) {
				got := c.Analyze(ct.Resource{Type: thing, Properties: properties})
				want := []ct.Message{
					{Policy: "p", Level: "mandatory", URN: ct.Resource{Type: thing}.URN(), Text: "seen before"},
					{Policy: "p", Level: "advisory", URN: ct.Resource{Type: thing}.URN(),
						Text: fmt.Sprintf("not checked: %s is known only after the update", path)},
				}
				assert.Equal(t, want, got.Diagnostics)
			}
			for _, unknown := range append([]any{ct.Output{}, ct.Output{Secret: true}}, ct.AllUnknown...) {
				check(ct.Properties{"a": object{"b": unknown}}, "a.b")
				check(ct.Properties{"a": object{"b": ct.Secret{Value: unknown}}}, "a.b")
				check(ct.Properties{"a": unknown}, "a")
			}
		})
	}
}

func TestUnknownInOneElementLeavesTheOthersChecked(t *testing.T) {
	t.Parallel()
	c := ct.Start(t, pack(policy(func(r *crossguard.Resource) {
		r.Each("list", func(o crossguard.Object) { r.Violation("n is %d", o.IntOr("n", 0)) })
		for _, s := range r.Strings("names") {
			r.Violation("never %s", s)
		}
	})))
	got := c.Analyze(ct.Resource{Type: thing, Properties: ct.Properties{
		"list":  []any{map[string]any{"n": ct.UnknownNumber}, ct.UnknownObject, map[string]any{"n": 5}},
		"names": []any{"x", ct.Unknown},
	}})
	assert.Equal(t, []string{
		"n is 5",
		"not checked: list[0].n, list[1], names[1] are known only after the update",
	}, got.Messages())
}

func TestReferenceWithoutIDIsUnknown(t *testing.T) {
	t.Parallel()
	c := ct.Start(t, pack(policy(func(r *crossguard.Resource) { r.StringOr("a", "") })))
	for _, id := range []any{"", ct.Unknown} {
		got := c.Analyze(ct.Resource{Type: thing, Properties: ct.Properties{"a": ct.Reference{URN: "urn:x", ID: id}}})
		assert.Equal(t, []string{"not checked: a is known only after the update"}, got.Messages())
	}
}
