package workflows_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// program is what infra/program/variables.go says that it writes. It is read as source, because it is another module's.
type program struct {
	values map[string]string // Constants by name.
	// environment and repository are the constants' names that the functions of the same names list; dev's list is longer.
	environment, repository, repositoryDev []string
}

func readProgram(t *testing.T) program {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, "infra/program/variables.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	p := program{values: map[string]string{}}
	lists := map[string][][]string{}
	for _, declaration := range file.Decls {
		function := ""
		if f, ok := declaration.(*ast.FuncDecl); ok {
			function = f.Name.Name
		}
		ast.Inspect(declaration, func(node ast.Node) bool {
			switch node := node.(type) {
			case *ast.ValueSpec:
				if literal, ok := node.Values[0].(*ast.BasicLit); ok && len(node.Names) == 1 {
					if p.values[node.Names[0].Name], err = strconv.Unquote(literal.Value); err != nil {
						t.Fatal(err)
					}
				}
			case *ast.CompositeLit:
				var names []string
				for _, element := range node.Elts {
					if identifier, ok := element.(*ast.Ident); ok {
						names = append(names, identifier.Name)
					}
				}
				lists[function] = append(lists[function], names)
			}
			return true
		})
	}
	if len(lists["EnvironmentVariables"]) != 1 || len(lists["RepositoryVariables"]) != 2 {
		t.Fatalf("infra/program/variables.go lists its variables in another way than this test reads: %v", lists)
	}
	p.environment, p.repository, p.repositoryDev = lists["EnvironmentVariables"][0], lists["RepositoryVariables"][0], lists["RepositoryVariables"][1]
	return p
}

// stackEnvironments are the GitHub environments that each stack's settings make, in their order.
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

// mapped is how workflows say which environment a stack's deployments run in. TestTheMapping proves it.
const mapped = "${{ inputs.stack == 'prod' && 'production' || inputs.stack }}"

func TestTheMapping(t *testing.T) {
	t.Parallel()
	for stack, environments := range stackEnvironments(t) {
		got := fmt.Sprint(evaluate(t, mapped, world{"inputs.stack": stack}))
		if want := environments[len(environments)-1]; got != want {
			t.Errorf("stack %s: %s, but its settings say %s", stack, got, want)
		}
	}
}

// nameProblems says which jobs name an environment that no stack makes, or a variable that they would not find.
func nameProblems(t *testing.T, files map[string]string) []string {
	t.Helper()
	tree, program := parse(t, files), readProgram(t)
	var known []string
	for _, environments := range stackEnvironments(t) {
		known = append(known, environments...)
	}
	inEnvironment, inRepository := map[string]bool{}, map[string]bool{}
	for _, name := range program.environment {
		inEnvironment[program.values[name]] = true
	}
	for stack, names := range map[string][]string{"DEV": program.repositoryDev, "STAGING": program.repository, "PROD": program.repository} {
		for _, name := range names {
			inRepository[program.values[name]+"_"+stack] = true
		}
	}
	var problems []string
	for file, workflow := range tree.Workflows {
		read := 0
		for name, job := range workflow.Jobs {
			environment := ""
			if job.Environment != nil {
				environment = job.Environment.Name.Value
				promotes := file == "promote.yml" && environment == "${{ inputs.environment }}"
				if !slices.Contains(known, environment) && environment != mapped && !promotes {
					problems = append(problems, fmt.Sprintf("%s: %s runs in %q, which no stack's settings make: GitHub would make it, unprotected", file, name, environment))
				}
			}
			for _, variable := range variablesOf(files["workflows/"+file], name) {
				read++
				if !inRepository[variable] && (environment == "" || environment == "production-approval" || !inEnvironment[variable]) {
					problems = append(problems, fmt.Sprintf("%s: %s reads %s, which its environment %q does not have", file, name, variable, environment))
				}
			}
			if job.WorkflowCall != nil && strings.HasSuffix(job.WorkflowCall.Uses.Value, "/promote.yml") && job.WorkflowCall.Inputs["environment"].Value.Value != mapped {
				problems = append(problems, file+": promote.yml is called with another environment than the stack's")
			}
		}
		if all := len(variable.FindAllString(files["workflows/"+file], -1)); all != read {
			problems = append(problems, fmt.Sprintf("%s: %d of its %d variables stand in a job", file, read, all))
		}
	}
	return problems
}

var variable = regexp.MustCompile(`\bGCP_[A-Z_]+`)

// variablesOf are the variables named anywhere in a job's text, a matrix included.
func variablesOf(text, job string) []string {
	_, jobs, _ := strings.Cut(text, "\njobs:\n")
	_, body, _ := strings.Cut("\n"+jobs, "\n  "+job+":\n")
	if end := regexp.MustCompile(`(?m)^  [a-z][a-z-]*:$`).FindStringIndex(body); end != nil {
		body = body[:end[0]]
	}
	return variable.FindAllString(body, -1)
}

func TestNamesAreOnesThatTheProgramMakes(t *testing.T) {
	t.Parallel()
	for _, problem := range nameProblems(t, sources(t)) {
		t.Error(problem)
	}
}

func TestWrongNamesAreCaught(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, file, old, replacement, problem string }{
		{"the stack's name as environment", "workflows/infrastructure.yml", "environment: production\n", "environment: prod\n", `prod runs in "prod"`},
		{"an unmapped input", "workflows/deploy.yml", "environment: ${{ inputs.stack == 'prod' && 'production' || inputs.stack }}\n    permissions", "environment: ${{ inputs.stack }}\n    permissions", "which no stack's settings make"},
		{"a promotion elsewhere", "workflows/deploy.yml", "environment: ${{ inputs.stack == 'prod' && 'production' || inputs.stack }}\n      digest", "environment: staging\n      digest", "another environment than the stack's"},
		{"a variable nobody writes", "workflows/deploy.yml", "vars.GCP_PROJECT }}", "vars.GCP_PROJECT_ID }}", "reads GCP_PROJECT_ID"},
		{"an environment's variable outside", "workflows/ci.yml", "vars.GCP_REGISTRY_DEV", "vars.GCP_REGISTRY", "image reads GCP_REGISTRY"},
		{"dev's variable of another stack", "workflows/promote.yml", "vars.GCP_REGISTRY_DEV", "vars.GCP_REGISTRY_STAGING", "reads GCP_REGISTRY_STAGING"},
		{"a misspelt one in a matrix", "workflows/drift-check.yml", "GCP_REGION_PROD", "GCP_REGION_PRODUCTION", "reads GCP_REGION_PRODUCTION"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			problems := nameProblems(t, change(t, sources(t), test.file, test.old, test.replacement))
			if len(problems) == 0 || !strings.Contains(strings.Join(problems, "\n"), test.problem) {
				t.Errorf("found %q, want %q", problems, test.problem)
			}
		})
	}
}

// trusted is docs/adr/0010: which file's jobs, in an environment or none, may become an account.
var trusted = map[string]struct {
	file, provider string
	environment    bool
}{
	"GCP_CI_SERVICE_ACCOUNT_DEV":          {"ci.yml", "GCP_WORKLOAD_IDENTITY_PROVIDER_DEV", false},
	"GCP_CI_SERVICE_ACCOUNT":              {"promote.yml", "GCP_PROMOTION_WORKLOAD_IDENTITY_PROVIDER", true},
	"GCP_DEPLOY_SERVICE_ACCOUNT":          {"deploy.yml", "GCP_WORKLOAD_IDENTITY_PROVIDER", true},
	"GCP_INFRA_SERVICE_ACCOUNT":           {"infrastructure.yml", "GCP_INFRA_WORKLOAD_IDENTITY_PROVIDER", true},
	"GCP_PREVIEW_SERVICE_ACCOUNT_DEV":     {"", "GCP_PREVIEW_WORKLOAD_IDENTITY_PROVIDER_DEV", false},
	"GCP_PREVIEW_SERVICE_ACCOUNT_STAGING": {"", "GCP_PREVIEW_WORKLOAD_IDENTITY_PROVIDER_STAGING", false},
	"GCP_PREVIEW_SERVICE_ACCOUNT_PROD":    {"", "GCP_PREVIEW_WORKLOAD_IDENTITY_PROVIDER_PROD", false},
}

func TestAccountsAreAskedForWhereTheyAreTrusted(t *testing.T) {
	t.Parallel()
	files, seen := sources(t), map[string]bool{}
	for file, workflow := range parse(t, files).Workflows {
		for name, job := range workflow.Jobs {
			read := variablesOf(files["workflows/"+file], name)
			for _, account := range read {
				if !strings.Contains(account, "SERVICE_ACCOUNT") {
					continue
				}
				trust, known := trusted[account]
				seen[account] = true
				if !known || (trust.file != "" && trust.file != file) || trust.environment != (job.Environment != nil) || !slices.Contains(read, trust.provider) {
					t.Errorf("%s: %s asks to become %s, and federation would refuse it: %+v", file, name, account, trust)
				}
			}
		}
	}
	if len(seen) != len(trusted) {
		t.Errorf("%d accounts are used, want %d", len(seen), len(trusted))
	}
}
