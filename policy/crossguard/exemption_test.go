package crossguard_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
	ct "github.com/guiofsaints/procureflow-platform/policy/crossguard/crossguardtest"
)

// exempting starts a pack of one resource policy and one stack policy on a day. Each has an exemption of the given resource.
func exempting(t *testing.T, resource, today string) *ct.Client {
	t.Helper()
	bad := func(r *crossguard.Resource) {
		if r.BoolOr("bad", false) {
			r.Violation("is bad")
		}
	}
	full := pack(policy(bad), stackPolicy(func(s *crossguard.Stack) { s.Each(nil, bad) }))
	full.Clock = func() time.Time {
		now, err := time.Parse(time.DateTime, today)
		require.NoError(t, err)
		return now
	}
	c := ct.Start(t, full)
	exemption := fmt.Sprintf(`{"exemptions": [{"resource": %q, "reason": "agreed", "expires": "2027-01-31"}]}`, resource)
	require.NoError(t, c.Configure(fmt.Sprintf(`{"p": %s, "s": %s}`, exemption, exemption)))
	return c
}

func TestExemptions(t *testing.T) {
	t.Parallel()
	const used, after = "2027-01-31 23:59:59", "2027-02-01 00:00:00"
	unneeded := func(pattern string) string {
		return "the exemption of " + pattern + " (agreed) covers no violation: remove it"
	}
	const unmatched = "the exemption of api-* (agreed) matches no resource: write the name that the program gives it, or remove the exemption"
	const expired = "the exemption of web-* expired on 2027-01-31 (agreed): bring the resource in line, or agree on a new date"
	one := ct.Resource{Type: thing, Name: "web-1", Properties: ct.Properties{"bad": true}}
	tests := []struct {
		name, pattern, today string
		bad                  any
		analyze              bool
		wantOne, wantStack   []string // wantStack of policies p and s together
		exempt               bool
	}{
		{"used on its last day", "web-*", used, true, true, nil, nil, true},
		{"by URN", one.URN(), used, true, true, nil, nil, true},
		{"by URN pattern", "urn:*::web-1", used, true, true, nil, nil, true},
		{"pattern in the middle", "*web*1", used, true, true, nil, nil, true},
		{"expired", "web-*", after, true, true, []string{"is bad (was exempt until 2027-01-31: agreed)"},
			[]string{expired, "is bad (was exempt until 2027-01-31: agreed)", expired}, false},
		{"expired, of a good resource", "web-*", after, false, true, nil, []string{expired, expired}, false},
		{"of another resource", "api-*", used, true, true, []string{"is bad"},
			[]string{unmatched, "is bad", unmatched}, false},
		{"of a good resource", "web-1", used, false, true, nil, []string{unneeded("web-1"), unneeded("web-1")}, false},
		{"not judged if the resource was not analyzed", "web-1", used, false, false, nil, []string{unneeded("web-1")}, false},
		{"not judged if the value is unknown", "web-1", used, ct.UnknownBool, true, []string{"not checked: bad is known only after the update"},
			[]string{"not checked: bad is known only after the update"}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := exempting(t, test.pattern, test.today)
			r := one
			r.Properties = ct.Properties{"bad": test.bad}
			if test.analyze {
				got := c.Analyze(r)
				assert.Equal(t, test.wantOne, got.Messages())
				assert.Equal(t, test.exempt, got.NotApplicable["p"] == "exempt until 2027-01-31: agreed")
			}
			got := c.AnalyzeStack(r)
			assert.Equal(t, test.wantStack, got.Messages())
			assert.Equal(t, test.exempt, got.NotApplicable["s"] == "exempt until 2027-01-31: agreed")
		})
	}
}

// TestExemptionsOfWhatATargetedUpdateLeftOut checks that a resource policy's exemption is not judged if its resource was not analyzed. A
// stack policy sees every resource, so that its exemption is.
func TestExemptionsOfWhatATargetedUpdateLeftOut(t *testing.T) {
	t.Parallel()
	got := exempting(t, "web-1", "2027-01-01 00:00:00").AnalyzeStack(ct.Resource{Type: thing, Name: "web-1", Properties: ct.Properties{}})
	assert.Empty(t, got.Of("p").Messages())
	assert.Equal(t, []string{"the exemption of web-1 (agreed) covers no violation: remove it"}, got.Of("s").Messages())
}

// TestExemptionsAreNotJudgedAfterAPanic checks a rule that panics. Nobody knows then whether its exemptions are needed, and
// the failure is reported already.
func TestExemptionsAreNotJudgedAfterAPanic(t *testing.T) {
	t.Parallel()
	c := ct.Start(t, pack(policy(func(*crossguard.Resource) { panic("oops") }), stackPolicy(func(*crossguard.Stack) { panic("oops") })))
	exemption := `{"exemptions": [{"resource": "web-1", "reason": "agreed", "expires": "9999-12-31"}]}`
	require.NoError(t, c.Configure(fmt.Sprintf(`{"p": %s, "s": %s}`, exemption, exemption)))
	r := ct.Resource{Type: thing, Name: "web-1"}
	assert.Len(t, c.Analyze(r).Diagnostics, 1)
	got := c.AnalyzeStack(r)
	assert.Empty(t, got.Of("p").Diagnostics)
	assert.Len(t, got.Of("s").Diagnostics, 1)
	assert.Contains(t, got.Messages()[0], "the rule itself failed")
}

// TestExemptionsOfTheStackItself exempts the stack's own resource, at which a violation of the whole stack is shown.
func TestExemptionsOfTheStackItself(t *testing.T) {
	t.Parallel()
	root := ct.Resource{Type: "pulumi:pulumi:Stack", Name: "test-dev"}
	for _, resource := range []string{root.URN(), "test-dev"} {
		full := pack(stackPolicy(func(s *crossguard.Stack) { s.Violation("lacks something") }))
		c := ct.Start(t, full)
		require.NoError(t,
			c.Configure(fmt.Sprintf(`{"s": {"exemptions": [{"resource": %q, "reason": "agreed", "expires": "9999-12-31"}]}}`, resource)))
		got := c.AnalyzeStack(ct.Resource{Type: thing}, root)
		assert.Empty(t, got.Diagnostics, resource)
		assert.Equal(t, "exempt until 9999-12-31: agreed", got.NotApplicable["s"])
		assert.Equal(t, []string{"lacks something"}, c.AnalyzeStack(ct.Resource{Type: thing}).Messages(), "a stack without its own resource")
	}
}

func TestExemptionsOfAnotherOperationDoNotCount(t *testing.T) {
	t.Parallel()
	c := exempting(t, "web-1", "2027-01-01 00:00:00")
	bad := ct.Resource{Type: thing, Name: "web-1", Properties: ct.Properties{"bad": true}}
	good := ct.Resource{Type: thing, Name: "web-1"}
	c.Analyze(bad)
	assert.Empty(t, c.AnalyzeStack(bad).Diagnostics)
	c.ConfigureStack(crossguard.Deployment{Stack: "dev"})
	c.Analyze(good)
	assert.Len(t, c.AnalyzeStack(good).Diagnostics, 2)
}

func TestDisabledPoliciesDoNotJudgeTheirExemptions(t *testing.T) {
	t.Parallel()
	c := ct.Start(t, pack(policy(func(*crossguard.Resource) {})))
	require.NoError(t,
		c.Configure(`{"p": {"enforcementLevel": "disabled", "exemptions": [{"resource": "x", "reason": "r", "expires": "2000-01-01"}]}}`))
	assert.Empty(t, c.AnalyzeStack(ct.Resource{Type: thing}).Diagnostics)
}

// TestBadExemptionsAreRefused has the exemptions that are accepted and refused. An exemption names a resource and a reason. A URN has
// four parts, and the last one is the name.
func TestBadExemptionsAreRefused(t *testing.T) {
	t.Parallel()
	const (
		urn      = "urn:pulumi:dev::test::gcp:storage/bucket:Bucket::"
		noName   = "names no resource: end the URN with ::NAME"
		nothing  = "needs a resource (URN or name pattern) and a reason"
		anything = "fits nearly every name: write 3 letters of the name in a row"
	)
	for _, test := range []struct{ resource, reason, wrong string }{
		{"uploads", "agreed", ""}, {"up", "agreed", ""}, {"upl*", "agreed", ""}, {urn + "uploads", "agreed", ""}, {urn + "upl*", "agreed", ""},
		{"urn:*::uploads", "agreed", ""}, {"urn:*::test::gcp:storage/bucket:Bucket::*loads", "agreed", ""},
		{"", "agreed", nothing}, {"uploads", "", nothing}, {" ", " ", nothing}, {"**", "agreed", "exempts every resource"},
		{"urn:*::upl*", "agreed", noName}, {"urn:pulumi:dev::test::upl*", "agreed", noName}, {"urn:uploads", "agreed", noName},
		{"urn:*::**", "agreed", noName}, {urn, "agreed", noName}, {urn + "*", "agreed", noName},
		{"up*", "agreed", anything}, {"*-*", "agreed", anything}, {urn + "up*", "agreed", anything},
	} {
		c := ct.Start(t, pack(policy(func(*crossguard.Resource) {})))
		err := c.Configure(fmt.Sprintf(`{"p": {"exemptions": [{"resource": %q, "reason": %q, "expires": "2027-01-31"}]}}`, test.resource,
			test.reason))
		if test.wrong == "" {
			assert.NoError(t, err, test.resource)
		} else {
			assert.ErrorContains(t, err, test.wrong, test.resource)
		}
	}
	exempts := ct.Start(t, pack(policy(func(*crossguard.Resource) {}))).Info().Policies[0].ConfigSchema.Properties.AsMap()["exemptions"]
	item := exempts.(map[string]any)["items"].(map[string]any)["anyOf"].([]any)[0].(map[string]any)
	assert.Equal(t, false, item["additionalProperties"], "the schema lets the engine refuse a misspelt key")
}
