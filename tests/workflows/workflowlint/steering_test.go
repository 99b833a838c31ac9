package workflowlint_test

import (
	"fmt"
	"strings"
	"testing"
)

// TestEvents checks that only events count as harmless that nobody without write access can cause.
func TestEvents(t *testing.T) {
	t.Parallel()
	var cases []ruleCase
	for _, event := range []string{"watch", "gollum", "check_run", "check_suite", "status", "label", "milestone", "page_build", "public",
		"pull_request_review", "pull_request_review_comment", "deployment", "deployment_status", "create", "delete", "registry_package"} {
		cases = append(cases, ruleCase{name: event, text: strings.Replace(head, "on: push", "on: [push, "+event+"]", 1) + job + reads +
			steps + nothing,
			want: []string{"dangerous-triggers: on: " + event + " runs with the repository's rights on what an outsider sent"}})
	}
	for _, event := range []string{"pull_request", "merge_group", "workflow_dispatch", "repository_dispatch"} {
		cases = append(cases, ruleCase{name: event, text: strings.Replace(head, "on: push", "on: [push, "+event+"]", 1) + job + reads +
			steps + nothing})
	}
	checkAll(t, cases)
}

// TestEverySpellingOfSecrets checks the spellings that GitHub's expressions allow.
func TestEverySpellingOfSecrets(t *testing.T) {
	t.Parallel()
	const secret = "secrets-inherit: reads a secret: jobs get short-lived tokens by their identity, and no key"
	const variable = "variables: reads a variable, which everybody who may write to the repository can set: `release settings` says " +
		"it from what was reviewed"
	var cases []ruleCase
	for value, want := range map[string]string{
		"secrets.KEY": secret, "SECRETS.KEY": secret, "Secrets.Key": secret, "secrets['KEY']": secret, "secrets [ 'KEY' ]": secret,
		"secrets[format('{0}', 'KEY')]": secret, "toJSON(secrets)": secret, "toJson( secrets )": secret, "secrets.*": secret,
		"vars.HOST": variable, "VARS.HOST": variable, "vars['HOST']": variable, "toJSON(vars)": variable, "vars [ inputs.x ]": variable,
		"github.sha": "", "inputs.secrets_file": "", "github.event.inputs.vars_file": "", "steps.secrets2.outputs.x": "",
	} {
		c := ruleCase{name: value, text: head + job + reads + steps + nothing + "        env: {A: \"${{ " + value + " }}\"}\n"}
		if want != "" {
			c.want = []string{want}
		}
		cases = append(cases, c)
	}
	checkAll(t, cases)
}

// TestWhatSteersAJob checks machines, containers, variables and hidden failures.
func TestWhatSteersAJob(t *testing.T) {
	t.Parallel()
	const runner = "runner: j: does not run on ubuntu-latest: another machine may keep what a stranger's job left on it"
	var cases []ruleCase
	for _, label := range []string{"self-hosted", "[self-hosted, linux]", "ubuntu-latest-8-cores", `"${{ inputs.runner }}"`,
		"{group: large}", "[ubuntu-latest, x]"} {
		cases = append(cases, ruleCase{name: label, text: head + strings.Replace(job, "ubuntu-latest", label, 1) + reads + steps + nothing,
			want: []string{runner}})
	}
	for _, variable := range []string{"BASH_ENV", "LD_PRELOAD", "NODE_OPTIONS", "PATH", "HOME", "GIT_SSH_COMMAND",
		"GIT_CONFIG_COUNT", "DOCKER_CONFIG",
		"HTTPS_PROXY", "https_proxy", "GOFLAGS", "GOWORK", "GOPROXY", "GONOSUMDB", "GOTOOLCHAIN", "PYTHONPATH", "PULUMI_BACKEND_URL",
		"GITHUB_API_URL",
		"RUNNER_TEMP", "SSL_CERT_FILE"} {
		want := []string{fmt.Sprintf("steering-variable: j: %s decides what a program loads or whom it asks: leave it as it is", variable)}
		cases = append(cases,
			ruleCase{name: variable + " of a step", text: head + job + reads + steps + nothing + "        env: {" + variable +
				": x}\n", want: want},
			ruleCase{name: variable + " of a job", text: head + job + reads + "    env: {" + variable + ": x}\n" + steps + nothing, want: want})
	}
	digest := "@sha256:" + strings.Repeat("0", 64)
	cases = append(cases, []ruleCase{
		{name: "variables of the job's own", text: head + job + reads + "    env: {STACK: dev, GH_REPO: o/r, FOLDER: ., GOAL: x1}\n" +
			steps + nothing},
		{name: "a container with an identity", text: head + job + enters + "    container: \"node" + digest + "\"\n" + steps + nothing,
			want: []string{"identity-alone: j: a container would run with the job's identity"}},
		{name: "a service with an identity", text: head + job + enters + "    services: {db: {image: \"db" + digest + "\"}}\n" + steps +
			nothing,
			want: []string{"identity-alone: j: a container would run with the job's identity"}},
		{name: "a container without an identity", text: head + job + reads + "    container: \"node" + digest + "\"\n" + steps + nothing},
		{name: "a step that may fail", text: head + job + reads + steps + nothing + "        continue-on-error: true\n",
			want: []string{"hidden-failure: j: continue-on-error: the steps after it go on as if it had passed"}},
		{name: "a job that may fail", text: head + job + reads + "    continue-on-error: ${{ inputs.x }}\n" + steps + nothing,
			want: []string{"hidden-failure: j: continue-on-error: the jobs after it go on as if it had passed"}},
	}...)
	for _, path := range []string{".", "./", "${{ github.workspace }}", "${{ github.workspace }}/", "**", "**/*.json", "*",
		"../", `"a b .\n"`} {
		cases = append(cases, ruleCase{name: "an upload of " + path, text: head + job + enters + steps + step("actions/upload-artifact",
			"path: \""+
				strings.Trim(path, `"`)+"\""), want: []string{
			"credentials-upload: j: uploads the whole workspace, in which the login keeps its credentials"}})
	}
	for _, path := range []string{"drift/", "a.txt", "release-report/", "${{ github.workspace }}/drift"} {
		cases = append(cases, ruleCase{name: "an upload of " + path, text: head + job + enters + steps + step("actions/upload-artifact",
			"path: \""+path+"\"")})
	}
	checkAll(t, cases)
}

// TestStrangersTextsInResults checks scripts that write results. A pull request's title with a line break would make a second one.
func TestStrangersTextsInResults(t *testing.T) {
	t.Parallel()
	write := func(value, script string) string {
		return head + job + reads + steps + "      - env: {T: \"${{ " + value +
			" }}\"}\n        run: |\n          set -euo pipefail\n          " + script + "\n"
	}
	found := []string{"output-injection: j: T is a stranger's text, and a line break in it makes further outputs: only test it"}
	const echo = `echo "t=$T" >> "$GITHUB_OUTPUT"`
	var cases []ruleCase
	for _, value := range []string{"github.head_ref", "github.ref_name", "github.event.pull_request.title", "github.event.pull_request.body",
		"github.event.pull_request.head.ref", "github.event.label.name", "github.event.head_commit.message",
		"github.event.head_commit.author.name",
		"github.event.workflow_run.head_branch", "github.event.workflow_run.display_title", "github.event.commits[0].message",
		"github.event.pull_request.head.repo.full_name || github.event.pull_request.title", "github.event.inputs.x",
		"github.event.client_payload.x",
		"GitHub.Event.Pull_Request.Title", "toJSON(github.event.pull_request.labels)"} {
		cases = append(cases, ruleCase{name: value, text: write(value, echo), want: found})
	}
	for _, value := range []string{"github.sha", "github.event.pull_request.number", "github.event.pull_request.head.sha",
		"github.event.label.name == 'preview'", "contains(github.event.pull_request.labels.*.name, 'x')"} {
		cases = append(cases, ruleCase{name: value, text: write(value, echo)})
	}
	for script, want := range map[string][]string{
		`{ echo a; echo "t=${T}"; } >> "$GITHUB_OUTPUT"`:                        found,
		`printf 't=%s\n' "$T" | tee -a "$GITHUB_OUTPUT"`:                        found,
		"cat >> \"$GITHUB_OUTPUT\" <<< \"t<<EOF\n          $T\n          EOF\"": found,
		`[[ "$T" == main ]] && echo x=1 >> "$GITHUB_OUTPUT"`:                    nil,
		`case "$T" in main) echo x=1 >> "$GITHUB_OUTPUT" ;; esac`:               nil,
		`echo "the title is $T"`:                                                nil,
		`echo "A=1" >> "$GITHUB_ENV"`: {
			"output-injection: j: writes GITHUB_ENV, which decides what later steps load: use an output"},
	} {
		cases = append(cases, ruleCase{name: script, text: write("github.event.pull_request.title", script), want: want})
	}
	checkAll(t, cases)
}
