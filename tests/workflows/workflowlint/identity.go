package workflowlint

import (
	"regexp"
	"slices"
	"strings"

	"github.com/rhysd/actionlint"
)

// These are the two forms of this repository's actions: as its own workflows use them, which its writers may change, and from the
// checkout of the platform at the commit of the running workflow.
const (
	ownActions      = "./.github/actions/"
	platformActions = "./.platform/.github/actions/"
)

// ownAction is the name of an action of this repository.
func ownAction(uses string) (name string, is bool) {
	if name, is = strings.CutPrefix(uses, platformActions); is {
		return name, true
	}
	return strings.CutPrefix(uses, ownActions)
}

// withIdentity are the only actions that a job with an identity may use: those that request the identity, GitHub's own, and the
// platform's. A scanner or a build runs programs from outside, which would get the identity as well.
var withIdentity = []string{
	"actions/checkout", "actions/upload-artifact", "docker/login-action", "google-github-actions/auth",
	platformActions + "fetch-image", platformActions + "health-check", platformActions + "infrastructure-up", platformActions + "pulumi-login",
	platformActions + "setup-platform", platformActions + "to-release", platformActions + "two-approvals",
}

// goVariables keep files of the checkout from replacing a module's code.
var goVariables = map[string]string{"GOWORK": "off", "GOFLAGS": "-mod=readonly"}

// attesting are the only actions that may be in a job that attests where an artifact was built.
var attesting = []string{"actions/attest", "google-github-actions/auth"}

// checkIdentity checks jobs that GitHub gives an identity token.
func checkIdentity(t *Tree, file, name string, report reporter) {
	workflow, path := t.Workflows[file], "workflows/"+file
	job := workflow.Jobs[name]
	if job.WorkflowCall != nil || !may(job, "id-token") {
		return
	}
	allowed, rule := withIdentity, "identity-alone"
	if may(job, "attestations") {
		allowed, rule = attesting, "attest-alone"
	}
	setUp, checkedOut := false, false
	for _, s := range t.jobSteps(file, name) {
		action, _, _ := strings.Cut(s.Uses, "@")
		if s.Uses != "" && !slices.Contains(allowed, action) {
			report(rule, path, "%s: %s would run with the job's identity", name, action)
		}
		if cached(s) {
			report("cache-poisoning", path, "%s: restores a cache that a job without an identity may have written: %s", name, action)
		}
		switch {
		case action == "actions/checkout" && s.With["repository"] == "" && s.With["path"] == "":
			checkedOut = true
		case action == platformActions+"setup-platform":
			setUp = true
		case asksForIdentity(action) && checkedOut && !setUp:
			report("unrefused-files", path, "%s: logs in before setup-platform refused what would steer it", name)
		}
	}
	for _, variable := range sorted(goVariables) {
		want := goVariables[variable]
		if workflow.Env == nil || workflow.Env.Vars[strings.ToLower(variable)] == nil ||
			text(workflow.Env.Vars[strings.ToLower(variable)].Value) != want {
			report("go-flags", path, "%s: %s is not %s for the whole workflow: a file could put other code in a module's place", name,
				variable, want)
		}
	}
}

func asksForIdentity(action string) bool {
	return action == "google-github-actions/auth" || action == platformActions+"pulumi-login"
}

// may reports whether a job may write a scope.
func may(job *actionlint.Job, scope string) bool {
	if job.Permissions == nil || job.Permissions.Scopes[scope] == nil {
		return false
	}
	return text(job.Permissions.Scopes[scope].Value) == "write"
}

// cached reports whether a step restores a cache, which some actions do unless told otherwise.
func cached(s Step) bool {
	name, _, _ := strings.Cut(s.Uses, "@")
	switch name {
	case "actions/cache", ownActions + "setup-pnpm":
		return true
	case platformActions + "setup-platform":
		return s.With["cache"] == "true"
	case "actions/setup-go":
		return s.With["cache"] != "false"
	case "actions/setup-node":
		return s.With["cache"] != ""
	case "docker/build-push-action":
		return s.With["cache-from"] != ""
	case "aquasecurity/trivy-action":
		return s.With["cache"] != "false"
	}
	return false
}

// own are the inputs with which a called workflow checks out its own repository and commit. The caller chooses neither.
var own = map[string]string{"repository": "${{ job.workflow_repository }}", "ref": "${{ job.workflow_sha }}", "path": ".platform",
	"persist-credentials": "false"}

// variableName matches every way in which an expression reads variables, as secretName does.
var variableName = regexp.MustCompile(`(?i)\bvars(?:\.|\s*\[|\s*\))`)

// checkCaller checks where a called workflow takes its parts from. A caller's checkout may contain anything at .github/actions.
func checkCaller(t *Tree, file string, report reporter) {
	path := "workflows/" + file
	called := slices.ContainsFunc(t.Workflows[file].On, func(event actionlint.Event) bool { return event.EventName() == "workflow_call" })
	if variableName.MatchString(t.Sources[path]) {
		report("variables", path, "reads a variable, which everybody who may write to the repository can set: `release settings` says it from "+
			"what was reviewed")
	}
	for _, name := range sorted(t.Workflows[file].Jobs) {
		for _, s := range t.jobSteps(file, name) {
			if called && strings.HasPrefix(s.Uses, ownActions) {
				report("foreign-action", path, "%s: %s is the caller's: use %s", name, s.Uses, platformActions)
			}
			if !called || !strings.HasPrefix(s.Uses, "actions/checkout@") || s.With["path"] == "" && s.With["repository"] == "" {
				continue
			}
			for _, input := range sorted(own) {
				if want := own[input]; s.With[input] != want {
					report("foreign-action", path, "%s: checks out with %s %q, want %q", name, input, s.With[input], want)
				}
			}
		}
	}
}

// pulumiLogin is the only way into Pulumi Cloud.
const pulumiLogin = platformActions + "pulumi-login"

// stacks are the stacks whose settings a job may read, as it names them to `release settings`, by its environment.
var stacks = map[string]string{
	"": "$STACK", "dev": "dev", "staging": "staging", "production": "prod",
	"${{ inputs.environment }}":                                     "$STACK",
	"${{ inputs.stack == 'prod' && 'production' || inputs.stack }}": "$STACK",
}

var readsSettings = regexp.MustCompile(`"\$BIN/release" settings .*--stack "?([$A-Za-z]+)"?`)

// checkTeams checks which team a job represents in Pulumi Cloud, and on which stack. Pulumi Cloud's own rules allow exactly the same
// (docs/bootstrap.md). Anybody who may push can start a job without an environment, so its team only reads.
func checkTeams(t *Tree, file, name string, report reporter) {
	job, path := t.Workflows[file].Jobs[name], "workflows/"+file
	environment := ""
	if job.Environment != nil {
		environment = text(job.Environment.Name)
	}
	stack, known := stacks[environment]
	team, selected := "${{ steps.settings.outputs.pulumi-read-team }}", "${{ steps.settings.outputs.pulumi-stack }}"
	if environment != "" {
		team = "${{ steps.settings.outputs.pulumi-team }}"
	}
	if publishes(t.Workflows[file]) {
		team, selected, stack = "${{ steps.settings.outputs.pulumi-policies-team }}", "", "dev"
	}
	for _, s := range t.jobSteps(file, name) {
		read := readsSettings.FindStringSubmatch(s.Run)
		switch {
		case strings.HasPrefix(s.Uses, "pulumi/auth-actions@"):
			report("pulumi-team", path, "%s: enters Pulumi Cloud by itself: use %s", name, pulumiLogin)
		case s.Uses == pulumiLogin && (!known || s.With["team"] != team || s.With["stack"] != selected):
			report("pulumi-team", path, "%s: in environment %q it is %q on stack %q, want %q on %q", name, environment, s.With["team"],
				s.With["stack"], team, selected)
		case s.Uses == platformActions+"infrastructure-up" && s.With["stack"] != stack:
			report("pulumi-team", path, "%s: in environment %q it changes %q, want %q", name, environment, s.With["stack"], stack)
		case read != nil && file != "build.yml" && read[1] != stack:
			report("pulumi-team", path, "%s: in environment %q it reads the settings of %q, want %q", name, environment, read[1], stack)
		}
	}
}

// publishes reports whether a workflow starts on a tag or a release.
func publishes(workflow *actionlint.Workflow) bool {
	for _, event := range workflow.On {
		if event.EventName() == "release" {
			return true
		}
		if hook, ok := event.(*actionlint.WebhookEvent); ok && hook.Tags != nil && len(hook.Tags.Values) > 0 {
			return true
		}
	}
	return false
}

var (
	// named matches a name or an address where a script could take it for an option.
	named = regexp.MustCompile(`"\$\{?(NAME|service|HOST|STACK|FOLDER|ORGANIZATION)\}?"`)
	// separated matches the ways to show that it is not an option: after --, as an option's value, in a test, or in an assignment.
	separated = regexp.MustCompile(`(-- |--[a-z-]+ |--arg [a-z]+ |--[a-z-]+=|<<< |\[\[ |-n |-z |case |=)$`)
	buildKit  = regexp.MustCompile(`^image=moby/buildkit:v[0-9.]+@sha256:[0-9a-f]{64}$`)
)

// checkArguments checks a step for names that could be taken for options, and for programs without a pinned version.
func checkArguments(s Step, where string, report reporter) {
	for _, line := range strings.Split(s.Run, "\n") {
		for _, at := range named.FindAllStringIndex(line, -1) {
			if !separated.MatchString(line[:at[0]]) && !strings.HasPrefix(strings.TrimSpace(line), "echo ") {
				report("option-injection", s.File, "%s: %s could be an option: put -- before it", where, line[at[0]:at[1]])
			}
		}
		if strings.Contains(line, "--skip-preview") {
			report("skipped-preview", s.File, "%s: policies judge the preview: an update without one changes things before they can stop it", where)
		}
	}
	if strings.HasPrefix(s.Uses, "docker/setup-buildx-action@") && !buildKit.MatchString(s.With["driver-opts"]) {
		report("floating-buildkit", s.File, "%s: BuildKit's image is not named by its digest", where)
	}
}
