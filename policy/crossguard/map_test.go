package crossguard_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
	ct "github.com/guiofsaints/procureflow-platform/policy/crossguard/crossguardtest"
)

func TestMaps(t *testing.T) {
	t.Parallel()
	c := ct.Start(t, pack(policy(func(r *crossguard.Resource) {
		n := r.EachEntry("volumes", func(key string, volume crossguard.Object) {
			r.Violation("%s: %s has size %d", key, volume.Path("size"), volume.IntOr("size", 0))
		})
		labels := r.EachStringEntry("labels", func(key, label string) { r.Violation("%q is %q", key, label) })
		r.Violation("%d volumes, %d labels, %d by their keys", n, labels, r.LenMap("labels"))
	})))
	for name, test := range map[string]struct {
		in   ct.Properties
		want []string
	}{
		"absent": {nil, []string{"0 volumes, 0 labels, 0 by their keys"}},
		"in the order of keys": {ct.Properties{"volumes": object{"b": object{"size": 2}, "a.b": object{}},
			"labels": object{"z": "1", "a": 2, "b": true}}, []string{
			`a.b: volumes["a.b"].size has size 0`, "b: volumes.b.size has size 2", `"a" is "2"`, `"b" is "true"`, `"z" is "1"`,
			"2 volumes, 3 labels, 3 by their keys"}},
		"an unknown entry": {ct.Properties{"volumes": object{"a": ct.UnknownObject, "b": object{"size": ct.Unknown},
			"c": object{"size": 3}}, "labels": object{"x": ct.Unknown}}, []string{
			"c: volumes.c.size has size 3", "3 volumes, 1 labels, 1 by their keys", "not checked: volumes.a, volumes.b.size, labels.x " +
				"are known only after the update"}},
		"entries of wrong types": {ct.Properties{"volumes": object{"a": 1}, "labels": object{"x": []any{}}}, []string{
			"volumes.a is a number, must be an object", "labels.x is a list, must be a string", "1 volumes, 1 labels, 1 by their keys"}},
		"a list":         {ct.Properties{"volumes": []any{}}, []string{"volumes is a list, must be an object"}},
		"an unknown map": {ct.Properties{"volumes": ct.UnknownObject}, []string{"not checked: volumes is known only after the update"}},
		"secret entries": {ct.Properties{"labels": object{"a": ct.Secret{Value: "hunter2"}}},
			[]string{`"a" is "[secret]"`, "0 volumes, 1 labels, 1 by their keys"}},
		"the engine's own keys": {ct.Properties{"labels": object{"__defaults": []any{}, "a": nil}},
			[]string{"0 volumes, 0 labels, 0 by their keys"}},
		"a key like the engine's": {ct.Properties{"labels": object{"__token": "x"}},
			[]string{`"__token" is "x"`, "0 volumes, 1 labels, 1 by their keys"}},
	} {
		assert.Equal(t, test.want, c.Analyze(ct.Resource{Type: thing, Properties: test.in}).Messages(), name)
	}
}

// TestEntriesThatARuleOnlyCounts checks that an entry which is no object, or not known to be one, leaves the rule undecided even if
// nothing in the entry is read.
func TestEntriesThatARuleOnlyCounts(t *testing.T) {
	t.Parallel()
	c := ct.Start(t, pack(policy(func(r *crossguard.Resource) {
		r.Violation("%d", r.EachEntry("volumes", func(string, crossguard.Object) {}))
	})))
	volumes := object{"a": ct.UnknownObject, "b": 1, "c": object{}}
	assert.Equal(t, []string{"volumes.b is a number, must be an object", "3", "not checked: volumes.a is known only after the update"},
		c.Analyze(ct.Resource{Type: thing, Properties: ct.Properties{"volumes": volumes}}).Messages())
}

// TestAssetsAreObjects checks that a value with a signature that has no meaning for rules is read as what it is.
func TestAssetsAreObjects(t *testing.T) {
	t.Parallel()
	c := ct.Start(t, pack(policy(func(r *crossguard.Resource) { r.Violation("%s", r.StringOr("a.text", "absent")) })))
	asset := object{"4dabf18193072939515e22adb298388d": "c44067f5952c0a294b673a41bacd8c17", "text": "hello"}
	assert.Equal(t, []string{"hello"}, c.Analyze(ct.Resource{Type: thing, Properties: ct.Properties{"a": asset}}).Messages())
}

// TestEveryKeyCanBeNamed checks that the path that Key makes reads the key's property, and so does the path that a message names.
func TestEveryKeyCanBeNamed(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"plain", "a.b", "a[0]", `a"b`, `a"]b`, `a\b`, `a\"]`, "", " ", "]", "[", "ünï", "tab\t", "new\nline", "a/b"} {
		c := ct.Start(t, pack(policy(func(r *crossguard.Resource) {
			r.EachEntry("m", func(_ string, o crossguard.Object) { r.Violation("%s", r.StringOr(o.Path("x"), "absent")) })
			r.Violation("%s", r.StringOr("m"+crossguard.Key(key)+".x", "absent"))
			for k := range r.Keys("m") {
				r.Violation("%s", r.StringOr("m"+crossguard.Key(k)+crossguard.Key("x"), "absent"))
			}
		})))
		got := c.Analyze(ct.Resource{Type: thing, Properties: ct.Properties{"m": object{key: object{"x": "found"}}}})
		assert.Equal(t, []string{"found", "found", "found"}, got.Messages(), "%q", key)
	}
}

// TestRedactedSecretsAreUnknown checks "[secret]", which an analysis of a state sends in place of a secret that it cannot decrypt.
// In an update, which names a stack, the text is an ordinary value, so that a program cannot hide a value by writing it.
func TestRedactedSecretsAreUnknown(t *testing.T) {
	t.Parallel()
	read := func(r *crossguard.Resource) {
		r.Violation("%v %v", r.IsSecret("a.n"), r.IsKnown("a.n"))
		r.Violation("%d", r.IntOr("a.n", 0))
	}
	c := ct.Start(t, pack(policy(read), stackPolicy(func(s *crossguard.Stack) { s.Each(nil, read) })))
	provider := &ct.Resource{Type: "pulumi:providers:test", Properties: ct.Properties{}}
	one := ct.Resource{Type: thing, Properties: ct.Properties{"a": object{"n": "[secret]"}}, Provider: provider}
	redacted := []string{"true false", "not checked: a.n is known only after the update"}
	assert.Equal(t, redacted, c.Analyze(one).Messages())
	assert.Equal(t, redacted, c.AnalyzeStack(one).Messages())
	c.ConfigureStack(crossguard.Deployment{Stack: "dev"})
	given := []string{"false true", "a.n is a string, must be a whole number"}
	assert.Equal(t, given, c.Analyze(one).Messages())
	assert.Equal(t, given, c.AnalyzeStack(one).Messages())
}

func TestUndecided(t *testing.T) {
	t.Parallel()
	some := stackPolicy(func(s *crossguard.Stack) {
		good := 0
		s.Each([]string{thing}, func(r *crossguard.Resource) {
			r.Each("list", func(o crossguard.Object) { o.IntOr("n", 0) })
			if !r.Undecided() && r.IntOr("n", 0) == 7 {
				good++
			}
		})
		if good == 0 && !s.Undecided() {
			s.Violation("has no thing with an n of 7")
		}
	})
	c := ct.Start(t, pack(some))
	of := func(n any, list ...any) ct.Resource {
		return ct.Resource{Type: thing, Properties: ct.Properties{"n": n, "list": list}}
	}
	assert.Empty(t, c.AnalyzeStack(of(7)).Messages())
	assert.Equal(t, []string{"has no thing with an n of 7"}, c.AnalyzeStack(of(8)).Messages())
	assert.Equal(t, []string{"not checked: n is known only after the update"}, c.AnalyzeStack(of(8), of(ct.UnknownNumber)).Messages())
	assert.Equal(t, []string{"not checked: list[0].n is known only after the update"},
		c.AnalyzeStack(of(7, object{"n": ct.UnknownNumber})).Messages())
}

// TestUndecidedIsOneResources checks that an unknown value in one resource does not make another one undecided.
func TestUndecidedIsOneResources(t *testing.T) {
	t.Parallel()
	c := ct.Start(t, pack(stackPolicy(func(s *crossguard.Stack) {
		s.Each([]string{thing}, func(r *crossguard.Resource) {
			r.Each("list", func(o crossguard.Object) { o.IntOr("n", 0) })
			s.Violation("%s: %v", r.Name, r.Undecided())
		})
	})))
	unknown := ct.Resource{Type: thing, Name: "a", Properties: ct.Properties{"list": []any{object{"n": ct.UnknownNumber}}}}
	known := ct.Resource{Type: thing, Name: "b", Properties: ct.Properties{"list": []any{object{"n": 1}}}}
	assert.Equal(t, []string{"a: true", "b: false", "not checked: list[0].n is known only after the update"},
		c.AnalyzeStack(unknown, known).Messages())
}
