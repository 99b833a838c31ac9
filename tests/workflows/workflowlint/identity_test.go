package workflowlint_test

import (
	"strings"
	"testing"
)

func TestIdentities(t *testing.T) {
	t.Parallel()
	begin := head + job + enters + steps
	setUp := map[string]string{"actions/setup-platform/action.yml": composite("cache: {}", inBash)}
	checkout, auth := step("actions/checkout", `persist-credentials: "false"`), step("google-github-actions/auth", "")
	const flags = " for the whole workflow: a file could put other code in a module's place"
	checkAll(t, []ruleCase{
		{name: "logs in", text: begin + auth},
		{name: "runs somebody's program", text: begin + auth + step("actions/upload", "path: p"), want: []string{
			"identity-alone: j: actions/upload would run with the job's identity"}},
		{name: "runs it without an identity", text: head + job + reads + steps + step("actions/upload", "path: p")},
		{name: "attests, and does more", text: head + job + "    permissions: {id-token: write, attestations: write}\n" + steps + checkout +
			step("actions/attest", ""), want: []string{"attest-alone: j: actions/checkout would run with the job's identity"}},
		{name: "a cache", also: setUp, text: begin + local(ours+"setup-platform", `cache: "true"`), want: []string{
			"cache-poisoning: j: restores a cache that a job without an identity may have written: ./.platform/.github/actions/setup-platform"}},
		{name: "no cache", also: setUp, text: begin + local(ours+"setup-platform", "")},
		{name: "a cache by default", text: begin + step("actions/setup-go", ""), want: []string{
			"identity-alone: j: actions/setup-go would run with the job's identity",
			"cache-poisoning: j: restores a cache that a job without an identity may have written: actions/setup-go"}},
		{name: "a cache turned off", text: begin + step("actions/setup-go", `cache: "false"`), want: []string{
			"identity-alone: j: actions/setup-go would run with the job's identity"}},
		{name: "logs in after files were refused", also: setUp, text: begin + checkout + local(ours+"setup-platform", "") + auth},
		{name: "logs in before", also: setUp, text: begin + checkout + auth + local(ours+"setup-platform", ""), want: []string{
			"unrefused-files: j: logs in before setup-platform refused what would steer it"}},
		{name: "a checkout into a folder of its own", text: begin + step("actions/checkout", `persist-credentials: "false", path: p`) + auth},
		{name: "files that change a build", text: strings.Replace(begin, goOnly, "", 1) + auth, want: []string{
			"go-flags: j: GOFLAGS is not -mod=readonly" + flags, "go-flags: j: GOWORK is not off" + flags}},
		{name: "a workspace", text: strings.Replace(begin, `GOWORK: "off"`, "GOWORK: go.work", 1) + auth, want: []string{
			"go-flags: j: GOWORK is not off" + flags}},
	})
}

// TestCalledWorkflows checks that a called workflow takes its own parts from its own commit, because the caller chooses what is in
// its checkout.
func TestCalledWorkflows(t *testing.T) {
	t.Parallel()
	begin := begun + reads + steps
	also := map[string]string{"actions/own/action.yml": composite("", inBash)}
	const own = `persist-credentials: "false", repository: "${{ job.workflow_repository }}", ref: "${{ job.workflow_sha }}", path: .platform`
	checkAll(t, []ruleCase{
		{name: "the platform's action", also: also, text: begin + step("actions/checkout", own) + local(ours+"own", "")},
		{name: "the caller's files", text: begin + step("actions/checkout", `persist-credentials: "false"`)},
		{name: "the caller's action", also: also, text: begin + local("./.github/actions/own", ""), want: []string{
			"foreign-action: j: ./.github/actions/own is the caller's: use ./.platform/.github/actions/"}},
		{name: "its own action, in a workflow that is not called", also: also,
			text: head + job + reads + steps + local("./.github/actions/own", "")},
		{name: "a commit of the caller's choice",
			text: begin + step("actions/checkout", strings.Replace(own, "job.workflow_sha", "inputs.ref", 1)),
			want: []string{`foreign-action: j: checks out with ref "${{ inputs.ref }}", want "${{ job.workflow_sha }}"`}},
		{name: "a checkout with a path and no repository",
			text: begin + step("actions/checkout", `persist-credentials: "false", path: .platform`), want: []string{
				`foreign-action: j: checks out with ref "", want "${{ job.workflow_sha }}"`,
				`foreign-action: j: checks out with repository "", want "${{ job.workflow_repository }}"`}},
	})
}

func TestTeams(t *testing.T) {
	t.Parallel()
	also := map[string]string{
		"actions/pulumi-login/action.yml":      composite("team: {}, stack: {}", inBash),
		"actions/infrastructure-up/action.yml": composite("stack: {}", inBash),
	}
	login := func(team string) string {
		return local(ours+"pulumi-login", `team: "${{ steps.settings.outputs.`+team+` }}", stack: "${{ steps.settings.outputs.pulumi-stack }}"`)
	}
	in := func(environment string) string {
		return head + job + enters + "    environment: " + environment + "\n" + steps
	}
	wrong := func(environment, got, want string) []string {
		const stack = "${{ steps.settings.outputs.pulumi-stack }}"
		return []string{`pulumi-team: j: in environment "` + environment + `" it is "${{ steps.settings.outputs.` + got + ` }}" on stack "` +
			stack + `", want "${{ steps.settings.outputs.` + want + ` }}" on "` + stack + `"`}
	}
	checkAll(t, []ruleCase{
		{name: "reads without an environment", also: also, text: head + job + enters + steps + login("pulumi-read-team")},
		{name: "writes without one", also: also, text: head + job + enters + steps + login("pulumi-team"),
			want: wrong("", "pulumi-team", "pulumi-read-team")},
		{name: "writes in one", also: also, text: in("production") + login("pulumi-team") + local(ours+"infrastructure-up", "stack: prod")},
		{name: "reads in one", also: also, text: in("dev") + login("pulumi-read-team"), want: wrong("dev", "pulumi-read-team", "pulumi-team")},
		{name: "an unknown environment", also: also, text: in("Dev") + login("pulumi-team"),
			want: wrong("Dev", "pulumi-team", "pulumi-team")},
		{name: "another environment's stack", also: also, text: in("dev") + local(ours+"infrastructure-up", "stack: prod"), want: []string{
			`pulumi-team: j: in environment "dev" it changes "prod", want "dev"`}},
		{name: "another stack's settings", also: also, text: in("dev") + command + `"$BIN/release" settings --stack prod` + "\n", want: []string{
			`pulumi-team: j: in environment "dev" it reads the settings of "prod", want "dev"`}},
		{name: "its own settings", also: also, text: in("dev") + command + `"$BIN/release" settings --stack dev` + "\n"},
		{name: "a login without the platform's action", text: head + job + reads + steps + step("pulumi/auth-actions", "token-expiration: 600"),
			want: []string{
				"pulumi-team: j: enters Pulumi Cloud by itself: use ./.platform/.github/actions/pulumi-login"}},
	})
}
