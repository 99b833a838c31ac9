package trust_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/guiofsaints/procureflow-platform/sandbox/trust"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

// environments are the GitHub environments in which stacks' releases run.
var environments = map[string]string{"dev": "dev", "staging": "staging", "prod": "production"}

// entrances are the jobs that log in to Google Cloud, and the accounts that they become, for each stack.
var entrances = []string{
	"build.yml attest: ci of dev", "build.yml publish: ci of dev",
	"deploy.yml deploy: deploy of dev", "deploy.yml deploy: deploy of prod", "deploy.yml deploy: deploy of staging",
	"deploy.yml describe: preview of dev", "deploy.yml describe: preview of prod", "deploy.yml describe: preview of staging",
	"deploy.yml rollback: deploy of dev", "deploy.yml rollback: deploy of prod", "deploy.yml rollback: deploy of staging",
	"drift.yml drift: preview of dev", "drift.yml drift: preview of prod", "drift.yml drift: preview of staging",
	"infrastructure.yml dev: infra of dev", "infrastructure.yml prod: infra of prod", "infrastructure.yml staging: infra of staging",
	"preview-environment.yml free: slots of dev", "preview-environment.yml up: slots of dev",
	"preview.yml preview: preview of dev", "preview.yml preview: preview of prod", "preview.yml preview: preview of staging",
	"promote.yml promote: ci of prod", "promote.yml promote: ci of staging",
}

// workflow is the part of a workflow that decides about its tokens.
type workflow struct {
	On   map[string]yaml.Node
	Jobs map[string]struct {
		Uses        string
		Environment yaml.Node
		Steps       []struct {
			Uses string
			With map[string]string
		}
	}
}

// TestEveryWorkflowReachesItsAccount follows each job that logs in: from the output of `release settings`, with the token that
// GitHub would give it, to the account.
func TestEveryWorkflowReachesItsAccount(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(root, ".github", "workflows", "*.yml"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	simulators, parsed := map[string]*trust.Simulator{}, map[string]stacks.Settings{}
	for stack := range environments {
		simulators[stack], err = trust.New(deployed(t, stack))
		require.NoError(t, err)
		parsed[stack], err = stacks.Parse(settings(t, stack), stack)
		require.NoError(t, err)
	}
	// Slots exist only with previews, which use the platform's workflows.
	simulators["dev with previews"], err = trust.New(deployedPreviews(t))
	require.NoError(t, err)
	parsed["dev with previews"], err = stacks.Parse(previewing(t), "dev")
	require.NoError(t, err)
	var found []string
	all := map[string]workflow{}
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		var read workflow
		require.NoError(t, yaml.Unmarshal(content, &read), file)
		all[filepath.Base(file)] = read
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
				if !strings.HasPrefix(step.Uses, "google-github-actions/auth@") {
					continue
				}
				for stack, of := range environments {
					if filepath.Base(file) == "promote.yml" && stack == "dev" || (filepath.Base(file) == "build.yml" || filepath.Base(file) ==
						"preview-environment.yml") && stack != "dev" {
						continue // dev builds images, the other stacks copy them from there, and only dev has slots
					}
					in, ok := resolve(environment, of)
					if !ok {
						continue
					}
					who := asWhom(t, step.With["service_account"], step.With["workload_identity_provider"])
					deployed := stack
					if who == stacks.AccountSlots {
						deployed += " with previews"
					}
					email, providerName := parsed[deployed].AccountEmail(who), parsed[deployed].ProviderName(who)
					entrance := fmt.Sprintf("%s %s: %s of %s", filepath.Base(file), name, who, stack)
					if !slices.Contains(found, entrance) {
						found = append(found, entrance)
					}
					// Not every event starts a workflow for every stack: a push to main releases to dev alone.
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
						if who == stacks.AccountSlots {
							token = token.calls(platform + filepath.Base(file) + "@" + older)
						}
						answer := simulators[deployed].Exchange(token)
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

// eventsOf returns the events that start a workflow file, directly or through a workflow that calls it.
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

// resolve returns a job's environment for a stack's environment, and whether the job runs for it.
func resolve(expression, of string) (string, bool) {
	switch expression {
	case "", of:
		return expression, true
	case "${{ inputs.environment }}", "${{ inputs.stack == 'prod' && 'production' || inputs.stack }}":
		return of, true
	}
	return "", false
}

var setting = regexp.MustCompile(`^\$\{\{ (?:steps|needs)\.settings\.outputs\.(?:([a-z]+)-)?(account|provider) \}\}$`)

// asWhom returns the account that a step logs in as, by the outputs that it reads. build.yml's outputs are ci's under another name.
func asWhom(t *testing.T, account, provider string) string {
	t.Helper()
	from, by := setting.FindStringSubmatch(account), setting.FindStringSubmatch(provider)
	require.True(t, from != nil && by != nil && from[1] == by[1] && from[2] == "account" && by[2] == "provider", "%s by %s", account, provider)
	if from[1] == "" {
		return stacks.AccountCI
	}
	return from[1]
}

// notThere is a cloud in which no service exists yet.
func notThere(args map[string]any) (map[string]any, error) {
	return nil, errors.New(fmt.Sprint("projects/", args["project"], "/locations/", args["location"], "/services/", args["name"], " not found"))
}
