package workflows_test

import (
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rhysd/actionlint"
	"go.yaml.in/yaml/v4"

	"github.com/guiofsaints/procureflow-platform/tests/workflows/workflowlint"
)

// protection is what Pulumi.prod.yaml, the only file that has it, says for the whole repository.
type protection struct{ Branches, Tags, Checks, Actions []string }

func readProtection(t *testing.T) protection {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "Pulumi.prod.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Config struct {
			Platform struct {
				GitHub struct{ Protection protection } `yaml:"github"`
			} `yaml:"procureflow:platform"`
		}
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	p := file.Config.Platform.GitHub.Protection
	if len(p.Branches) == 0 || len(p.Tags) == 0 || len(p.Checks) == 0 || len(p.Actions) == 0 {
		t.Fatalf("Pulumi.prod.yaml protects nothing: %+v", p)
	}
	return p
}

var foreign = regexp.MustCompile(`(?m)^\s*(?:- )?uses: ([^\s#.][^\s#@]*)@`)

// actionProblems returns actions that run and would be refused, and allowed actions that nobody uses. recorded says what actions use
// in turn. GitHub checks those as well, before the first step of the job.
func actionProblems(files map[string]string, allowed []string, recorded []workflowlint.Action) []string {
	uses := map[string]string{} // the action, and what uses it
	for file, text := range files {
		for _, match := range foreign.FindAllStringSubmatch(text, -1) {
			uses[match[1]] = file
		}
	}
	for found := true; found; { // until nothing new is found
		found = false
		for _, action := range recorded {
			for _, inner := range action.Uses {
				if _, known := uses[inner]; !known && uses[action.Name] != "" {
					uses[inner], found = action.Name, true
				}
			}
		}
	}
	var problems []string
	idle := slices.Clone(allowed)
	for _, action := range slices.Sorted(maps.Keys(uses)) {
		fits := func(pattern string) bool {
			name, _, _ := strings.Cut(pattern, "@")
			matched, err := path.Match(name, action)
			return err == nil && matched
		}
		if !slices.ContainsFunc(allowed, fits) {
			problems = append(problems, fmt.Sprintf("%s uses %s, which Pulumi.prod.yaml does not allow: the job would not start",
				uses[action], action))
		}
		idle = slices.DeleteFunc(idle, fits)
	}
	for _, pattern := range idle {
		problems = append(problems, "Pulumi.prod.yaml allows "+pattern+", which nobody uses")
	}
	return problems
}

func TestAllowedActionsAreThoseInUse(t *testing.T) {
	t.Parallel()
	for _, problem := range actionProblems(sources(t), readProtection(t).Actions, actions(t)) {
		t.Error(problem)
	}
}

func TestWrongAllowancesAreReported(t *testing.T) {
	t.Parallel()
	allowed := readProtection(t).Actions
	without := func(pattern string) []string {
		if !slices.Contains(allowed, pattern) {
			t.Fatalf("%s is not allowed at all", pattern)
		}
		return slices.DeleteFunc(slices.Clone(allowed), func(p string) bool { return p == pattern })
	}
	for _, test := range []struct {
		name    string
		allowed []string
		problem string
	}{
		{"an action that a workflow uses", without("docker/login-action@*"), "uses docker/login-action, which Pulumi.prod.yaml does not allow"},
		{"an action that a composite action uses", without("pnpm/action-setup@*"), "actions/setup-pnpm/action.yml uses pnpm/action-setup, which"},
		{"an action that a foreign action uses", without("aquasecurity/setup-trivy@*"),
			"aquasecurity/trivy-action uses aquasecurity/setup-trivy, which"},
		{"an action used two levels down", without("actions/cache/restore@*"), "aquasecurity/setup-trivy uses actions/cache/restore, which"},
		{"an action that nobody uses", append(slices.Clone(allowed), "some/action@*"), "allows some/action@*, which nobody uses"},
	} {
		problems := strings.Join(actionProblems(sources(t), test.allowed, actions(t)), "\n")
		if strings.Count(problems, "\n") != 0 || !strings.Contains(problems, test.problem) {
			t.Errorf("%s: found %q, want %q alone", test.name, problems, test.problem)
		}
	}
}

// tagProblems returns tags that start a workflow although anybody who may push can create them, at a commit of their own. A tag's
// run uses the workflow at its commit.
func tagProblems(tree *workflowlint.Tree, protected []string) []string {
	var problems []string
	idle := slices.Clone(protected)
	for _, file := range slices.Sorted(maps.Keys(tree.Workflows)) {
		for _, event := range tree.Workflows[file].On {
			hook, ok := event.(*actionlint.WebhookEvent)
			if !ok || event.EventName() != "push" && event.EventName() != "create" && event.EventName() != "release" {
				continue
			}
			if hook.Tags.IsEmpty() && hook.Branches.IsEmpty() {
				problems = append(problems, file+" starts on every tag: name them")
				continue
			}
			if hook.Tags.IsEmpty() {
				continue // only branches start it
			}
			for _, tag := range hook.Tags.Values {
				if !slices.Contains(protected, tag.Value) {
					problems = append(problems, file+" starts on the tag "+tag.Value+", which Pulumi.prod.yaml does not protect")
				}
				idle = slices.DeleteFunc(idle, func(pattern string) bool { return pattern == tag.Value })
			}
		}
	}
	for _, pattern := range idle {
		problems = append(problems, "Pulumi.prod.yaml protects the tags "+pattern+", which start nothing")
	}
	return problems
}

func TestTagsThatStartWorkflowsAreProtected(t *testing.T) {
	t.Parallel()
	for _, problem := range tagProblems(parse(t, sources(t)), readProtection(t).Tags) {
		t.Error(problem)
	}
	const file = "policy-publish.yml"
	for name, test := range map[string]struct {
		replacement string
		protected   []string
		want        string
	}{
		"another tag": {"tags: [\"v*\"]", []string{"policy/v*"}, file +
			" starts on the tag v*, which Pulumi.prod.yaml does not protect|Pulumi.prod.yaml protects the tags policy/v*, which start nothing"},
		"no tags at all":   {"tags: [\"policy/v*\"]", nil, file + " starts on the tag policy/v*, which Pulumi.prod.yaml does not protect"},
		"everything":       {"paths: [\"policy/**\"]", nil, file + " starts on every tag: name them"},
		"branches instead": {"branches: [main]", nil, ""},
	} {
		files := change(t, sources(t), "workflows/"+file, "tags: [\"policy/v*\"]", test.replacement)
		if got := strings.Join(tagProblems(parse(t, files), test.protected), "|"); got != test.want {
			t.Errorf("%s: found %q, want %q", name, got, test.want)
		}
	}
}

// checkProblems returns the reasons why a pull request to a protected branch could wait for a check for ever.
func checkProblems(tree *workflowlint.Tree, p protection) []string {
	var problems []string
	workflow := tree.Workflows["platform-ci.yml"]
	for _, check := range p.Checks {
		job := workflow.Jobs[check]
		switch {
		case job == nil:
			problems = append(problems, "platform-ci.yml has no job "+check)
		case job.Name != nil || job.Strategy != nil || job.WorkflowCall != nil:
			problems = append(problems, check+" has a name, a matrix or a called workflow, and with it another name as a check")
		}
	}
	at := slices.IndexFunc(workflow.On, func(event actionlint.Event) bool { return event.EventName() == "pull_request" })
	if at < 0 {
		return append(problems, "platform-ci.yml does not run for pull requests")
	}
	event := workflow.On[at].(*actionlint.WebhookEvent)
	if !event.Paths.IsEmpty() || !event.PathsIgnore.IsEmpty() || !event.BranchesIgnore.IsEmpty() || len(event.Types) > 0 {
		problems = append(problems, "platform-ci.yml leaves out some pull requests")
	}
	for _, branch := range p.Branches {
		named := func(value *actionlint.String) bool { return value.Value == branch }
		if !event.Branches.IsEmpty() && !slices.ContainsFunc(event.Branches.Values, named) {
			problems = append(problems, "platform-ci.yml does not run for pull requests to "+branch)
		}
	}
	return problems
}

func TestRequiredChecksRunForEveryPullRequest(t *testing.T) {
	t.Parallel()
	for _, problem := range checkProblems(parse(t, sources(t)), readProtection(t)) {
		t.Error(problem)
	}
	for _, test := range []struct{ name, old, replacement, problem string }{
		{"another job", "  ci-ok:\n", "  ci-fine:\n", "platform-ci.yml has no job ci-ok"},
		{"the job has a name", "  ci-ok:\n", "  ci-ok:\n    name: CI\n", "ci-ok has a name"},
		{"paths", "  pull_request:\n", "  pull_request:\n    paths: [infra/**]\n", "platform-ci.yml leaves out some pull requests"},
		{"types", "  pull_request:\n", "  pull_request:\n    types: [opened]\n", "platform-ci.yml leaves out some pull requests"},
		{"not for pull requests into dev", "  pull_request:\n    branches: [main, dev, \"feat/**\"]", "  pull_request:\n    branches: [main]",
			"platform-ci.yml does not run for pull requests to dev"},
		{"for no pull request", "  pull_request:\n    branches: [main, dev, \"feat/**\"]", "  workflow_dispatch:",
			"platform-ci.yml does not run for pull requests"},
	} {
		changed := sources(t)
		if !strings.Contains(changed["workflows/platform-ci.yml"], test.old) {
			t.Fatalf("%s: platform-ci.yml does not contain %q", test.name, test.old)
		}
		changed["workflows/platform-ci.yml"] = strings.Replace(changed["workflows/platform-ci.yml"], test.old, test.replacement, 1)
		problems := checkProblems(parse(t, changed), readProtection(t))
		if len(problems) != 1 || !strings.HasPrefix(problems[0], test.problem) {
			t.Errorf("%s: found %q, want %q alone", test.name, problems, test.problem)
		}
	}
}
