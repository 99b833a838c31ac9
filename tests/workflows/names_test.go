package workflows_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// stackEnvironments returns the GitHub environments that each stack's settings make, in order.
func stackEnvironments(t *testing.T) map[string][]string {
	t.Helper()
	environments := map[string][]string{}
	for _, stack := range []string{"dev", "staging", "prod"} {
		text, err := os.ReadFile(filepath.Join(root, "Pulumi."+stack+".yaml"))
		if err != nil {
			t.Fatal(err)
		}
		var settings struct {
			Config struct {
				Platform struct {
					GitHub struct{ Environments []struct{ Name string } } `yaml:"github"`
				} `yaml:"procureflow:platform"`
			}
		}
		if err := yaml.Unmarshal(text, &settings); err != nil {
			t.Fatal(err)
		}
		for _, environment := range settings.Config.Platform.GitHub.Environments {
			environments[stack] = append(environments[stack], environment.Name)
		}
	}
	return environments
}

// mapped is the expression by which workflows name the environment of a stack's deployments. TestEnvironmentOfEachStack checks it.
const mapped = "${{ inputs.stack == 'prod' && 'production' || inputs.stack }}"

func TestEnvironmentOfEachStack(t *testing.T) {
	t.Parallel()
	for stack, environments := range stackEnvironments(t) {
		got := fmt.Sprint(evaluate(t, mapped, world{"inputs.stack": stack}))
		if want := environments[len(environments)-1]; got != want {
			t.Errorf("stack %s: %s, but its settings say %s", stack, got, want)
		}
	}
}

// environmentProblems returns jobs that name an environment which no stack makes.
func environmentProblems(t *testing.T, files map[string]string) []string {
	t.Helper()
	var known []string
	for _, environments := range stackEnvironments(t) {
		known = append(known, environments...)
	}
	var problems []string
	for file, workflow := range parse(t, files).Workflows {
		for name, job := range workflow.Jobs {
			if job.Environment != nil {
				environment := job.Environment.Name.Value
				promotes := file == "promote.yml" && environment == "${{ inputs.environment }}"
				if !slices.Contains(known, environment) && environment != mapped && !promotes {
					problems = append(problems,
						fmt.Sprintf("%s: %s runs in %q, which no stack's settings make: GitHub would make it, unprotected", file, name, environment))
				}
			}
			if job.WorkflowCall != nil && strings.HasSuffix(job.WorkflowCall.Uses.Value, "/promote.yml") &&
				job.WorkflowCall.Inputs["environment"].Value.Value != mapped {
				problems = append(problems, file+": promote.yml is called with another environment than the stack's")
			}
		}
	}
	return problems
}

func TestWorkflowsNameExistingEnvironments(t *testing.T) {
	t.Parallel()
	for _, problem := range environmentProblems(t, sources(t)) {
		t.Error(problem)
	}
}

func TestWrongEnvironmentsAreReported(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, file, old, replacement, problem string }{
		{"the stack's name as environment", "workflows/infrastructure.yml", "environment: production\n", "environment: prod\n",
			`prod runs in "prod"`},
		{"an unmapped input", "workflows/deploy.yml",
			"environment: ${{ inputs.stack == 'prod' && 'production' || inputs.stack }}\n    permissions", "environment: ${{ " +
				"inputs.stack }}\n    permissions", "which no stack's settings make"},
		{"a promotion elsewhere", "workflows/deploy.yml",
			"environment: ${{ inputs.stack == 'prod' && 'production' || inputs.stack }}\n      stack",
			"environment: staging\n      stack", "another environment than the stack's"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			problems := environmentProblems(t, change(t, sources(t), test.file, test.old, test.replacement))
			if len(problems) == 0 || !strings.Contains(strings.Join(problems, "\n"), test.problem) {
				t.Errorf("found %q, want %q", problems, test.problem)
			}
		})
	}
}

// trusted follows docs/adr/0010: which file's jobs, with or without an environment, may become an account.
var trusted = map[string]map[string]bool{ // by account: the file, and whether the job runs in an environment
	"ci":      {"build.yml": false, "promote.yml": true},
	"deploy":  {"deploy.yml": true},
	"infra":   {"infrastructure.yml": true},
	"preview": {"preview.yml": false, "drift.yml": false, "deploy.yml": false},
	"slots":   {"preview-environment.yml": false},
}

var (
	settingOf = regexp.MustCompile(`^\$\{\{ (?:steps|needs)\.settings\.outputs\.(?:(ci|deploy|infra|preview|slots)-)?(provider|account) \}\}$`)
	handedOn  = regexp.MustCompile(`\$\{\{ steps\.settings\.outputs\.ci-(provider|account) \}\}`)
)

func TestJobsAskForAccountsThatTrustThem(t *testing.T) {
	t.Parallel()
	files, seen := sources(t), map[string]bool{}
	tree := parse(t, files)
	for _, s := range tree.Steps() {
		if !strings.HasPrefix(s.Uses, "google-github-actions/auth@") {
			continue
		}
		file := strings.TrimPrefix(s.File, "workflows/")
		account, provider := settingOf.FindStringSubmatch(s.With["service_account"]),
			settingOf.FindStringSubmatch(s.With["workload_identity_provider"])
		if account == nil || provider == nil || account[1] != provider[1] || account[2] != "account" || provider[2] != "provider" {
			t.Errorf("%s: %s becomes %s by %s: both have to be the settings' of one account", s.File, s.Job, s.With["service_account"],
				s.With["workload_identity_provider"])
			continue
		}
		who := account[1]
		if who == "" { // build.yml's jobs hand on what the first of them read.
			who = "ci"
		}
		environment, known := trusted[who][file]
		if !known || environment != (tree.Workflows[file].Jobs[s.Job].Environment != nil) {
			t.Errorf("%s: %s asks to become %s, and federation would refuse it", s.File, s.Job, who)
		}
		seen[who+" "+file] = true
	}
	if len(seen) != 8 {
		t.Errorf("%d ways in are used, want 8: %v", len(seen), seen)
	}
	if found := handedOn.FindAllString(files["workflows/build.yml"], -1); len(found) != 2 {
		t.Errorf("build.yml hands on %q, want provider and account of ci", found)
	}
}
