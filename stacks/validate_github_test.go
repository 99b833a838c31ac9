package stacks

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestGitHub(t *testing.T) {
	t.Parallel()
	checkRefused(t, each("github.owner", "is not a GitHub login; use at most 39 letters, digits and single hyphens",
		"-shop", "shop-", "my--shop", "my_shop", "my/shop", strings.Repeat("a", 40)))
	checkRefused(t, each("github.owner", "", "a", "my-shop", strings.Repeat("a", 39)))
	checkRefused(t,
		each("github.repository", "is not a repository name; use letters, digits, dots, underscores and hyphens, without the owner",
			"somebody/shop", ".", "..", "my shop"))
	checkRefused(t, each("github.repository", "", ".github", "shop.js", "_"))
	checkRefused(t, each("github.ownerId", "is not an account's number; use the output of: gh api users/OWNER --jq .id", 0, -1))
	checkRefused(t, each("github.repositoryId", "is not a repository's number; use the output of: gh api repos/OWNER/REPOSITORY --jq .id",
		0, -1))
	checkRefused(t, each("github.branch", "is not one branch; use a branch's short name, for example main, without refs/heads/ and without *",
		"refs/heads/main", "release/*", "-main", "a b"))
	checkRefused(t, each("github.branch", "", "main", "release/1.x"))
}

func TestGates(t *testing.T) {
	t.Parallel()
	const name = "is not an environment name; use at most 63 lower-case letters, digits, underscores and hyphens, a letter or digit first"
	checkRefused(t, each("github.environments[0].name", name, "my env", "-dev", "dev/eu", "Dev", strings.Repeat("a", 64)))
	checkRefused(t, each("github.environments[0].name", "is the name that trust uses for jobs without an environment; choose another "+
		"name", "none"))
	const wait = "is out of range; use 0 to 43200 minutes"
	checkRefused(t, each("github.environments[0].waitMinutes", wait, -1, 43201))
	checkRefused(t, each("github.environments[0].waitMinutes", "", 0, 43200))
	gate := func(name string, reviewers ...any) map[string]any {
		return map[string]any{"name": name, "reviewers": append([]any{}, reviewers...), "waitMinutes": 5}
	}
	const user = "is not a user's number; use a reviewer's number, the output of: gh api users/LOGIN --jq .id"
	checkRefused(t, []refused{
		{"none", dev, change{"github.environments": []any{}}, []string{
			"github.environments: is empty; list at least 1 of the gates a deployment passes",
		}},
		{"same name", dev, change{"github.environments": []any{gate("dev-a"), gate("dev-a")}}, []string{
			"github.environments[1].name: is there twice; give each gate a name of its own, with a difference in letters or digits",
		}},
		{"names that differ by hyphen and underscore", dev, change{"github.environments": []any{gate("dev-a"), gate("dev_a")}}, []string{
			"github.environments[1].name: is there twice; give each gate a name of its own, with a difference in letters or digits",
		}},
		{"six reviewers", staging, change{"github.environments[0].reviewers": []any{1, 2, 3, 4, 5, 6}}, nil},
		{"seven reviewers", staging, change{"github.environments[0].reviewers": []any{1, 2, 3, 4, 5, 6, 7}}, []string{
			"github.environments[0].reviewers: is too long; list at most 6 reviewers",
		}},
		{"reviewer twice", staging, change{"github.environments[0].reviewers": []any{1, 2, 1}}, []string{
			"github.environments[0].reviewers[2]: is there twice; remove one of the two",
		}},
		{"reviewer without a number", staging, change{"github.environments[0].reviewers": []any{0, -1}}, []string{
			"github.environments[0].reviewers[0]: " + user, "github.environments[0].reviewers[1]: " + user,
		}},

		{"a reviewer in dev", dev, change{"github.environments[0].reviewers": []any{1}}, []string{
			"github.environments[0].reviewers: stop a deployment to dev; remove them: dev deploys on every merge",
		}},

		{"staging without reviewer", staging, change{"github.environments": []any{gate("a"), gate("b")}}, []string{
			"github.environments[1].reviewers: let a deployment to staging pass without approval; name a reviewer: the deployment runs in the " +
				"last environment",
		}},
		{"staging with one reviewer", staging, change{"github.environments": []any{gate("a"), gate("b", 1)}}, nil},
		{"staging with a reviewer in the wrong environment", staging, change{"github.environments": []any{gate("a", 1), gate("b")}}, []string{
			"github.environments[1].reviewers: let a deployment to staging pass without approval; name a reviewer: the deployment runs in the " +
				"last environment",
		}},
		{"staging with mistyped reviewers", staging, change{"github.environments[0].reviewers": "me"}, []string{
			"github.environments[0].reviewers: must be a list, not text; write one '- value' on each line",
		}},

		{"prod with one gate", prod, change{"github.environments": []any{gate("a", 1, 2)}}, []string{
			"github.environments: ask for one approval, and prod needs two; " +
				"list two with different reviewers: GitHub lets any one reviewer of an environment approve",
		}},
		{"prod with an open gate", prod, change{"github.environments": []any{gate("a", 1), gate("b")}}, []string{
			"github.environments[1].reviewers: are missing; list at least one: every gate of prod needs an approval",
		}},
		{"prod with one person twice", prod, change{"github.environments": []any{gate("a", 1, 2), gate("b", 3, 2)}}, []string{
			"github.environments[1].reviewers[1]: can approve at an earlier gate as well; remove them from one of the gates: two people have to " +
				"approve",
		}},
		{"prod with too short a wait", prod, change{"github.environments[1].waitMinutes": 4}, []string{
			"github.environments[1].waitMinutes: leaves no time to stop a deployment; use 5 minutes or more for prod's last gate",
		}},
		{"prod with three gates", prod, change{"github.environments": []any{gate("a", 1), gate("b", 2, 3), gate("c", 4)}}, nil},
	})
}

func TestWorkflowsOfAnotherRepository(t *testing.T) {
	t.Parallel()
	const commit = "0123456789abcdef0123456789abcdef01234567"
	of := func(repository string, refs ...any) change {
		return change{"github.workflows": map[string]any{"repository": repository, "refs": append([]any{}, refs...)}}
	}
	const moves = "can move; use a full commit, or refs/tags/TAG of a protected tag: a branch's writers would decide what deploys"
	checkRefused(t, []refused{
		{"a commit and a tag", prod, of("somebody/platform", commit, "refs/tags/v1.2.0"), nil},
		{"a tag in dev", dev, of("somebody/platform", "refs/tags/v1.2.0"), nil},
		{"five", dev, of("somebody/platform", "refs/tags/v1", "refs/tags/v2", "refs/tags/v3", "refs/tags/v4", "refs/tags/v5"), nil},
		{"six", dev, of("somebody/platform", "refs/tags/v1", "refs/tags/v2", "refs/tags/v3", "refs/tags/v4", "refs/tags/v5",
			"refs/tags/v6"), []string{
			"github.workflows.refs: is too long; list at most 5 refs",
		}},
		{"workflows without a key", dev, change{"github.workflows": map[string]any{}}, []string{
			"github.workflows.refs: is missing; add a list", "github.workflows.repository: is missing; add text",
		}},
		{"no ref", dev, of("somebody/platform"), []string{"github.workflows.refs: is empty; list at least 1 of the refs"}},
		{"refs that move", dev, of("somebody/platform", "main", "refs/heads/main", "v1", commit[:39], "refs/tags/", "refs/tags/v 1",
			"refs/tags/*", "refs/pull/1/merge"), []string{
			"github.workflows.refs: is too long; list at most 5 refs",
			"github.workflows.refs[0]: " + moves, "github.workflows.refs[1]: " + moves, "github.workflows.refs[2]: " +
				moves, "github.workflows.refs[3]: " + moves,
			"github.workflows.refs[4]: " + moves, "github.workflows.refs[5]: " + moves, "github.workflows.refs[6]: " +
				moves, "github.workflows.refs[6]: is there twice; remove one of the two", "github.workflows.refs[7]: " + moves,
		}},
		{"twice", dev, of("somebody/platform", commit, commit), []string{"github.workflows.refs[1]: is there twice; remove one of the two"}},
		{"the same name to Pulumi", dev, of("somebody/platform", "refs/tags/v1.2", "refs/tags/v1-2"),
			[]string{"github.workflows.refs[1]: is there twice; remove one of the two"}},
		{"no owner", dev, of("platform", commit), []string{"github.workflows.repository: is not a repository; use OWNER/NAME"}},
		{"a path", dev, of("somebody/platform/.github", commit), []string{"github.workflows.repository: is not a repository; use OWNER/NAME"}},
	})
}

func TestProtection(t *testing.T) {
	t.Parallel()
	with := func(changes change) change {
		all := change{"github.protection": map[string]any{
			"branches": []any{"main", "release/*"}, "checks": []any{"ci-ok"}, "actions": []any{"actions/checkout@*", "docker/*@*"},
		}}
		for path, value := range changes {
			all["github.protection."+path] = value
		}
		return all
	}
	const (
		branch = "is not a branch; use short names such as main, or patterns such as release/*, without refs/heads/"
		check  = "is not a check; use the name of a job, at most 100 characters"
		action = "is not a pattern of one owner's actions; use OWNER/NAME@*, or a full commit in the place of *"
		only   = "github.protection: applies to the whole repository, which all stacks share; remove it: only prod's file may have it, or " +
			"the last stack to run would win"
	)
	checkRefused(t, []refused{
		{"prod", prod, with(nil), nil},
		{"prod with ten approvals", prod, with(change{"approvals": 10}), nil},
		{"a commit", prod, with(change{"actions": []any{"a/b/c@0123456789abcdef0123456789abcdef01234567"}}), nil},
		{"dev", dev, with(nil), []string{only}},
		{"staging", staging, with(nil), []string{only}},
		{"protection without a key", prod, change{"github.protection": map[string]any{}}, []string{
			"github.protection.actions: is missing; add a list", "github.protection.branches: is missing; add a list",
			"github.protection.checks: is missing; add a list",
		}},
		{"empty lists", prod, with(change{"branches": []any{}, "checks": []any{}, "actions": []any{}}), []string{
			"github.protection.actions: is empty; list at least 1 of the actions",
			"github.protection.branches: is empty; list at least 1 of the branches",
			"github.protection.checks: is empty; list at least 1 of the checks",
		}},
		{"bad branches", prod, with(change{"branches": []any{"main", "refs/heads/dev", "a b", "main"}}), []string{
			"github.protection.branches[1]: " + branch, "github.protection.branches[2]: " + branch,
			"github.protection.branches[3]: is there twice; remove one of the two",
		}},
		{"not the branch that deploys", prod, with(change{"branches": []any{"dev"}}), []string{
			"github.protection.branches: leave out the branch that deploys; add the value of github.branch",
		}},
		{"no tags", prod, with(change{"tags": []any{}}), nil},
		{"bad tags", prod, with(change{"tags": []any{"refs/tags/v1", "v1", "v1"}}), []string{
			"github.protection.tags[0]: is not a tag; use short names or patterns such as policy/v*, without refs/tags/",
			"github.protection.tags[2]: is there twice; remove one of the two",
		}},
		{"bad checks", prod, with(change{"checks": []any{" ci", strings.Repeat("a", 101)}}), []string{
			"github.protection.checks[0]: " + check, "github.protection.checks[1]: " + check,
		}},
		{"any owner's actions", prod, with(change{"actions": []any{"*", "*/*", "*/*@*", "actions/checkout", "actions/checkout@v4",
			"actions/*@*"}}), []string{
			"github.protection.actions[0]: " + action, "github.protection.actions[1]: " + action, "github.protection.actions[2]: " + action,
			"github.protection.actions[3]: " + action, "github.protection.actions[4]: " + action,
		}},
		{"a label that a check asks for", prod, with(change{"wideningLabel": "widens", "checks": []any{"ci-ok", "preview / verdict"}}), nil},
		{"a label that nothing asks for", prod, with(change{"wideningLabel": "widens"}), []string{
			`github.protection.wideningLabel: is asked for by the check "preview / verdict", which is not required; ` +
				`add that check to github.protection.checks`}},
		{"no approval", prod, with(change{"approvals": 0}), []string{"github.protection.approvals: is out of range; use 1 to 10 approvals"}},
		{"eleven approvals", prod, with(change{"approvals": 11}),
			[]string{"github.protection.approvals: is out of range; use 1 to 10 approvals"}},
		{"misspelt", prod, with(change{"approval": 2}), []string{`github.protection.approval: is not a setting; did you mean approvals?`}},
	})
}

// TestOneStackHasTheProtection checks the shipped files. Without protection in one of them the repository is unprotected, and
// validation refuses a second one.
func TestOneStackHasTheProtection(t *testing.T) {
	t.Parallel()
	var have []string
	for _, stack := range []string{dev, staging, prod} {
		if committed(t, stack).(map[string]any)["github"].(map[string]any)["protection"] != nil {
			have = append(have, stack)
		}
	}
	require.Equal(t, []string{prod}, have)
}
