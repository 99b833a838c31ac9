package rules

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	ct "github.com/guiofsaints/procureflow-platform/policy/crossguard/crossguardtest"
)

// FuzzViolationsCannotHide takes a resource that violates a rule, and disguises it without changing its meaning: values wrapped as
// secrets or outputs, numbers and booleans as strings, unknown or null neighbours, the engine's keys, and empty objects. The rule
// must still report it, and no rule may fail.
func FuzzViolationsCannotHide(f *testing.F) {
	var violating []scenario
	for _, all := range [][]scenario{runScenarios(), iamScenarios(), dataScenarios(), githubScenarios()} {
		for _, s := range all {
			for _, b := range s.bad {
				if !b.marked {
					violating = append(violating, scenario{policy: s.policy, good: s.with(b), config: s.config})
				}
			}
		}
	}
	for i := range violating {
		f.Add(uint(i), uint64(i)*7919)
	}
	c := ct.Start(f, Pack())
	f.Fuzz(func(t *testing.T, which uint, seed uint64) {
		s := violating[which%uint(len(violating))]
		d := disguise{rand.New(rand.NewPCG(seed, seed))}
		r := s.good
		r.Properties = d.object(deepCopy(object(r.Properties)).(object), true)
		got := c.In(t).Analyze(r)
		got.Diagnostics = append(got.Diagnostics, c.In(t).AnalyzeStack(r).Diagnostics...)
		require.NotContains(t, strings.Join(got.Messages(), "\n"), "the rule itself failed", "%v", r.Properties)
		if s.config != "" {
			return // it needs other options than the defaults
		}
		for _, m := range got.Of(s.policy.Name).Diagnostics {
			if !strings.HasPrefix(m.Text, "not checked: ") {
				return
			}
		}
		t.Fatalf("%s does not report %s with the properties %v", s.policy.Name, r.Type, r.Properties)
	})
}

type disguise struct{ *rand.Rand }

func (d disguise) object(o object, top bool) object {
	made := object{}
	for key, v := range o {
		made[key] = d.value(v)
	}
	if top || d.IntN(2) == 0 {
		made[fmt.Sprintf("unrelated%d", d.IntN(9))] = []any{ct.Unknown, nil, object{}, "", ct.Output{}}[d.IntN(5)]
	}
	if d.IntN(4) == 0 {
		made["__defaults"] = []any{}
	}
	return made
}

func (d disguise) value(v any) any {
	switch plain := v.(type) {
	case object:
		v = d.object(plain, false)
	case []any:
		list := make([]any, len(plain))
		for i := range plain {
			list[i] = d.value(plain[i])
		}
		v = list
	case int:
		v = []any{plain, float64(plain), strconv.Itoa(plain), strconv.Itoa(plain) + ".0"}[d.IntN(4)]
	case bool:
		v = []any{plain, strconv.FormatBool(plain), strings.ToUpper(strconv.FormatBool(plain))}[d.IntN(3)]
	case ct.Secret, ct.Output:
		return v
	}
	if v == nil {
		return v
	}
	switch d.IntN(8) {
	case 0:
		return ct.Secret{Value: v}
	case 1:
		return ct.Output{Value: v, Known: true, Secret: d.IntN(2) == 0, Dependencies: []string{"urn:pulumi:dev::test::x::y"}}
	case 2:
		return ct.Output{Value: ct.Secret{Value: v}, Known: true}
	}
	return v
}

// FuzzRulesDoNotPanic gives every rule random properties of its types. No rule may panic.
func FuzzRulesDoNotPanic(f *testing.F) {
	policies := table()
	for i := range 3 * len(policies) {
		f.Add(uint(i), uint64(i))
	}
	c := ct.Start(f, Pack())
	f.Fuzz(func(t *testing.T, which uint, seed uint64) {
		d := disguise{rand.New(rand.NewPCG(seed, 1))}
		types := policies[which%uint(len(policies))].Types
		if len(types) == 0 { // the types come from a kind
			types = append(runIAM, bucket, database)
		}
		r := ct.Resource{Type: types[d.IntN(len(types))], Properties: d.random(4).(object)}
		for _, got := range []ct.Result{c.In(t).Analyze(r), c.In(t).AnalyzeStack(r)} {
			require.NotContains(t, strings.Join(got.Messages(), "\n"), "the rule itself failed", "%v", r.Properties)
		}
	})
}

// keys are property names that rules look for.
var keys = []string{"template", "spec", "containers", "image", "scaling", "maxInstanceCount", "envs", "name", "value", "metadata",
	"annotations", "labels", "role",
	"member", "members", "policyData", "replication", "auto", "environment", "reviewers", "users", "rules", "pullRequest",
	"cleanupPolicies", "resources", "limits"}

func (d disguise) random(depth int) any {
	if depth > 0 && (depth == 4 || d.IntN(3) > 0) {
		made := object{}
		for range d.IntN(8) {
			made[keys[d.IntN(len(keys))]] = d.random(depth - 1)
		}
		if depth == 4 || d.IntN(2) == 0 {
			return made
		}
		return []any{made, d.random(depth - 1)}
	}
	return []any{nil, 1, -1.5, "", "x", true, ct.Unknown, ct.UnknownObject, ct.Secret{Value: "s3cret"}, ct.Secret{Value: ct.Unknown},
		ct.Output{}, []any{},
		ct.Reference{URN: "urn:x", ID: ""}, `{"bindings":[{"role":1}]}`, "a\xffb", object{}}[d.IntN(16)]
}
