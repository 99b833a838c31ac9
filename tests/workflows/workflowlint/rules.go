package workflowlint

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/rhysd/actionlint"
)

// Check runs every rule that needs only the files and the list of actions.
func Check(t *Tree, actions []Action) []Finding {
	var found []Finding
	report := func(rule, file, message string, args ...any) {
		found = append(found, Finding{rule, file, fmt.Sprintf(message, args...)})
	}
	checkUses(t, actions, report)
	checkSpelling(t, report)
	checkSteps(t, actions, report)
	for _, file := range sorted(t.Workflows) {
		checkWorkflow(t, file, report)
	}
	return found
}

type reporter func(rule, file, message string, args ...any)

var pinned = regexp.MustCompile(`^([^@]+)@([0-9a-f]{40})$`)

// checkUses reads lines, because the version is in a comment.
func checkUses(t *Tree, actions []Action, report reporter) {
	for _, file := range sorted(t.Sources) {
		for _, match := range used.FindAllStringSubmatch(t.Sources[file], -1) {
			uses, version := match[1], match[2]
			if strings.HasPrefix(uses, "./") {
				continue
			}
			parts := pinned.FindStringSubmatch(uses)
			if parts == nil {
				report("unpinned-uses", file, "%s is not pinned by a commit: a tag can be moved to other code", uses)
				continue
			}
			action, known := find(actions, parts[1])
			if !known || action.SHA != parts[2] || action.Version != version {
				report("ref-version-mismatch", file, "%s # %s is not what testdata/actions.yaml has of it: %s # %s", uses, version,
					action.SHA, action.Version)
			}
		}
	}
}

func find(actions []Action, name string) (Action, bool) {
	at := slices.IndexFunc(actions, func(a Action) bool { return a.Name == name })
	if at < 0 {
		return Action{}, false
	}
	return actions[at], true
}

const digestCheck = `^sha256:[0-9a-f]{64}$`

func checkSteps(t *Tree, actions []Action, report reporter) {
	validated := map[string]bool{}
	for _, s := range t.Steps() {
		where := strings.TrimSpace(s.Job + " " + s.Name)
		checkArguments(s, where, report)
		if s.Run != "" {
			if strings.Contains(s.Run, "${{") {
				report("template-injection", s.File, "%s: an expression inside run: becomes a part of the script; pass it through env:", where)
			}
			if !strings.HasPrefix(s.Run, "set -euo pipefail\n") || s.shellNotStated {
				report("strict-shell", s.File, "%s: run: does not begin with set -euo pipefail, or its shell is not bash", where)
			}
			if strings.Contains(s.Run, "$DIGEST") || strings.Contains(s.Run, "${DIGEST") {
				if !validated[s.File+s.Job] && !strings.Contains(s.Run, digestCheck) {
					report("digest-unchecked", s.File, "%s: uses $DIGEST before it was held against %s", where, digestCheck)
				}
				validated[s.File+s.Job] = true
			}
			continue
		}
		checkInputs(t, actions, s, where, report)
		checkAppToken(s, where, report)
		if strings.HasPrefix(s.Uses, "actions/checkout@") && s.With["persist-credentials"] != "false" {
			report("artipacked", s.File, "%s: checkout leaves the token in .git/config: persist-credentials: false", where)
		}
	}
}

func checkInputs(t *Tree, actions []Action, s Step, where string, report reporter) {
	var action Action
	if name, local := ownAction(s.Uses); local {
		composite, known := t.Composites[name]
		if !known {
			report("action-inputs", s.File, "%s: there is no action %s", where, s.Uses)
			return
		}
		for input, described := range composite.Inputs {
			action.Inputs = append(action.Inputs, input)
			if described.Required {
				action.Required = append(action.Required, input)
			}
		}
	} else {
		name, _, _ := strings.Cut(s.Uses, "@")
		var known bool
		if action, known = find(actions, name); !known {
			return // ref-version-mismatch reports it
		}
	}
	for _, input := range sorted(s.With) {
		if !slices.Contains(action.Inputs, input) {
			report("action-inputs", s.File, "%s: %s has no input %q", where, s.Uses, input)
		}
	}
	for _, input := range action.Required {
		if _, given := s.With[input]; !given {
			report("action-inputs", s.File, "%s: %s needs the input %q", where, s.Uses, input)
		}
	}
}

// writes are the scopes that a job may write. contents, packages and actions are not among them: no workflow commits, publishes on
// GitHub or starts other workflows.
var writes = []string{"id-token", "attestations", "security-events", "pull-requests", "issues", "deployments"}

// events are those that only somebody with write access, or the clock, can cause, and a pull request's, whose run has no rights if it
// comes from a fork. All others, such as a star or an edited wiki page, run with the repository's rights on what an outsider sent.
var events = []string{"merge_group", "pull_request", "push", "release", "repository_dispatch", "schedule", "workflow_call",
	"workflow_dispatch"}

// sinkSecrets are the secrets by which a release's sinks are reached. They open only a chat, a webhook and a pager, which take no
// identity.
var sinkSecrets = []string{"secrets.RELEASE_SLACK_URL", "secrets.RELEASE_WEBHOOK_URL", "secrets.RELEASE_WEBHOOK_TOKEN",
	"secrets.RELEASE_PAGERDUTY_KEY"}

// secretName matches every way in which an expression reads secrets, by name, by index or all at once. GitHub ignores the case.
var secretName = regexp.MustCompile(`(?i)\bsecrets(?:\.\w*|\s*\[|\s*\))`)

func checkWorkflow(t *Tree, file string, report reporter) {
	workflow, path := t.Workflows[file], "workflows/"+file
	if p := workflow.Permissions; p == nil || p.All != nil || len(p.Scopes) > 0 {
		report("excessive-permissions", path, "top level is not permissions: {}: a job that forgets its own would inherit")
	}
	for _, secret := range secretName.FindAllString(t.Sources[path], -1) {
		if path != "workflows/deploy.yml" || !slices.Contains(sinkSecrets, secret) {
			report("secrets-inherit", path, "reads a secret: jobs get short-lived tokens by their identity, and no key")
		}
	}
	for _, event := range workflow.On {
		if event.EventName() == "workflow_run" && file == afterStrangers {
			checkAfterStrangers(t, file, report)
			continue
		}
		if !slices.Contains(events, event.EventName()) {
			report("dangerous-triggers", path, "on: %s runs with the repository's rights on what an outsider sent", event.EventName())
		}
	}
	checkConcurrency(workflow, file, report)
	checkNarrow(t, file, report)
	for _, name := range sorted(workflow.Jobs) {
		checkJob(workflow.Jobs[name], name, path, report)
		checkLifetimes(t, file, name, report)
		checkTeams(t, file, name, report)
		checkRights(t, file, name, report)
		checkCalled(t, file, name, report)
		checkIdentity(t, file, name, report)
		checkSteering(t, file, name, report)
	}
	checkCaller(t, file, report)
}

// lifetimes are the inputs that say how many seconds a token lives, by the action that requests it.
var lifetimes = map[string]string{"google-github-actions/auth": "access_token_lifetime", "pulumi/auth-actions": "token-expiration"}

// checkLifetimes compares tokens with the job's own time limit. Without the input a token lives an hour or two.
func checkLifetimes(t *Tree, file, name string, report reporter) {
	limit := t.Workflows[file].Jobs[name].TimeoutMinutes
	if limit == nil {
		return // The job calls a workflow, or the rule timeouts reports it.
	}
	var steps []Step
	for _, s := range t.jobSteps(file, name) {
		steps = append(append(steps, s), t.inside(s)...)
	}
	for _, s := range steps {
		action, _, _ := strings.Cut(s.Uses, "@")
		input, asks := lifetimes[action]
		if !asks || action == "google-github-actions/auth" && s.With["token_format"] == "" {
			continue
		}
		seconds, err := strconv.Atoi(strings.TrimSuffix(s.With[input], "s"))
		if err != nil || float64(seconds) > limit.Value*60 {
			report("token-lifetime", "workflows/"+file,
				"%s: the token of %s may outlive the job: %s %q, and the job ends after %g minutes", name, action, input, s.With[input], limit.Value)
		}
	}
}

// inside returns the steps of the repository's own action that a step uses, with the values that the step passes on.
func (t *Tree) inside(s Step) (steps []Step) {
	local, is := ownAction(s.Uses)
	if !is {
		return nil
	}
	for _, inner := range t.Composites[local].Runs.Steps {
		with := maps.Clone(inner.With)
		for name, value := range s.With {
			for input := range with {
				with[input] = strings.ReplaceAll(with[input], "${{ inputs."+name+" }}", value)
			}
		}
		steps = append(steps, Step{Uses: inner.Uses, With: with})
	}
	return steps
}

// rights are the permissions that actions need according to their documentation, including those of a private repository for the
// upload of a scan.
var rights = map[string][]string{
	"github/codeql-action/upload-sarif": {"actions: read", "contents: read", "security-events: write"},
	"actions/attest":                    {"attestations: write", "id-token: write"},
	"google-github-actions/auth":        {"id-token: write"},
	platformActions + "pulumi-login":    {"id-token: write"},
	platformActions + "two-approvals":   {"actions: read"},
	platformActions + "fetch-image":     {"actions: read"},
}

func checkRights(t *Tree, file, name string, report reporter) {
	var given []string
	if p := t.Workflows[file].Jobs[name].Permissions; p != nil {
		for _, scope := range p.Scopes {
			given = append(given, text(scope.Name)+": "+text(scope.Value))
		}
	}
	for _, s := range t.jobSteps(file, name) {
		action, _, _ := strings.Cut(s.Uses, "@")
		for _, right := range rights[action] {
			if !slices.Contains(given, right) {
				report("missing-permissions", "workflows/"+file, "%s: %s needs %s", name, action, right)
			}
		}
		if action == "actions/attest" && s.With["push-to-registry"] == "true" && s.With["create-storage-record"] != "false" &&
			!slices.Contains(given, "artifact-metadata: write") {
			report("missing-permissions", "workflows/"+file,
				"%s: %s would record where the image is, which needs artifact-metadata: write", name, action)
		}
	}
}

// checkCalled compares a job that calls a workflow with that workflow's jobs. GitHub does not start a run if one of them, even a
// skipped one, asks for more than the caller has.
func checkCalled(t *Tree, file, name string, report reporter) {
	job := t.Workflows[file].Jobs[name]
	if job.WorkflowCall == nil || job.Permissions == nil {
		return
	}
	called, known := t.Workflows[strings.TrimPrefix(text(job.WorkflowCall.Uses), "./.github/workflows/")]
	if !known {
		report("missing-permissions", "workflows/"+file, "%s: there is no workflow %s", name, text(job.WorkflowCall.Uses))
		return
	}
	for _, asks := range sorted(called.Jobs) {
		if called.Jobs[asks].Permissions == nil {
			continue // excessive-permissions reports it
		}
		for _, scope := range sorted(called.Jobs[asks].Permissions.Scopes) {
			wanted, given := called.Jobs[asks].Permissions.Scopes[scope], job.Permissions.Scopes[scope]
			if given == nil || text(wanted.Value) == "write" && text(given.Value) != "write" {
				report("missing-permissions", "workflows/"+file, "%s: %s of %s needs %s: %s, which its caller does not have", name, asks,
					text(job.WorkflowCall.Uses), scope, text(wanted.Value))
			}
		}
	}
}

func checkJob(job *actionlint.Job, name, path string, report reporter) {
	if job.WorkflowCall != nil && job.WorkflowCall.InheritSecrets {
		report("secrets-inherit", path, "%s: secrets: inherit gives the called workflow every secret", name)
	}
	if job.WorkflowCall == nil && job.TimeoutMinutes == nil {
		report("timeouts", path, "%s: no timeout-minutes: a job that hangs runs six hours", name)
	}
	p := job.Permissions
	if p == nil || p.All != nil {
		report("excessive-permissions", path, "%s: does not name its permissions one by one", name)
		return
	}
	talks := false
	for _, key := range sorted(p.Scopes) {
		scope := p.Scopes[key]
		if text(scope.Value) != "write" {
			continue
		}
		if !slices.Contains(writes, text(scope.Name)) {
			report("excessive-permissions", path, "%s: %s: write", name, text(scope.Name))
		}
		talks = talks || slices.Contains([]string{"pull-requests", "issues", "deployments"}, text(scope.Name))
	}
	for _, s := range job.Steps {
		if exec, ok := s.Exec.(*actionlint.ExecAction); ok && talks && strings.HasPrefix(text(exec.Uses), "actions/checkout@") {
			report("excessive-permissions", path, "%s: writes to issues, pull requests or deployments and checks code out", name)
		}
	}
}

// cancellable are the workflows whose newer run may cancel an older one, because they change nothing.
var cancellable = map[string]string{
	"ci.yml":                 "${{ github.event_name == 'pull_request' }}",
	"check.yml":              "${{ github.event_name == 'pull_request' }}",
	"image.yml":              "${{ github.event_name == 'pull_request' }}",
	"platform-ci.yml":        "${{ github.event_name == 'pull_request' }}",
	"platform-preview.yml":   "true",
	"platform-scorecard.yml": "true",
	"preview.yml":            "true",
	"scorecard.yml":          "true",
}

// groups are the concurrency groups that a workflow must have, because others rely on them.
var groups = map[string]string{
	"deploy.yml": "${{ inputs.operation == 'rollback' && format('rollback-{0}', github.run_id) || " +
		"format('deploy-{0}', inputs.stack) }}-${{ inputs.folder }}",
	"platform-rollback.yml": "emergency-${{ github.run_id }}",
}

func checkConcurrency(workflow *actionlint.Workflow, file string, report reporter) {
	c := workflow.Concurrency
	if c == nil {
		report("concurrency-limits", "workflows/"+file, "no concurrency")
		return
	}
	cancels := "false"
	if c.CancelInProgress != nil {
		cancels = fmt.Sprint(c.CancelInProgress.Value)
		if c.CancelInProgress.Expression != nil {
			cancels = text(c.CancelInProgress.Expression)
		}
	}
	want := "false"
	if other, ok := cancellable[file]; ok {
		want = other
	}
	if cancels != want {
		report("concurrency-limits", "workflows/"+file, "cancel-in-progress is %s, want %s", cancels, want)
	}
	if want, ok := groups[file]; ok && text(c.Group) != want {
		report("concurrency-limits", "workflows/"+file, "group is %s, want %s", text(c.Group), want)
	}
	if !takesFolder(workflow) {
		return
	}
	for _, name := range sorted(workflow.Jobs) {
		if job := workflow.Jobs[name]; job.Concurrency != nil && !strings.Contains(text(job.Concurrency.Group), "inputs.folder") {
			report("concurrency-limits", "workflows/"+file, "%s: the group leaves out the folder", name)
		}
	}
	if !strings.Contains(text(c.Group), "inputs.folder") {
		report("concurrency-limits", "workflows/"+file, "the group leaves out the folder")
	}
}

// takesFolder reports whether a workflow is called for the application in a folder. A repository may have several: their runs must
// not wait for each other, nor take each other's place in the queue.
func takesFolder(workflow *actionlint.Workflow) bool {
	for _, event := range workflow.On {
		if call, ok := event.(*actionlint.WorkflowCallEvent); ok {
			return slices.ContainsFunc(call.Inputs, func(input *actionlint.WorkflowCallEventInput) bool { return input.ID == "folder" })
		}
	}
	return false
}
