package workflowlint_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/guiofsaints/procureflow-platform/tests/workflows/workflowlint"
)

// recordedApps are actions as they would be recorded if a workflow used them. No workflow does now, but the rules hold
// for them, too.
var recordedApps = []workflowlint.Action{
	{Name: "actions/create-github-app-token", SHA: sha, Version: "v1",
		Inputs: []string{"app-id", "owner", "repositories", "permission-issues"}},
	{Name: "tibdex/github-app-token", SHA: sha, Version: "v1", Inputs: []string{"app_id", "repositories", "permissions"}},
}

// TestPoliciesOfGhalint has a defect for each policy of ghalint 1.5.3, which ran in addition to these rules before (docs/adr/0042). The
// rules of this package find what it found.
func TestPoliciesOfGhalint(t *testing.T) {
	t.Parallel()
	begin := head + job + reads + steps
	env := func(value string) string { return "    env: {TOKEN: \"${{ " + value + " }}\"}\n" }
	const digest = "@sha256:0000000000000000000000000000000000000000000000000000000000000000"
	broad := "excessive-permissions: j: does not name its permissions one by one"
	wide := " env TOKEN gives every step a secret: set it in the env of the step that needs it"
	create, tibdex := "actions/create-github-app-token", "tibdex/github-app-token"
	app := func(name string) string { return "app-token: j: the token of " + name }
	const everywhere, everything = " is for all repositories: name them", " has all permissions of the App: name those that it needs"
	checkAll(t, []ruleCase{
		{name: "job_permissions", text: head + job + steps + nothing, want: []string{broad}},
		{name: "deny_read_all_permission", text: head + job + "    permissions: read-all\n" + steps + nothing, want: []string{broad}},
		{name: "deny_write_all_permission", text: head + job + "    permissions: write-all\n" + steps + nothing, want: []string{broad}},
		{name: "deny_inherit_secrets", also: map[string]string{"workflows/called.yml": begun + reads + steps + nothing},
			text: head + "  k:\n    uses: ./.github/workflows/called.yml\n" + reads + "    secrets: inherit\n",
			want: []string{"secrets-inherit: k: secrets: inherit gives the called workflow every secret"}},
		{name: "workflow_secrets", text: strings.Replace(begin, goOnly, "env: {TOKEN: \"${{ github.token }}\"}\n", 1) + nothing,
			want: []string{"wide-secret:" + wide}},
		{name: "workflow_secrets from one JSON secret", text: strings.Replace(begin, goOnly, "env: ${{ fromJSON(secrets.ALL) }}\n", 1) + nothing,
			want: []string{"secrets-inherit: reads a secret: jobs get short-lived tokens by their identity, and no key",
				"wide-secret: env gives every step a secret: set it in the env of the step that needs it"}},
		{name: "job_secrets", text: head + job + reads + env("github.token") + steps + nothing, want: []string{"wide-secret: j" + wide}},
		{name: "job_secrets by another spelling", text: head + job + reads + env("github['token']") + steps + nothing,
			want: []string{"wide-secret: j" + wide}},
		{name: "values that are no secrets", text: head + job + reads + env("github.token_name || github.actor") + steps + nothing},
		{name: "in the step that needs it", text: begin + nothing + "    " + env("github.token")},
		{name: "deny_job_container_latest_image", text: head + job + reads + "    container: {image: \"node:latest\"}\n" + steps + nothing,
			want: []string{`floating-image: j: the image "node:latest" is not named by its digest: a tag can be moved to other code`}},
		{name: "an image by its name", text: head + job + reads + "    container: node\n" + steps + nothing,
			want: []string{`floating-image: j: the image "node" is not named by its digest: a tag can be moved to other code`}},
		{name: "a service's image", text: head + job + reads + "    services: {db: {image: \"postgres:17\"}}\n" + steps + nothing,
			want: []string{`floating-image: j db: the image "postgres:17" is not named by its digest: a tag can be moved to other code`}},
		{name: "images by their digests", text: head + job + reads + "    container: \"node:24" + digest + "\"\n    services: {db: {image: \"db" +
			digest + "\"}}\n" + steps + nothing},
		{name: "action_ref_should_be_full_length_commit_sha", text: begin + "      - uses: actions/upload@v1\n        with: {path: p}\n",
			want: []string{"unpinned-uses: actions/upload@v1 is not pinned by a commit: a tag can be moved to other code"}},
		{name: "a reference inside of braces", text: begin + "      - {uses: actions/upload@v1, with: {path: p}}\n",
			want: []string{"unpinned-uses: write actions/upload@v1 on a line of its own: uses: NAME@COMMIT # VERSION"}},
		{name: "a workflow inside of braces", text: head + "  k: {uses: a/b/.github/workflows/w.yml@v1, permissions: {contents: read}}\n",
			want: []string{"unpinned-uses: write a/b/.github/workflows/w.yml@v1 on a line of its own: uses: NAME@COMMIT # VERSION",
				"missing-permissions: k: there is no workflow a/b/.github/workflows/w.yml@v1"}},
		{name: "github_app_should_limit_repositories", text: begin + step(create, "owner: o, permission-issues: write"),
			want: []string{app(create) + everywhere}},
		{name: "github_app_should_limit_repositories, tibdex's action", text: begin + step(tibdex, "permissions: p"),
			want: []string{app(tibdex) + everywhere}},
		{name: "github_app_should_limit_permissions", text: begin + step(create, "app-id: a"), want: []string{app(create) + everything}},
		{name: "github_app_should_limit_permissions, tibdex's action", text: begin + step(tibdex, "repositories: r"),
			want: []string{app(tibdex) + everything}},
		{name: "a token with repositories and permissions", text: begin + step(create, "owner: o, repositories: r, permission-issues: write") +
			step(tibdex, "repositories: r, permissions: p") + step(create, "permission-issues: write")},
		{name: "action_shell_is_required", text: begin + nothing, also: map[string]string{"actions/own/action.yml": composite("", nothing)},
			want: []string{"actions/own/action.yml: strict-shell: : run: does not begin with set -euo pipefail, or its shell is not bash"}},
		{name: "job_timeout_minutes_is_required", text: strings.Replace(begin, "    timeout-minutes: 10\n", "", 1) + nothing,
			want: []string{"timeouts: j: no timeout-minutes: a job that hangs runs six hours"}},
		{name: "checkout_persist_credentials_should_be_false", text: begin + step("actions/checkout", `persist-credentials: "true"`),
			want: []string{"artipacked: j: checkout leaves the token in .git/config: persist-credentials: false"}},
	})
}

// TestNoFileIsOverlooked checks that GitHub reads no file that the rules do not see.
func TestNoFileIsOverlooked(t *testing.T) {
	t.Parallel()
	for name, unseen := range map[string]bool{
		".github/workflows/a.yml": false, ".github/actions/a/action.yml": false, ".github/dependabot.yml": false, "docs/a.yaml": false,
		".github/workflows/a.yaml": true, ".github/actions/a/action.yaml": true, ".github/actions/a/b/action.yml": true,
		"action.yml": true, "tools/action.yaml": true,
	} {
		files := fstest.MapFS{name: &fstest.MapFile{Data: []byte("{}")}}
		if got := workflowlint.Overlooked(files); (len(got) == 1) != unseen {
			t.Errorf("%s: %q", name, got)
		}
	}
}
