package workflowlint_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/guiofsaints/procureflow-platform/tests/workflows/workflowlint"
)

var sha = strings.Repeat("a", 40)

// recorded are the actions that the workflows below use.
var recorded = []workflowlint.Action{
	{Name: "actions/checkout", SHA: sha, Version: "v1", Inputs: []string{"persist-credentials", "repository", "ref", "path"}},
	{Name: "actions/upload-artifact", SHA: sha, Version: "v1", Inputs: []string{"path"}},
	{Name: "actions/upload", SHA: sha, Version: "v1", Inputs: []string{"name", "path"}, Required: []string{"path"}},
	{Name: "actions/setup-go", SHA: sha, Version: "v1", Inputs: []string{"cache"}},
	{Name: "actions/attest", SHA: sha, Version: "v1", Inputs: []string{"push-to-registry", "create-storage-record"}},
	{Name: "google-github-actions/auth", SHA: sha, Version: "v1", Inputs: []string{"token_format", "access_token_lifetime"}},
	{Name: "docker/setup-buildx-action", SHA: sha, Version: "v1", Inputs: []string{"driver-opts"}},
	{Name: "pulumi/auth-actions", SHA: sha, Version: "v1", Inputs: []string{"token-expiration"}},
}

// These are the parts of a workflow that keeps all rules.
const (
	head    = "on: push\n" + top
	top     = "permissions: {}\n" + queue + goOnly + strict + "jobs:\n"
	queue   = "concurrency: {group: g, cancel-in-progress: false}\n"
	goOnly  = "env: {GOWORK: \"off\", GOFLAGS: -mod=readonly}\n"
	strict  = "defaults: {run: {shell: bash}}\n"
	job     = "  j:\n    runs-on: ubuntu-latest\n    timeout-minutes: 10\n"
	reads   = "    permissions: {contents: read}\n"
	enters  = "    permissions: {contents: read, id-token: write}\n"
	steps   = "    steps:\n"
	begun   = "on: workflow_call\n" + top + job
	ours    = "./.platform/.github/actions/"
	command = "      - run: |\n          set -euo pipefail\n          "
	nothing = command + "true\n"
	// inBash is a step of a composite action, which has to name its shell.
	inBash = "      - shell: bash\n        run: |\n          set -euo pipefail\n"
)

// step returns a step with a recorded action.
func step(name, with string) string {
	return "      - uses: " + name + "@" + sha + " # v1\n" + given(with)
}

// local returns a step with an action of the repository's own.
func local(path, with string) string { return "      - uses: " + path + "\n" + given(with) }

func given(with string) string {
	if with == "" {
		return ""
	}
	return "        with: {" + with + "}\n"
}

// composite returns an action of the repository with one step.
func composite(inputs, step string) string {
	return "description: d\ninputs: {" + inputs + "}\nruns:\n  using: composite\n  steps:" +
		strings.ReplaceAll("\n"+step, "\n  ", "\n")
}

type ruleCase struct {
	name string
	// file is the workflow's name, by default x.yml. text is its content. also has other files below .github.
	file, text string
	also       map[string]string
	// want are rules with their messages, in order. Those about other files begin with the file's name.
	want []string
}

func (c ruleCase) check(t *testing.T) {
	t.Helper()
	file := c.file
	if file == "" {
		file = "x.yml"
	}
	files := map[string]string{"workflows/" + file: c.text}
	for name, text := range c.also {
		files[name] = text
	}
	tree, err := workflowlint.Parse(files)
	if err != nil {
		t.Fatalf("%v\n%s", err, c.text)
	}
	var got []string
	for _, finding := range workflowlint.Check(tree, slices.Concat(recorded, recordedApps)) {
		got = append(got, strings.TrimPrefix(finding.String(), "workflows/"+file+": "))
	}
	if !slices.Equal(got, c.want) {
		t.Errorf("found\n\t%s\nwant\n\t%s\nin\n%s", strings.Join(got, "\n\t"), strings.Join(c.want, "\n\t"), c.text)
	}
}

func checkAll(t *testing.T, cases []ruleCase) {
	t.Helper()
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) { t.Parallel(); test.check(t) })
	}
}

func TestActionsArePinned(t *testing.T) {
	t.Parallel()
	const unlike = " is not what testdata/actions.yaml has of it: "
	begin, checkout := head+job+reads+steps, step("actions/checkout", `persist-credentials: "false"`)
	checkAll(t, []ruleCase{
		{name: "pinned and recorded", text: begin + checkout},
		{name: "a tag", text: begin + strings.Replace(checkout, sha+" # v1", "v1", 1), want: []string{
			"unpinned-uses: actions/checkout@v1 is not pinned by a commit: a tag can be moved to other code"}},
		{name: "a short commit", text: begin + strings.Replace(checkout, sha, "aaaaaaaa", 1), want: []string{
			"unpinned-uses: actions/checkout@aaaaaaaa is not pinned by a commit: a tag can be moved to other code"}},
		{name: "another commit", text: begin + strings.Replace(checkout, sha, strings.Repeat("b", 40), 1), want: []string{
			"ref-version-mismatch: actions/checkout@" + strings.Repeat("b", 40) + " # v1" + unlike + sha + " # v1"}},
		{name: "another version", text: begin + strings.Replace(checkout, "v1", "v2", 1), want: []string{
			"ref-version-mismatch: actions/checkout@" + sha + " # v2" + unlike + sha + " # v1"}},
		{name: "no version", text: begin + strings.Replace(checkout, " # v1", "", 1), want: []string{
			"ref-version-mismatch: actions/checkout@" + sha + " # " + unlike + sha + " # v1"}},
		{name: "an action that is not recorded", text: begin + step("mallory/checkout", ""), want: []string{
			"ref-version-mismatch: mallory/checkout@" + sha + " # v1" + unlike + " # "}},
		{name: "BuildKit by its digest", text: begin + step("docker/setup-buildx-action",
			"driver-opts: image=moby/buildkit:v0.29.0@sha256:"+strings.Repeat("0", 64))},
		{name: "BuildKit by its tag", text: begin + step("docker/setup-buildx-action", "driver-opts: image=moby/buildkit:v0.29.0"),
			want: []string{
				"floating-buildkit: j: BuildKit's image is not named by its digest"}},
		{name: "a token in the checkout", text: begin + step("actions/checkout", ""), want: []string{
			"artipacked: j: checkout leaves the token in .git/config: persist-credentials: false"}},
	})
}

func TestInputsExist(t *testing.T) {
	t.Parallel()
	begin := head + job + reads + steps
	also := map[string]string{"actions/own/action.yml": composite("a: {required: true}, b: {}", inBash)}
	checkAll(t, []ruleCase{
		{name: "all required inputs", text: begin + step("actions/upload", "path: p, name: n")},
		{name: "a missing input", text: begin + step("actions/upload", "name: n"), want: []string{
			"action-inputs: j: actions/upload@" + sha + " needs the input \"path\""}},
		{name: "a misspelt input", text: begin + step("actions/upload", "path: p, nmae: n"), want: []string{
			"action-inputs: j: actions/upload@" + sha + " has no input \"nmae\""}},
		{name: "ours", also: also, text: begin + local("./.github/actions/own", "a: 1, b: 2")},
		{name: "an own action with a misspelt input", also: also, text: begin + local("./.github/actions/own", "c: 1"), want: []string{
			`action-inputs: j: ./.github/actions/own has no input "c"`, `action-inputs: j: ./.github/actions/own needs the input "a"`}},
		{name: "an own action that does not exist", text: begin + local("./.github/actions/own", ""), want: []string{
			"action-inputs: j: there is no action ./.github/actions/own"}},
	})
}

func TestScripts(t *testing.T) {
	t.Parallel()
	begin := head + job + reads + steps
	const hold = `[[ "$DIGEST" =~ ^sha256:[0-9a-f]{64}$ ]]` + "\n"
	checkAll(t, []ruleCase{
		{name: "through the environment", text: begin + command + "echo \"$TITLE\"\n        env: {TITLE: \"${{ github.event.title }}\"}\n"},
		{name: "an expression", text: begin + command + "echo ${{ github.event.title }}\n", want: []string{
			"template-injection: j: an expression inside run: becomes a part of the script; pass it through env:"}},
		{name: "goes on after an error", text: begin + "      - name: Lint\n        run: make lint\n", want: []string{
			"strict-shell: j Lint: run: does not begin with set -euo pipefail, or its shell is not bash"}},
		{name: "another shell", text: strings.Replace(begin, strict, "", 1) + nothing, want: []string{
			"strict-shell: j: run: does not begin with set -euo pipefail, or its shell is not bash"}},
		{name: "bash of the step's own", text: strings.Replace(begin, strict, "", 1) + nothing + "        shell: bash\n"},
		{name: "a composite without bash", text: begin + nothing, also: map[string]string{"actions/own/action.yml": composite("", nothing)},
			want: []string{"actions/own/action.yml: strict-shell: : run: does not begin with set -euo pipefail, or its shell is not bash"}},
		{name: "a digest whose form was checked", text: begin + command + hold + command + "copy \"$DIGEST\"\n"},
		{name: "a digest whose form is checked too late", text: begin + command + "copy \"${DIGEST}\"\n" + command + hold, want: []string{
			"digest-unchecked: j: uses $DIGEST before it was held against ^sha256:[0-9a-f]{64}$"}},
		{name: "a digest whose form is checked in another job",
			text: begin + command + hold + strings.Replace(job, "  j:", "  k:", 1) + reads + steps +
				command + "copy \"$DIGEST\"\n", want: []string{"digest-unchecked: k: uses $DIGEST before it was held against ^sha256:[0-9a-f]{64}$"}},
		{name: "names that cannot be read as options", text: begin + command + `show --name "$NAME" --in="$STACK" -- "$HOST"` + "\n"},
		{name: "a name that may be an option", text: begin + command + `show "${NAME}" -- "$HOST"` + "\n", want: []string{
			`option-injection: j: "${NAME}" could be an option: put -- before it`}},
		{name: "policies that come too late", text: begin + command + "pulumi up --skip-preview\n", want: []string{
			"skipped-preview: j: policies judge the preview: an update without one changes things before they can stop it"}},
	})
}

func TestPermissions(t *testing.T) {
	t.Parallel()
	broad := "excessive-permissions: "
	inherits := broad + "top level is not permissions: {}: a job that forgets its own would inherit"
	call := "  k:\n    uses: ./.github/workflows/called.yml\n"
	called := map[string]string{"workflows/called.yml": begun + "    permissions: {contents: read, id-token: write}\n" + steps + nothing}
	checkAll(t, []ruleCase{
		{name: "named one by one", text: head + job + reads + steps + nothing},
		{name: "none", text: head + job + "    permissions: {}\n" + steps + nothing},
		{name: "no permissions at the top", text: strings.Replace(head, "permissions: {}\n", "", 1) + job + reads + steps + nothing,
			want: []string{inherits}},
		{name: "some for all jobs", text: strings.Replace(head, "{}", "{contents: read}", 1) + job + reads + steps + nothing,
			want: []string{inherits}},
		{name: "all for all jobs", text: strings.Replace(head, "{}", "read-all", 1) + job + reads + steps + nothing, want: []string{inherits}},
		{name: "no permissions in the job", text: head + job + steps + nothing, want: []string{
			broad + "j: does not name its permissions one by one"}},
		{name: "all for the job", text: head + job + "    permissions: write-all\n" + steps + nothing, want: []string{
			broad + "j: does not name its permissions one by one"}},
		{name: "commits and packages", text: head + job + "    permissions: {packages: write, contents: write}\n" + steps + nothing,
			want: []string{
				broad + "j: contents: write", broad + "j: packages: write"}},
		{name: "comments", text: head + job + "    permissions: {pull-requests: write, issues: write}\n" + steps + nothing},
		{name: "comments after checking out code", text: head + job + "    permissions: {issues: write}\n" + steps +
			step("actions/checkout", `persist-credentials: "false"`), want: []string{
			broad + "j: writes to issues, pull requests or deployments and checks code out"}},
		{name: "attests", text: head + job + "    permissions: {id-token: write, attestations: write}\n" + steps + step("actions/attest", "")},
		{name: "attests without a right", text: head + job + "    permissions: {attestations: write}\n" + steps + step("actions/attest", ""),
			want: []string{"missing-permissions: j: actions/attest needs id-token: write"}},
		{name: "records where the image is", text: head + job + "    permissions: {id-token: write, attestations: write}\n" + steps +
			step("actions/attest", `push-to-registry: "true"`), want: []string{
			"missing-permissions: j: actions/attest would record where the image is, which needs artifact-metadata: write"}},
		{name: "records nothing", text: head + job + "    permissions: {id-token: write, attestations: write}\n" + steps +
			step("actions/attest", `push-to-registry: "true", create-storage-record: "false"`)},
		{name: "a call with all permissions", also: called, text: head + call + "    permissions: {contents: write, id-token: write}\n",
			want: []string{broad + "k: contents: write"}},
		{name: "a call with too few permissions", also: called, text: head + call + "    permissions: {id-token: read}\n", want: []string{
			"missing-permissions: k: j of ./.github/workflows/called.yml needs contents: read, which its caller does not have",
			"missing-permissions: k: j of ./.github/workflows/called.yml needs id-token: write, which its caller does not have"}},
		{name: "a call of a workflow that does not exist", text: head + call + reads, want: []string{
			"missing-permissions: k: there is no workflow ./.github/workflows/called.yml"}},
		{name: "a call with all secrets", also: called, text: head + call + enters + "    secrets: inherit\n", want: []string{
			"secrets-inherit: k: secrets: inherit gives the called workflow every secret"}},
		{name: "a secret", text: head + job + reads + steps + nothing + "        env: {KEY: \"${{ secrets.KEY }}\"}\n", want: []string{
			"secrets-inherit: reads a secret: jobs get short-lived tokens by their identity, and no key"}},
		{name: "a sink's address", file: "deploy.yml", text: strings.Replace(head, "group: g",
			"group: \"${{ inputs.operation == 'rollback' && format('rollback-{0}', github.run_id) || "+
				"format('deploy-{0}', inputs.stack) }}-${{ inputs.folder }}\"", 1) +
			job + reads + steps + nothing + "        env: {URL: \"${{ secrets.RELEASE_SLACK_URL }}\"}\n"},
		{name: "a variable", text: head + job + reads + steps + nothing + "        env: {HOST: \"${{ vars.HOST }}\"}\n", want: []string{
			"variables: reads a variable, which everybody who may write to the repository can set: `release settings` says it " +
				"from what was reviewed"}},
	})
}

func TestConcurrencyAndTimeLimits(t *testing.T) {
	t.Parallel()
	rest := job + reads + steps + nothing
	var dangerous []ruleCase
	for _, event := range []string{"pull_request_target", "workflow_run", "issue_comment", "issues", "discussion", "discussion_comment",
		"fork"} {
		dangerous = append(dangerous, ruleCase{name: event, text: strings.Replace(head, "on: push", "on: [push, "+event+"]", 1) + rest,
			want: []string{"dangerous-triggers: on: " + event + " runs with the repository's rights on what an outsider sent"}})
	}
	checkAll(t, append(dangerous, []ruleCase{
		{name: "no time limit", text: head + strings.Replace(rest, "    timeout-minutes: 10\n", "", 1), want: []string{
			"timeouts: j: no timeout-minutes: a job that hangs runs six hours"}},
		{name: "no queue", text: strings.Replace(head, queue, "", 1) + rest, want: []string{"concurrency-limits: no concurrency"}},
		{name: "ends an older run", text: strings.Replace(head, "in-progress: false", "in-progress: true", 1) + rest, want: []string{
			"concurrency-limits: cancel-in-progress is true, want false"}},
		{name: "ends an older preview", file: "preview.yml", text: strings.Replace(head, "in-progress: false", "in-progress: true", 1) + rest},
		{name: "keeps an older preview", file: "preview.yml", text: head + rest, want: []string{
			"concurrency-limits: cancel-in-progress is false, want true"}},
		{name: "a queue shared with another workflow", file: "platform-rollback.yml", text: head + rest, want: []string{
			"concurrency-limits: group is g, want emergency-${{ github.run_id }}"}},
		{name: "a token as long as the job", text: head + job + enters + steps +
			step("google-github-actions/auth", "token_format: access_token, access_token_lifetime: 600s")},
		{name: "a token that outlives the job", text: head + job + enters + steps +
			step("google-github-actions/auth", "token_format: access_token, access_token_lifetime: 601s"), want: []string{
			`token-lifetime: j: the token of google-github-actions/auth may outlive the job: access_token_lifetime "601s", and the job ends ` +
				"after 10 minutes"}},
		{name: "a token of an hour", text: head + job + enters + steps + step("google-github-actions/auth", "token_format: access_token"),
			want: []string{`token-lifetime: j: the token of google-github-actions/auth may outlive the job: access_token_lifetime "", and the ` +
				"job ends after 10 minutes"}},
		{name: "an identity and no token", text: head + job + enters + steps + step("google-github-actions/auth", "")},
		{name: "a token of an own action", text: head + job + reads + steps + local("./.github/actions/own", "seconds: 601"),
			also: map[string]string{"actions/own/action.yml": composite("seconds: {required: true}",
				step("pulumi/auth-actions", `token-expiration: "${{ inputs.seconds }}"`))},
			want: []string{`token-lifetime: j: the token of pulumi/auth-actions may outlive the job: token-expiration "601", and the job ends ` +
				"after 10 minutes"}},
	}...))
}
