package workflowlint

import (
	"io/fs"
	"path"
	"regexp"
	"strings"

	"github.com/rhysd/actionlint"
)

// checkNarrow checks what reaches further than the step that needs it: a secret in the environment of a whole job, a GitHub App's token
// for all repositories, an image that somebody else can move.
func checkNarrow(t *Tree, file string, report reporter) {
	workflow, source := t.Workflows[file], "workflows/"+file
	checkEnv(workflow.Env, "", source, report)
	for _, name := range sorted(workflow.Jobs) {
		job := workflow.Jobs[name]
		checkEnv(job.Env, name, source, report)
		checkImage(job.Container, name, source, report)
		if job.Services != nil {
			for _, service := range sorted(job.Services.Value) {
				checkImage(job.Services.Value[service].Container, name+" "+service, source, report)
			}
		}
	}
}

var secretValue = regexp.MustCompile(`\$\{\{.*(\bsecrets\b|\bgithub\.token\b|\bgithub\[).*\}\}`)

// checkEnv checks the environment of a workflow or a job. Every step has it, also one that runs other people's code.
func checkEnv(env *actionlint.Env, where, file string, report reporter) {
	if env == nil {
		return
	}
	for _, key := range sorted(env.Vars) {
		if variable := env.Vars[key]; secretValue.MatchString(text(variable.Value)) {
			report("wide-secret", file, "%s gives every step a secret: set it in the env of the step that needs it",
				strings.TrimSpace(where+" env "+text(variable.Name)))
		}
	}
	if secretValue.MatchString(text(env.Expression)) {
		report("wide-secret", file, "%s gives every step a secret: set it in the env of the step that needs it", strings.TrimSpace(where+" env"))
	}
}

var digested = regexp.MustCompile(`@sha256:[0-9a-f]{64}$`)

func checkImage(container *actionlint.Container, where, file string, report reporter) {
	if container != nil && !digested.MatchString(text(container.Image)) {
		report("floating-image", file, "%s: the image %q is not named by its digest: a tag can be moved to other code", where,
			text(container.Image))
	}
}

// checkAppToken checks a step that asks for a token of a GitHub App. Without these inputs it may do all that the App may, in every
// repository of the owner.
func checkAppToken(s Step, where string, report reporter) {
	action, _, _ := strings.Cut(s.Uses, "@")
	_, repositories := s.With["repositories"]
	_, owner := s.With["owner"]
	permissions := false
	switch action {
	case "tibdex/github-app-token":
		_, permissions = s.With["permissions"]
	case "actions/create-github-app-token":
		repositories = repositories || !owner // It is for this repository, if nothing is said.
		for input := range s.With {
			permissions = permissions || strings.HasPrefix(input, "permission-")
		}
	default:
		return
	}
	if !repositories {
		report("app-token", s.File, "%s: the token of %s is for all repositories: name them", where, action)
	}
	if !permissions {
		report("app-token", s.File, "%s: the token of %s has all permissions of the App: name those that it needs", where, action)
	}
}

// checkSpelling refuses a use that checkUses does not see, because it is not on a line of its own.
func checkSpelling(t *Tree, report reporter) {
	seen := map[string]bool{}
	for file, source := range t.Sources {
		for _, match := range used.FindAllStringSubmatch(source, -1) {
			seen[file+" "+match[1]] = true
		}
	}
	check := func(file, uses string) {
		if uses != "" && !strings.HasPrefix(uses, "./") && !seen[file+" "+uses] {
			report("unpinned-uses", file, "write %s on a line of its own: uses: NAME@COMMIT # VERSION", uses)
		}
	}
	for _, s := range t.Steps() {
		check(s.File, s.Uses)
	}
	for _, file := range sorted(t.Workflows) {
		for _, name := range sorted(t.Workflows[file].Jobs) {
			if call := t.Workflows[file].Jobs[name].WorkflowCall; call != nil {
				check("workflows/"+file, text(call.Uses))
			}
		}
	}
}

// Overlooked returns the workflows and actions of a repository that GitHub reads and Read does not.
func Overlooked(repository fs.FS) []string {
	patterns := []string{".github/workflows/*.yaml"}
	for depth := range 5 {
		for _, name := range []string{"action.yml", "action.yaml"} {
			patterns = append(patterns, strings.Repeat("*/", depth)+name)
		}
	}
	var found []string
	for _, pattern := range patterns {
		names, _ := fs.Glob(repository, pattern) // The patterns are well formed.
		for _, name := range names {
			if read, _ := path.Match(".github/actions/*/action.yml", name); !read {
				found = append(found, name)
			}
		}
	}
	return found
}
