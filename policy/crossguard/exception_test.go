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

// startExceptions serves a policy of single resources and a stack policy on 1 January 2027. Exemptions may last half a year.
func startExceptions(t *testing.T) *ct.Client {
	t.Helper()
	bad := func(r *crossguard.Resource) {
		if r.BoolOr("bad", false) {
			r.Violation("is bad")
		}
	}
	full := pack(policy(bad), stackPolicy(func(s *crossguard.Stack) { s.Each(nil, bad) }))
	full.LongestExemption = 180 * 24 * time.Hour
	full.Clock = func() time.Time { return time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC) }
	return ct.Start(t, full)
}

// TestPulumisExceptionsAreRead covers exceptions in a policy's exemptions and under "all", with a last day and without one.
func TestPulumisExceptionsAreRead(t *testing.T) {
	t.Parallel()
	one := ct.Resource{Type: thing, Name: "web", Properties: ct.Properties{"bad": true}}
	other := ct.Resource{Type: thing, Name: "api", Properties: ct.Properties{"bad": true}}
	exception := func(more, policies string) string {
		return fmt.Sprintf(`{"reason": "agreed"%s, "match": [{"policies": [%s], "targets": [%q, "urn:pulumi:prod::test::a:b:C::web"]}]}`,
			more, policies, one.URN())
	}
	endless := "the exemption of " + one.URN() + " (agreed) has no last day, so that nobody looks at it again: add expires, as YYYY-MM-DD"
	for name, test := range map[string]struct {
		config                string
		wantOne, wantStack    []string // of web
		reason, reasonOfStack string
	}{
		"for all": {`{"all": {"exceptions": [` + exception(`, "expires": "2027-06-30"`, `"p", "s"`) + `]}}`, nil, nil,
			"exempt until 2027-06-30: agreed", "exempt until 2027-06-30: agreed"},
		"for all, in addition to a policy's level": {`{"p": "mandatory", "all": {"enforcementLevel": "advisory", "exceptions": [` +
			exception(`, "expiresAt": "2027-06-29T23:00:00Z"`, `"p"`) + `]}}`,
			nil, []string{"is bad"}, "exempt until 2027-06-29: agreed", ""},
		"without a last day": {`{"all": {"exceptions": [` + exception("", `"p", "s"`) + `]}}`, nil, []string{endless, endless},
			"exempt: agreed", "exempt: agreed"},
		"of one policy": {`{"p": {"exemptions": [` + exception(`, "expires": "2027-01-01"`, `"p"`) + `]}}`, nil, []string{"is bad"},
			"exempt until 2027-01-01: agreed", ""},
		"expired": {`{"p": {"exemptions": [` + exception(`, "expires": "2026-12-31"`, `"p"`) + `]}}`,
			[]string{"is bad (was exempt until 2026-12-31: agreed)"}, []string{
				"the exemption of " + one.URN() + " expired on 2026-12-31 (agreed): bring the resource in line, or agree on a new date",
				"the exemption of urn:pulumi:prod::test::a:b:C::web expired on 2026-12-31 (agreed): bring the resource in line, or " +
					"agree on a new date", "is bad"}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := startExceptions(t)
			require.NoError(t, c.Configure(test.config))
			got := c.Analyze(one)
			assert.Equal(t, test.wantOne, got.Messages())
			assert.Equal(t, test.reason, got.NotApplicable["p"])
			assert.Equal(t, []string{"is bad"}, c.Analyze(other).Messages(), "another resource")
			got = c.AnalyzeStack(one)
			assert.Equal(t, test.wantStack, got.Messages())
			for _, d := range got.Diagnostics {
				if d.Text == endless {
					assert.Equal(t, "advisory", d.Level)
				}
			}
			assert.Equal(t, test.reasonOfStack, got.NotApplicable["s"])
		})
	}
}

func TestBadExceptionsAreRefused(t *testing.T) {
	t.Parallel()
	const match = `"match": [{"policies": ["p"], "targets": ["urn:pulumi:dev::test::a:b:C::web"]}]`
	for exception, want := range map[string]string{
		`{` + match + `}`: `needs a reason`,
		`{"reason": "r", "until": "x", ` + match +
			`}`: `unknown key "until": use reason, match and expires`,
		`{"reason": "r", "expires": "soon", ` + match + `}`: `expires "soon" is not as in 2006-01-02`,
		`{"reason": "r", "expires": "2027-01-31", "expiresAt": "2027-06-29T23:00:00Z", ` + match +
			`}`: `expires and expiresAt both say the last day: remove one`,
		`{"reason": "r", "expiresAt": "2027-01-31", ` + match + `}`: `expiresAt "2027-01-31" is not as in`,
		`{"reason": "r", "expires": "2027-07-01", ` + match +
			`}`: `expires 2027-07-01 is too far away: choose 2027-06-30 at the latest`,
		`{"reason": "r", "match": []}`:                                                         `match must be a list of {policies, targets}`,
		`{"reason": "r", "match": [{"policies": ["p"]}]}`:                                      `match[0] must be {policies, targets}`,
		`{"reason": "r", "match": [{"policies": ["p"], "targets": [1]}]}`:                      `match[0] must be {policies, targets}`,
		`{"reason": "r", "match": [{"policies": ["p"], "targets": ["web"]}]}`:                  `match[0]: target "web" is not a URN: write the whole one, without *`,
		`{"reason": "r", "match": [{"policies": ["p"], "targets": ["urn:pulumi:dev::*"]}]}`:    `match[0]: target "urn:pulumi:dev::*" is not a URN`,
		`{"reason": "r", "match": [{"policies": ["q"], "targets": ["urn:pulumi:dev::a::b"]}]}`: `the pack has no policy "q"`,
	} {
		err := startExceptions(t).Configure(`{"all": {"exceptions": [` + exception + `]}}`)
		assert.ErrorContains(t, err, `"all".exceptions[0]: `+want)
	}
	c := startExceptions(t)
	assert.ErrorContains(t, c.Configure(`{"all": {"exceptions": {}}}`), `"all".exceptions must be a list of {reason, match}`)
	assert.ErrorContains(t, c.Configure(`{"s": {"exemptions": [{"reason": "r", `+match+`}]}}`),
		`s.exemptions[0]: match[0] is about p: put it there, or into the exceptions of "all"`)
}
