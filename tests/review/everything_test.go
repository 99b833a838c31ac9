package review_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/guiofsaints/procureflow-platform/infra/program"
	"github.com/guiofsaints/procureflow-platform/internal/golden"
	"github.com/guiofsaints/procureflow-platform/internal/pulumitest"
	"github.com/guiofsaints/procureflow-platform/release/backtest"
	release "github.com/guiofsaints/procureflow-platform/release/command"
	"github.com/guiofsaints/procureflow-platform/release/health"
	"github.com/guiofsaints/procureflow-platform/release/rollout"
	releases "github.com/guiofsaints/procureflow-platform/release/settings"
	"github.com/guiofsaints/procureflow-platform/sandbox/cost"
	"github.com/guiofsaints/procureflow-platform/sandbox/rehearse"
	"github.com/guiofsaints/procureflow-platform/sandbox/review"
	"github.com/guiofsaints/procureflow-platform/sandbox/trust"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

// environments are the stacks, each with the files in testdata or tests/application that make it use everything.
var environments = map[string][]string{
	"dev":     {"../application/everything", "testdata/everything/rest", "../application/previews", "testdata/everything/dev"},
	"staging": {"../application/everything", "testdata/everything/rest", "testdata/everything/staging"},
	"prod":    {"../application/everything", "testdata/everything/rest", "testdata/everything/prod"},
}

// whole returns the tests' application with everything that a stack can have.
func whole(t *testing.T, stack string) string {
	t.Helper()
	folder := tree(t)
	path := filepath.Join(folder, "Pulumi."+stack+".yaml")
	file, err := pulumitest.Overlay(path)
	require.NoError(t, err)
	settings := file["config"].(map[string]any)["procureflow:platform"].(map[string]any)
	for _, name := range environments[stack] {
		overlay, err := pulumitest.Overlay(filepath.FromSlash(name) + ".yaml")
		require.NoError(t, err)
		pulumitest.Lay(settings, overlay)
	}
	text, err := yaml.Marshal(file)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, text, 0o600))
	return folder
}

// TestToolsKnowEverything lets each tool around the engine speak about stacks that use everything at once. A feature that a tool does not
// know shows in the recorded text: as a cost that nobody counted, as a right on nothing, or as a failure.
func TestToolsKnowEverything(t *testing.T) {
	t.Parallel()
	for stack := range environments {
		t.Run(stack, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			part := func(title string) { fmt.Fprintf(&out, "\n=== %s\n", title) }
			folder := whole(t, stack)
			before, err := side(t, tree(t), stack)
			require.NoError(t, err)
			after, err := side(t, folder, stack)
			require.NoError(t, err)

			part("what it costs")
			require.NoError(t, cost.Of(stack, after.Resources, rehearse.Loads(after.Settings, nil)).Write(&out))

			part("who can do what")
			assessed := review.Stack{Name: stack, Plan: []review.Step{}}
			require.NoError(t, rehearse.Assess(&assessed, before, after, nil))
			for _, change := range assessed.Authority {
				fmt.Fprintf(&out, "%s %s\t%s: %s%s\n", map[bool]string{true: "wider", false: "     "}[change.Widens], change.Kind, change.Subject,
					change.Text, map[bool]string{true: fmt.Sprintf(" (and %d more)", change.More)}[change.More > 0])
			}

			part("what a release's job gets from the settings")
			for _, service := range slices.Sorted(maps.Keys(after.Settings.Services)) {
				var said, errs bytes.Buffer
				code := release.Run(t.Context(), []string{"settings", "--folder", folder, "--stack", stack, "--service", service, "--stand-ins"},
					release.Streams{In: strings.NewReader(""), Out: &said, Err: &errs})
				require.Equal(t, release.ExitDone, code, errs.String())
				fmt.Fprintf(&out, "%s:\n%s", service, said.String())
			}

			part("who a token can become")
			writeTrust(t, &out, folder, stack, after.Settings)
			golden.Check(t, filepath.Join("testdata", "everything", stack+".txt"), strings.TrimPrefix(out.String(), "\n"), *update)
		})
	}
}

// writeTrust writes what a job of each workflow file can become, in each environment and in none.
func writeTrust(t *testing.T, out *strings.Builder, folder, stack string, settings stacks.Settings) {
	t.Helper()
	document, err := stacks.Filled(folder, stack)
	require.NoError(t, err)
	deployed, err := trust.Deploy(program.In(folder), folder, stack, document)
	require.NoError(t, err)
	simulator, err := trust.New(deployed)
	require.NoError(t, err)
	repository, ref := settings.GitHub.Owner+"/"+settings.GitHub.Repository, "refs/heads/"+settings.GitHub.Branch
	if w := settings.GitHub.Workflows; w != nil {
		repository, ref = w.Repository, w.Refs[0]
	}
	names := []string{""}
	for _, environment := range settings.GitHub.Environments {
		names = append(names, environment.Name)
	}
	for _, file := range []string{"build.yml", "promote.yml", "deploy.yml", "infrastructure.yml", "preview-environment.yml", "drift.yml"} {
		for _, environment := range names {
			for _, event := range []string{"push", "pull_request", "workflow_dispatch", "schedule"} {
				became := map[string]bool{}
				for _, provider := range deployed.Providers {
					claims := map[string]any{"iss": provider.Issuer, "aud": "https://iam.googleapis.com/" + provider.Name, "sub": "a", "run_id": "1",
						"repository_owner_id": fmt.Sprint(settings.GitHub.OwnerID), "repository_id": fmt.Sprint(settings.GitHub.RepositoryID),
						"repository_owner": settings.GitHub.Owner, "repository": settings.GitHub.Owner + "/" + settings.GitHub.Repository,
						"event_name": event, "ref": "refs/heads/" + settings.GitHub.Branch, "ref_type": "branch", "runner_environment": "github-hosted",
						"job_workflow_ref": repository + "/.github/workflows/" + file + "@" + ref}
					if environment != "" {
						claims["environment"] = environment
					}
					for _, identity := range simulator.Identities(claims) {
						became[fmt.Sprintf("%s (roles: %d)", identity.Account, len(identity.Grants))] = true
					}
				}
				if len(became) > 0 {
					fmt.Fprintf(out, "%s by %s in %q: %s\n", file, event, environment, strings.Join(slices.Sorted(maps.Keys(became)), ", "))
				}
			}
		}
	}
}

// cautious is a release policy with every key.
const cautious = `
    steps: [{percent: 5, bake: 2m}, {percent: 50, bake: 2m}, {percent: 100, bake: 2m}]
    probe: {paths: [/, /ready], timeout: 1s, count: 40, pace: 250ms, interval: 1s, warmup: 20s, p95: 800ms, consecutive: 2, badRatio: 0.05,
      marker: {header: X-Revision, value: "{revision}", body: ok}, auth: id-token}
    metrics: {errorRatio: 0.01, p95: 1s, minRequests: 10, minLatencies: 20, every: 20s}
    inconclusive: hold
    holdFor: 5m
    candidateWait: 4m
    settle: 1m
    blind: 30s
    before: [{job: procureflow-api-migrate, timeout: 5m, args: [migrate], ownImage: true}]
    after: [{job: procureflow-api-tidy, timeout: 1m, onFailure: hold}]
    windows: {timeZone: Europe/Berlin, open: [{days: [mon], from: "09:00", to: "16:00"}], closed: [2026-12-24]}
    notify: [{kind: webhook, secret: A, token: B, on: [failed]}, {kind: pagerduty, secret: C,
      address: "https://events.eu.pagerduty.com/v2/enqueue"}]
`

// TestBacktestKnowsEverything tries a policy with every key, on recorded and on simulated releases. Its hooks and windows change nothing:
// the result is that of the same policy without them.
func TestBacktestKnowsEverything(t *testing.T) {
	t.Parallel()
	read := func(text string) rollout.Policy {
		environment, err := releases.Parse([]byte("environments:\n  prod:"+text), "prod")
		require.NoError(t, err)
		return environment.Policy()
	}
	everything := read(cautious)
	around, _, _ := strings.Cut(cautious, "    before:")
	without := read(around)
	require.NotEqual(t, everything, without)
	for _, i := range []int{0, 6} { // Nothing fails, and everything does.
		fault := backtest.Faults[i]
		assert.Equal(t, backtest.Simulate(backtest.By(without), fault, 0.1, 2), backtest.Simulate(backtest.By(everything), fault, 0.1, 2),
			fault.Name)
	}

	at := time.Date(2026, 12, 24, 12, 0, 0, 0, time.UTC) // A day on which nothing may start.
	recorded := []rollout.Event{{Kind: "hook", At: at}}
	for i := range 60 {
		at = at.Add(time.Second)
		sample := health.Sample{Endpoint: health.Candidate, At: at, Status: 200, Latency: 100 * time.Millisecond}
		if i >= 50 {
			sample.Status, sample.Fault = 500, "status 500"
		}
		recorded = append(recorded, rollout.Event{Kind: "probes", At: at, Percent: 10, Candidate: "web-b", Samples: []health.Sample{sample}})
	}
	recorded = append(recorded, rollout.Event{Kind: "end", At: at, Outcome: rollout.Released, Candidate: "web-b"})
	result, judged := backtest.Replay(everything, recorded)
	require.True(t, judged)
	plain, _ := backtest.Replay(without, recorded)
	assert.Equal(t, plain, result)
	assert.Equal(t, "2026-12-24T12:00:01Z web-b: released at 10 % after 59s; taken back at 10 % after 51s: "+
		"2 probes of the candidate's URL in a row failed, the last one: status 500", result.String())
}

// TestEverythingIsEverything checks that the tests' settings and policy have every key that there is, so that a new one is in the tests
// above from its first day.
func TestEverythingIsEverything(t *testing.T) {
	t.Parallel()
	keys, given := map[string]bool{}, map[string]bool{}
	for stack := range environments {
		file, err := pulumitest.Overlay(filepath.Join(whole(t, stack), "Pulumi."+stack+".yaml"))
		require.NoError(t, err)
		walk(reflect.TypeFor[stacks.Settings](), "json", file["config"].(map[string]any)["procureflow:platform"], keys, given)
	}
	var policy map[string]any
	require.NoError(t, yaml.Unmarshal([]byte(cautious), &policy))
	walk(reflect.TypeFor[releases.Environment](), "yaml", policy, keys, given)
	for key := range given {
		delete(keys, key)
	}
	assert.Empty(t, slices.Sorted(maps.Keys(keys)), "write them into testdata/everything, or into the policy of this test")
}

// walk adds the keys of a type, each as TYPE.KEY, and those that a document gives.
func walk(of reflect.Type, tag string, document any, keys, given map[string]bool) {
	switch of.Kind() {
	case reflect.Pointer:
		walk(of.Elem(), tag, document, keys, given)
	case reflect.Slice:
		list, _ := document.([]any)
		for _, element := range append(list, nil) { // Without a document, too.
			walk(of.Elem(), tag, element, keys, given)
		}
	case reflect.Map:
		object, _ := document.(map[string]any)
		walk(of.Elem(), tag, nil, keys, given)
		for _, value := range object {
			walk(of.Elem(), tag, value, keys, given)
		}
	case reflect.Struct:
		object, _ := document.(map[string]any)
		for _, field := range reflect.VisibleFields(of) {
			name, _, _ := strings.Cut(field.Tag.Get(tag), ",")
			if name == "" || name == "-" {
				continue
			}
			key := of.Name() + "." + name
			keys[key] = true
			if _, is := object[name]; is {
				given[key] = true
			}
			walk(field.Type, tag, object[name], keys, given)
		}
	}
}
