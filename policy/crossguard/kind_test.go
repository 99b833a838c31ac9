package crossguard_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
	ct "github.com/guiofsaints/procureflow-platform/policy/crossguard/crossguardtest"
)

// TestKindsSelectTypesByToken checks a policy for single resources and for the stack whose kind selects types by their tokens.
func TestKindsSelectTypesByToken(t *testing.T) {
	t.Parallel()
	grants := crossguard.Kind{Name: "grants", Has: func(token string) bool { return strings.HasSuffix(token, "Grant") }}
	both := policy(func(r *crossguard.Resource) { r.Violation("one") })
	both.Kind, both.Types = grants, []string{thing}
	both.CheckStack = func(s *crossguard.Stack) {
		s.EachOf(grants, func(r *crossguard.Resource) { r.Violation("in a stack") })
	}
	c := ct.Start(t, pack(both))
	grant := ct.Resource{Type: "new:index/topGrant:TopGrant"}
	assert.Equal(t, []string{"one"}, c.Analyze(grant).Messages())
	assert.Equal(t, []string{"one"}, c.Analyze(ct.Resource{Type: thing}).Messages())
	other := c.Analyze(ct.Resource{Type: "test:index/other:Other"})
	assert.Empty(t, other.Diagnostics)
	assert.Equal(t, "applies only to "+thing+", grants", other.NotApplicable["p"])
	assert.Equal(t, []string{"in a stack"}, c.AnalyzeStack(grant, ct.Resource{Type: "test:index/other:Other"}).Messages())
	assert.Equal(t, "applies only to "+thing+", grants", c.AnalyzeStack(ct.Resource{Type: "test:index/other:Other"}).NotApplicable["p"])
}

// TestCanonicalType checks a type of another provider in Check, in Remediate and in a stack policy.
func TestCanonicalType(t *testing.T) {
	t.Parallel()
	typed := policy(func(r *crossguard.Resource) { r.Violation("%s", r.Type) })
	typed.Types = []string{thing}
	typed.Remediate = func(r *crossguard.Remedy) { r.Set("a", 1) }
	typed.CheckStack = func(s *crossguard.Stack) { s.Violation("%d", s.Count(thing)) }
	full := pack(typed)
	full.Canonical = func(token string) string {
		if token == "bridged:index/thing:Thing" {
			return thing
		}
		return token
	}
	c := ct.Start(t, full)
	require.NoError(t, c.Configure(`{"p": "remediate"}`))
	bridged := ct.Resource{Type: "bridged:index/thing:Thing"}
	assert.Equal(t, []string{thing}, c.Analyze(bridged).Messages())
	_, did := c.Remediate(bridged)
	assert.Equal(t, []string{"p"}, did.Policies)
	assert.Equal(t, []string{"2"}, c.AnalyzeStack(bridged, ct.Resource{Type: thing}).Messages())
}

// TestFloorPoliciesCannotBeDisabled checks that disabling a policy at or above the floor is a violation, if the stack
// has resources of the policy's types.
func TestFloorPoliciesCannotBeDisabled(t *testing.T) {
	t.Parallel()
	grave := policy(func(*crossguard.Resource) {})
	grave.Severity, grave.Types = crossguard.High, []string{thing}
	light := grave
	light.Name, light.Severity = "light", crossguard.Medium
	advice := grave
	advice.Name, advice.Enforcement = "advice", crossguard.Advisory
	full := pack(grave, light, advice)
	full.Floor = crossguard.High
	c := ct.Start(t, full)
	require.NoError(t, c.Configure(`{"all": "disabled"}`))
	got := c.AnalyzeStack(ct.Resource{Type: thing})
	require.Len(t, got.Diagnostics, 1)
	assert.Equal(t, "p", got.Diagnostics[0].Policy)
	assert.Equal(t, "mandatory", got.Diagnostics[0].Level)
	assert.Contains(t, got.Messages()[0], "is switched off in the configuration")
	assert.Empty(t, c.AnalyzeStack(ct.Resource{Type: "test:index/other:Other"}).Diagnostics)
	require.NoError(t, c.Configure(`{"all": "advisory"}`))
	assert.Empty(t, c.AnalyzeStack(ct.Resource{Type: thing}).Diagnostics)
}

// TestDeletedResourcesAreNotInTheStack checks a resource that a refresh leaves in the engine's list, although the program has
// not registered it.
func TestDeletedResourcesAreNotInTheStack(t *testing.T) {
	t.Parallel()
	c := ct.Start(t, pack(stackPolicy(func(s *crossguard.Stack) {
		s.Each(nil, func(r *crossguard.Resource) { s.Violation("%s", r.Name) })
	})))
	made := func(name string) ct.Resource {
		return ct.Resource{Type: thing, Name: name, Provider: &ct.Resource{Type: "pulumi:providers:test"}}
	}
	component := ct.Resource{Type: "test:index/component:Component", Name: "component"}
	stack := []ct.Resource{component, made("kept"), made("going")}
	assert.Equal(t, []string{"component", "kept", "going"}, c.AnalyzeStack(stack...).Messages(), "before a program has run")
	c.Analyze(made("kept"))
	assert.Equal(t, []string{"component", "kept"}, c.AnalyzeStack(stack...).Messages())
	assert.Equal(t, []string{"component", "kept", "going"}, c.AnalyzeStack(stack...).Messages(), "in the next operation")
	c.Analyze(component)
	assert.Equal(t, []string{"component", "kept", "going"}, c.AnalyzeStack(stack...).Messages(), "with registered components only")
}

func TestBroadOrLongExemptionsAreRefused(t *testing.T) {
	t.Parallel()
	full := pack(policy(func(*crossguard.Resource) {}))
	full.LongestExemption = 180 * 24 * time.Hour
	full.Clock = func() time.Time { return time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC) }
	c := ct.Start(t, full)
	for _, test := range []struct{ resource, expires, want string }{
		{"web", "2027-06-30", ""}, {"a", "2027-06-30", ""}, {"web-*", "2027-06-30", ""}, {"*web*", "2027-01-01", ""},
		{"urn:pulumi:dev::test::test:index/thing:Thing::a", "2027-06-30", ""},
		{"web", "2027-07-01", "p.exemptions[0]: expires 2027-07-01 is too far away: choose 2027-06-30 at the latest, and renew the exemption " +
			"then"},
		{"*a*", "2027-06-30", `p.exemptions[0]: resource "*a*" fits nearly every name: write 3 letters of the name in a row, or the whole name`},
		{"*-*", "2027-06-30", "fits nearly every name"}, {"*a*b*c*", "2027-06-30", "fits nearly every name"}, {"we*", "2027-06-30",
			"fits nearly every name"},
		{"urn:pulumi:dev::test::*::*u*", "2027-06-30", "fits nearly every name"}, {"urn:pulumi:dev::test::test:index/thing:Thing::*a*",
			"2027-06-30", "fits nearly every name"},
	} {
		err := c.Configure(`{"p": {"exemptions": [{"resource": "` + test.resource + `", "reason": "r", "expires": "` + test.expires + `"}]}}`)
		if test.want == "" {
			assert.NoError(t, err, test.resource)
		} else {
			assert.ErrorContains(t, err, test.want, test.resource)
		}
	}
}
