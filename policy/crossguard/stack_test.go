package crossguard_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
	ct "github.com/guiofsaints/procureflow-platform/policy/crossguard/crossguardtest"
)

func stackPolicy(check func(*crossguard.Stack)) crossguard.Policy {
	return crossguard.Policy{Name: "s", Description: "A stack is right.", Enforcement: crossguard.Mandatory, Severity: crossguard.Low,
		CheckStack: check}
}

func TestStackPolicies(t *testing.T) {
	t.Parallel()
	parent := ct.Resource{Type: "test:index/parent:Parent", Name: "top"}
	first := ct.Resource{Type: thing, Name: "first", Properties: ct.Properties{"n": 1}, Options: crossguard.Options{Parent: parent.URN()}}
	second := ct.Resource{Type: thing, Name: "second", Properties: ct.Properties{"n": ct.Unknown},
		Dependencies:         []string{first.URN(), "urn:elsewhere", parent.URN()},
		PropertyDependencies: map[string][]string{"n": {first.URN()}, "m": {"urn:elsewhere"}}}
	third := ct.Resource{Type: thing, Name: "third", Properties: ct.Properties{"n": []any{}}}
	c := ct.Start(t, pack(stackPolicy(func(s *crossguard.Stack) {
		names := func(all []*crossguard.Resource) (names []string) {
			for _, r := range all {
				names = append(names, r.Name)
			}
			return names
		}
		s.Violation("%d things of %d, dry run %v", s.Count(thing), s.Count(thing, parent.Type), s.Deployment.DryRun)
		s.Each([]string{thing}, func(r *crossguard.Resource) {
			p, has := r.Parent()
			if has {
				r.Violation("parent %s", p.Name)
			}
			r.Violation("depends on %v, n on %v, m on %v", names(r.Dependencies()), names(r.PropertyDependencies("n")),
				names(r.PropertyDependencies("m")))
			r.Violation("n is %d", r.IntOr("n", 0))
		})
		s.Each(nil, func(r *crossguard.Resource) { s.Violation("%s", r.Name) })
		_, found := s.Lookup("urn:elsewhere")
		s.Violation("%v", found)
	})))
	require.NoError(t, c.Configure(`{"s": "remediate"}`)) // mandatory, because a stack cannot be remediated
	got := c.AnalyzeStack(parent, first, second, third)
	at := func(urn, level, text string) ct.Message {
		return ct.Message{Policy: "s", Level: level, Severity: "low", URN: urn, Text: text}
	}
	assert.Equal(t, []ct.Message{
		at("", "mandatory", "3 things of 4, dry run false"),
		at(first.URN(), "mandatory", "parent top"),
		at(first.URN(), "mandatory", "depends on [], n on [], m on []"),
		at(first.URN(), "mandatory", "n is 1"),
		at(second.URN(), "mandatory", "depends on [first top], n on [first], m on []"),
		at(third.URN(), "mandatory", "depends on [], n on [], m on []"),
		at(third.URN(), "mandatory", "n is a list, must be a whole number"),
		at("", "mandatory", "top"), at("", "mandatory", "first"), at("", "mandatory", "second"), at("", "mandatory", "third"),
		at("", "mandatory", "false"),
		at(second.URN(), "advisory", "not checked: n is known only after the update"),
	}, got.Diagnostics)
}

// TestStackPoliciesAtLevelRemediate checks that a stack policy at level remediate is mandatory, as in the other SDKs, because
// nothing can correct a stack.
func TestStackPoliciesAtLevelRemediate(t *testing.T) {
	t.Parallel()
	p := stackPolicy(func(s *crossguard.Stack) { s.Violation("is wrong") })
	p.Enforcement = crossguard.Unset
	full := pack(p)
	full.Enforcement = crossguard.Remediate
	p.Enforcement = crossguard.Remediate
	for _, full := range []crossguard.Pack{full, pack(p)} {
		c := ct.Start(t, full)
		assert.Equal(t, "mandatory", c.AnalyzeStack().Diagnostics[0].Level)
		_, did := c.Remediate(ct.Resource{Type: thing})
		assert.Equal(t, ct.Remediated{NotApplicable: map[string]string{}}, did)
	}
}

func TestStackPoliciesApplyIfTheStackHasTheirTypes(t *testing.T) {
	t.Parallel()
	typed := stackPolicy(func(s *crossguard.Stack) { s.Violation("ran") })
	typed.Types = []string{thing}
	quiet := stackPolicy(func(s *crossguard.Stack) { s.NotApplicable("empty") })
	quiet.Name = "quiet"
	broken := stackPolicy(func(*crossguard.Stack) { panic("no") })
	broken.Name = "broken"
	broken.Enforcement = crossguard.Advisory
	off := stackPolicy(func(s *crossguard.Stack) { s.Violation("never") })
	off.Name, off.Enforcement = "off", crossguard.Disabled
	c := ct.Start(t, pack(typed, quiet, broken, off))

	got := c.AnalyzeStack(ct.Resource{Type: "test:index/other:Other"})
	assert.Equal(t, map[string]string{"s": "applies only to " + thing, "quiet": "empty"}, got.NotApplicable)
	assert.Equal(t, []string{"mandatory"}, []string{got.Of("broken").Diagnostics[0].Level})
	assert.Len(t, got.Diagnostics, 1)
	assert.Equal(t, []string{"ran"}, c.AnalyzeStack(ct.Resource{Type: thing}).Of("s").Messages())

	one := c.Analyze(ct.Resource{Type: thing})
	assert.Empty(t, one.Diagnostics)
	assert.Empty(t, one.NotApplicable)
}

// TestPoliciesLog checks that log lines are not findings, and that they contain no secrets, not even secrets that the policy reads
// later.
func TestPoliciesLog(t *testing.T) {
	t.Parallel()
	fix := remedy("fix", func(r *crossguard.Remedy) { r.Log("fixing") })
	c := ct.Start(t, pack(policy(func(r *crossguard.Resource) {
		r.Log("about hunter2")
		r.Each("list", func(o crossguard.Object) { o.Debug("at %s", o.Path("")) })
		r.StringOr("password", "")
		panic("oops")
	}), stackPolicy(func(s *crossguard.Stack) { s.Log("%d in all", s.Count(thing)) }), fix))
	one := ct.Resource{Type: thing, Properties: ct.Properties{"password": ct.Secret{Value: "hunter2"}, "list": []any{object{}}}}
	c.Remediate(one)
	c.Analyze(one)
	c.AnalyzeStack(one)
	assert.Equal(t, []crossguard.Logged{
		{Policy: "fix", URN: one.URN(), Text: "fixing"}, {Policy: "p", URN: one.URN(), Text: "about [secret]"},
		{Policy: "p", URN: one.URN(), Text: "at list[0]", Debug: true}, {Policy: "s", Text: "1 in all"}}, c.Logged())
}
