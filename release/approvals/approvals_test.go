package approvals_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/release/approvals"
)

// run is GitHub's answer about a run, including fields that this program does not read.
const run = `{"id": 77, "name": "deploy", "status": "in_progress", "conclusion": null, "run_attempt": 1,
	"actor": {"login": "dora", "id": 1, "type": "User"}, "triggering_actor": {"login": "dora", "id": 1, "type": "User"},
	"repository": {"id": 9, "full_name": "acme/shop", "private": true}}`

// review returns one entry of GitHub's answer about approvals.
func review(state, user string, environments ...string) string {
	names := ""
	for i, name := range environments {
		if i > 0 {
			names += ","
		}
		names += `{"id": 5, "name": "` + name + `", "html_url": "https://github.com/acme/shop/deployments"}`
	}
	return `{"state": "` + state + `", "comment": "ok", "environments": [` + names + `], "user": ` + user + `}`
}

const (
	dora  = `{"login": "dora", "id": 1, "type": "User", "site_admin": false}`
	ann   = `{"login": "ann", "id": 2, "type": "User", "site_admin": true}`
	bob   = `{"login": "bob", "id": 3, "type": "User"}`
	robot = `{"login": "deploy[bot]", "id": 4, "type": "Bot"}`
)

var question = approvals.Question{Run: 77, Repository: "acme/shop", Gates: []string{"production-approval", "production"}}

func TestJudge(t *testing.T) {
	t.Parallel()
	annFirst, bobSecond := review("approved", ann, "production-approval"), review("approved", bob, "production")
	for name, c := range map[string]struct {
		reviews []string
		run     []string // Replacements in the run: old and new text.
		ask     func(*approvals.Question)
		people  string // The people who count, in the order of the gates.
		refused string
	}{
		"two people": {reviews: []string{annFirst, bobSecond}, people: "ann bob"},
		"names in other case": {reviews: []string{review("approved", ann, "Production-Approval"),
			review("approved", bob, "PRODUCTION")}, people: "ann bob"},
		"other environments do not count": {reviews: []string{annFirst, bobSecond, review("rejected", dora, "staging")}, people: "ann bob"},
		"one person approved both gates, another one gate": {
			reviews: []string{annFirst, review("approved", ann, "production"), bobSecond}, people: "ann bob"},
		"the first person for a gate is needed for the other": {
			reviews: []string{annFirst, review("approved", bob, "production-approval"), review("approved", ann, "production")}, people: "bob ann"},
		"one review approves both gates": {reviews: []string{review("approved", ann, "production-approval", "production"), bobSecond},
			people: "ann bob"},
		"a re-run, with approvals of the first attempt": {
			reviews: []string{annFirst, bobSecond}, ask: func(q *approvals.Question) { q.Attempt = 1 }, people: "ann bob"},
		"three gates": {
			reviews: []string{annFirst, bobSecond, review("approved", `{"login": "eve", "id": 5, "type": "User"}`, "legal")},
			ask:     func(q *approvals.Question) { q.Gates = append([]string{"legal"}, q.Gates...) }, people: "eve ann bob"},

		"nobody":        {refused: "only the people who started the run (dora) approved production-approval"},
		"only one gate": {reviews: []string{annFirst}, refused: "only the people who started the run (dora) approved production;"},
		"the same person": {reviews: []string{annFirst, review("approved", ann, "production")},
			refused: "production-approval and production need 2 different people"},
		"the same person under a new login": {
			reviews: []string{annFirst, review("approved", `{"login": "anna", "id": 2, "type": "User"}`,
				"production")}, refused: "need 2 different people"},
		"the actor": {reviews: []string{annFirst, review("approved", dora, "production")},
			refused: "only the people who started the run (dora) approved production;"},
		"the actor under a new login": {reviews: []string{annFirst, review("approved", `{"login": "doris", "id": 1, "type": "User"}`,
			"production")}, refused: "only the people"},
		"the triggering actor": {run: []string{`"triggering_actor": {"login": "dora", "id": 1`,
			`"triggering_actor": {"login": "bob", "id": 3`}, reviews: []string{annFirst, bobSecond},
			refused: "only the people who started the run (dora, bob) approved production;"},
		"the actor of a run that another person triggered": {run: []string{`"triggering_actor": {"login": "dora", "id": 1`,
			`"triggering_actor": {"login": "bob", "id": 3`},
			reviews: []string{annFirst, review("approved", dora, "production")}, refused: "only the people who started the run (dora, bob) " +
				"approved production;"},
		"nobody is named, and a login is empty": {reviews: []string{annFirst,
			review("approved", `{"login": "", "id": 3, "type": "User"}`, "production")}, refused: "review 2 of run 77 does not say whose it is"},
		"a user with id 0": {reviews: []string{annFirst,
			review("approved", `{"login": "bob", "id": 0, "type": "User"}`, "production")}, refused: "review 2 of run 77 does not say whose it is"},
		"a user with a negative id": {reviews: []string{annFirst,
			review("approved", `{"login": "bob", "id": -3, "type": "User"}`, "production")}, refused: "review 2 of run 77 does not say whose it is"},
		"an actor with id 0": {run: []string{`"actor": {"login": "dora", "id": 1, "type": "User"}, "tr`,
			`"actor": {"login": "dora", "id": 0, "type": "User"}, "tr`},
			reviews: []string{annFirst, bobSecond}, refused: "GitHub does not say who started run 77"},
		"a triggering actor with id 0": {run: []string{`"triggering_actor": {"login": "dora", "id": 1`,
			`"triggering_actor": {"login": "dora", "id": 0`},
			reviews: []string{annFirst, bobSecond}, refused: "GitHub does not say who started run 77"},
		"a negative attempt": {run: []string{`"run_attempt": 1`, `"run_attempt": -1`}, ask: func(q *approvals.Question) { q.Attempt = -1 },
			reviews: []string{annFirst, bobSecond}, refused: "run 77 is at attempt -1"},
		"no run": {run: []string{`"id": 77`, `"id": 0`}, ask: func(q *approvals.Question) { q.Run = 0 },
			reviews: []string{annFirst, bobSecond}, refused: "GitHub answered about run 0, not 0"},
		"the person named by --actor": {ask: func(q *approvals.Question) { q.Actor = "BOB" }, reviews: []string{annFirst, bobSecond},
			refused: "approved production;"},
		"a robot": {reviews: []string{annFirst, review("approved", robot, "production")},
			refused: "only the people who started the run (dora) approved production;"},
		"rejected": {reviews: []string{annFirst, bobSecond, review("rejected", bob, "production")},
			refused: `production is "rejected" by bob`},
		"rejected by the actor": {reviews: []string{annFirst, bobSecond, review("rejected", dora, "production")},
			refused: `production is "rejected" by dora`},
		"an unknown state": {reviews: []string{annFirst, bobSecond, review("APPROVED", bob, "production")},
			refused: `review 3 of run 77 by bob has the unknown state "APPROVED"`},
		"no user": {reviews: []string{annFirst, review("approved", "null", "production")},
			refused: "review 2 of run 77 does not say whose it is"},
		"a user without id": {reviews: []string{annFirst,
			review("approved", `{"login": "bob", "type": "User"}`, "production")}, refused: "does not say whose it is"},
		"a user without type": {reviews: []string{annFirst, review("approved", `{"login": "bob", "id": 3}`, "production")},
			refused: "does not say whose it is"},
		"no environments": {reviews: []string{annFirst, bobSecond, review("approved", bob)},
			refused: "review 3 of run 77 by bob names no environment"},
		"an environment without name": {reviews: []string{annFirst, bobSecond, review("approved", bob, "")},
			refused: "has an environment without a name"},
		"a similar environment": {reviews: []string{annFirst, review("approved", bob, "production ")},
			refused: "approved production;"},
		"a re-run": {run: []string{`"run_attempt": 1`, `"run_attempt": 2`},
			reviews: []string{annFirst, bobSecond}, refused: "run 77 is at attempt 2: the approvals are those of an earlier one"},
		"another attempt": {ask: func(q *approvals.Question) { q.Attempt = 2 }, reviews: []string{annFirst, bobSecond},
			refused: "run 77 is at attempt 1, and attempt 2 asks"},
		"no attempt": {run: []string{`"run_attempt": 1,`, ``}, reviews: []string{annFirst, bobSecond},
			refused: "run 77 is at attempt 0"},
		"another run": {run: []string{`"id": 77`, `"id": 78`}, reviews: []string{annFirst, bobSecond},
			refused: "GitHub answered about run 78, not 77"},
		"another repository": {run: []string{"acme/shop", "evil/shop"}, reviews: []string{annFirst, bobSecond},
			refused: `run 77 is of repository "evil/shop", not acme/shop`},
		"no actor": {run: []string{`"actor": {"login": "dora", "id": 1, "type": "User"}, "tr`, `"tr`},
			reviews: []string{annFirst, bobSecond}, refused: "GitHub does not say who started run 77"},
		"no triggering actor": {run: []string{`"triggering_actor": {"login": "dora", "id": 1, "type": "User"}`,
			`"triggering_actor": null`}, reviews: []string{annFirst, bobSecond}, refused: "does not say who started"},
		"no gates": {ask: func(q *approvals.Question) { q.Gates = nil }, refused: "no environment was named"},
		"a gate twice": {ask: func(q *approvals.Question) { q.Gates = []string{"production", "Production"} },
			refused: "environment Production is named twice"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := run
			if c.run != nil {
				require.Contains(t, run, c.run[0])
				text = strings.Replace(run, c.run[0], c.run[1], 1)
			}
			var r approvals.Run
			require.NoError(t, json.Unmarshal([]byte(text), &r))
			var reviews []approvals.Approval
			require.NoError(t, json.Unmarshal([]byte("["+strings.Join(c.reviews, ",")+"]"), &reviews))
			asked := question
			if c.ask != nil {
				c.ask(&asked)
			}
			found, err := approvals.Judge(asked, r, reviews)
			if c.refused != "" {
				assert.ErrorIs(t, err, approvals.ErrRefused)
				assert.ErrorContains(t, err, c.refused)
				assert.Empty(t, found)
				return
			}
			require.NoError(t, err)
			var logins []string
			for i, by := range found {
				assert.Equal(t, asked.Gates[i], by.Environment)
				logins = append(logins, by.Login)
			}
			assert.Equal(t, c.people, strings.Join(logins, " "))
		})
	}
}
