package trust_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/guiofsaints/procureflow-platform/infra/program"
	"github.com/guiofsaints/procureflow-platform/internal/pulumitest"
	"github.com/guiofsaints/procureflow-platform/sandbox/trust"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

// environments are the GitHub environments that stacks' releases run in.
var environments = map[string]string{"dev": "dev", "staging": "staging", "prod": "production"}

// entrances are the jobs of the workflows that log in to Google Cloud, and as whom, for each stack that they are for.
var entrances = []string{
	"ci.yml image: ci of dev",
	"deploy.yml deploy: deploy of dev", "deploy.yml deploy: deploy of prod", "deploy.yml deploy: deploy of staging",
	"deploy.yml rollback: deploy of dev", "deploy.yml rollback: deploy of prod", "deploy.yml rollback: deploy of staging",
	"drift-check.yml drift: preview of dev", "drift-check.yml drift: preview of prod", "drift-check.yml drift: preview of staging",
	"infrastructure.yml dev: infra of dev", "infrastructure.yml prod: infra of prod", "infrastructure.yml staging: infra of staging",
	"promote.yml promote: ci of prod", "promote.yml promote: ci of staging",
	"pulumi-preview.yml preview: preview of dev", "pulumi-preview.yml preview: preview of prod", "pulumi-preview.yml preview: preview of staging",
}

// workflow is what of a workflow decides about its tokens.
type workflow struct {
	On   map[string]yaml.Node
	Jobs map[string]struct {
		Uses        string
		Environment yaml.Node
		Strategy    struct {
			Matrix struct{ Include []map[string]string }
		}
		Steps []struct {
			Uses string
			With map[string]string
		}
	}
}

// TestEveryWorkflowGetsInAsWhoItSays follows each job that logs in: through the variables the program writes, with the token
// that GitHub would give it, to the account.
func TestEveryWorkflowGetsInAsWhoItSays(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(root, ".github", "workflows", "*.yml"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	simulators, variables := map[string]*trust.Simulator{}, map[string]map[string]string{}
	for stack := range environments {
		simulators[stack], err = trust.New(deployed(t, stack))
		require.NoError(t, err)
		variables[stack] = githubVariables(t, stack)
	}
	var found []string
	all := map[string]workflow{}
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		var parsed workflow
		require.NoError(t, yaml.Unmarshal(content, &parsed), file)
		all[filepath.Base(file)] = parsed
	}
	for _, file := range files {
		for name, job := range all[filepath.Base(file)].Jobs {
			environment := job.Environment.Value
			for i := 0; i+1 < len(job.Environment.Content); i += 2 {
				if job.Environment.Content[i].Value == "name" {
					environment = job.Environment.Content[i+1].Value
				}
			}
			for _, step := range job.Steps {
				account, provider := step.With["service_account"]+step.With["service-account"], step.With["workload_identity_provider"]+step.With["workload-identity-provider"]
				if account == "" {
					continue
				}
				for stack, of := range environments {
					if filepath.Base(file) == "promote.yml" && stack == "dev" {
						continue // what it copies comes from there
					}
					in, ok := resolve(environment, of)
					if !ok {
						continue
					}
					matrix := map[string]string{}
					if i := slices.IndexFunc(job.Strategy.Matrix.Include, func(row map[string]string) bool { return row["stack"] == stack }); i >= 0 {
						matrix = job.Strategy.Matrix.Include[i]
					}
					email, knows := variable(account, matrix, variables[stack], in)
					if !knows {
						continue
					}
					providerName, knows := variable(provider, matrix, variables[stack], in)
					require.True(t, knows, "%s %s: %s is written by nobody", file, name, provider)
					entrance := fmt.Sprintf("%s %s: %s of %s", filepath.Base(file), name, strings.TrimPrefix(strings.Split(email, "@")[0], "github-actions-"), stack)
					if !slices.Contains(found, entrance) {
						found = append(found, entrance)
					}
					// Not every event that starts a workflow starts it for every stack: main's push releases to dev alone.
					var reasons []string
					gets := slices.ContainsFunc(eventsOf(filepath.Base(file), all), func(event string) bool {
						token := run(filepath.Base(file))
						if event == "pull_request" {
							token = pull(filepath.Base(file))
						}
						token = token.with(claims{"event_name": event, "aud": "https://iam.googleapis.com/" + providerName})
						if in != "" {
							token["environment"] = in
						}
						answer := simulators[stack].Exchange(token)
						reasons = append(reasons, event+": "+answer.Reason)
						return slices.ContainsFunc(answer.Identities, func(identity trust.Identity) bool { return identity.Account == email })
					})
					assert.True(t, gets, "%s: %s", entrance, strings.Join(reasons, "\n"))
				}
			}
		}
	}
	slices.Sort(found)
	assert.Equal(t, entrances, found)
}

// eventsOf are the events that start a workflow file, itself or by a workflow that calls it.
func eventsOf(file string, all map[string]workflow) []string {
	var events []string
	for event := range all[file].On {
		if event != "workflow_call" {
			events = append(events, event)
		}
	}
	for caller, of := range all {
		for _, job := range of.Jobs {
			if job.Uses == "./.github/workflows/"+file {
				events = append(events, eventsOf(caller, all)...)
			}
		}
	}
	slices.Sort(events)
	return slices.Compact(events)
}

// resolve is a job's environment for a stack's environment, and whether the job is for it.
func resolve(expression, of string) (string, bool) {
	switch expression {
	case "", of:
		return expression, true
	case "${{ inputs.environment }}", "${{ inputs.stack == 'prod' && 'production' || inputs.stack }}":
		return of, true
	}
	return "", false
}

// variable is the value of a variable that a job reads, directly or by a name in its matrix. Jobs in no environment have
// those of the repository only.
func variable(expression string, matrix, written map[string]string, environment string) (string, bool) {
	name := strings.TrimSuffix(strings.TrimPrefix(expression, "${{ vars"), " }}")
	if key, ok := strings.CutPrefix(name, "[matrix."); ok {
		name = "." + matrix[strings.TrimSuffix(key, "]")]
	}
	value, ok := written["/"+strings.TrimPrefix(name, ".")]
	if environment != "" && !ok {
		value, ok = written[environment+"/"+strings.TrimPrefix(name, ".")]
	}
	return value, ok
}

// githubVariables are what a stack writes to GitHub, as ENVIRONMENT/NAME or /NAME for the repository's.
func githubVariables(t *testing.T, stack string) map[string]string {
	t.Helper()
	inventory, err := pulumitest.RunErr(program.In(application), pulumitest.WithStack(stack), pulumitest.WithProjectNumber(numberOf(t, stack)),
		pulumitest.WithConfig(map[string]string{stacks.ConfigKey("procureflow"): string(settings(t, stack))}),
		pulumitest.WithCall("gcp:cloudrunv2/getService:getService", notThere), pulumitest.WithKey())
	require.NoError(t, err)
	written := map[string]string{}
	for _, typ := range []string{"github:index/actionsEnvironmentVariable:ActionsEnvironmentVariable", "github:index/actionsVariable:ActionsVariable"} {
		for _, resource := range inventory.OfType(typ) {
			environment, _ := resource.Inputs["environment"].(string)
			written[environment+"/"+resource.Inputs["variableName"].(string)], _ = resource.Inputs["value"].(string)
		}
	}
	return written
}

func numberOf(t *testing.T, stack string) string {
	t.Helper()
	parsed, err := stacks.Parse(settings(t, stack), stack)
	require.NoError(t, err)
	return parsed.Project.Number
}

// notThere is a cloud in which no service was made yet.
func notThere(args map[string]any) (map[string]any, error) {
	return nil, errors.New(fmt.Sprint("projects/", args["project"], "/locations/", args["location"], "/services/", args["name"], " not found"))
}
