package rehearse

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/sandbox/engine/enginetest"
	"github.com/guiofsaints/procureflow-platform/sandbox/inventory"
	"github.com/guiofsaints/procureflow-platform/sandbox/journal"
	"github.com/guiofsaints/procureflow-platform/sandbox/review"
	"github.com/guiofsaints/procureflow-platform/sandbox/statedir"
)

func TestMain(m *testing.M) { os.Exit(enginetest.Main(m)) }

const (
	webURN = "urn:pulumi:dev::procureflow::" + serviceType + "::service-web-service"
	place  = "/run/v2/projects/procureflow-dev/locations/us-central1/services"
)

// template is the template of a revision of the application's service.
func template(revision string) string {
	return `{"template": {"revision": "procureflow-web-` + revision + `", "serviceAccount":
		"procureflow-cloudrun@procureflow-dev.iam.gserviceaccount.com", "containers": [{"image":
		"registry.example/web@sha256:` + strings.Repeat(revision, 64) + `"}]}`
}

// The requests of the base's update: a public service whose requests go to its first revision. And those of the change: another
// revision, after a first write after which the engine is killed.
var (
	base = []enginetest.Request{
		{Method: "POST", Path: "/su/v1/projects/procureflow-dev/services/run.googleapis.com:enable", Body: "{}"},
		{Method: "POST", Path: "/su/v1/projects/procureflow-dev/services/iam.googleapis.com:enable", Body: "{}"},
		{Method: "POST", Path: "/su/v1/projects/procureflow-dev/services/monitoring.googleapis.com:enable", Body: "{}"},
		{Method: "POST", Path: "/iam/v1/projects/procureflow-dev/serviceAccounts", Body: `{"accountId": "procureflow-cloudrun"}`},
		{Method: "POST", Path: place + "?serviceId=procureflow-web", Body: template("a") +
			`, "traffic": [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": "procureflow-web-a", "percent": 100}]}`},
		{Method: "POST", Path: place + "/procureflow-web:setIamPolicy",
			Body: `{"policy": {"bindings": [{"role": "roles/run.invoker", "members": ["allUsers"]}]}}`},
	}
	first  = enginetest.Request{Method: "POST", Path: "/su/v1/projects/procureflow-dev/services/logging.googleapis.com:enable", Body: "{}"}
	second = enginetest.Request{Method: "PATCH", Path: place + "/procureflow-web?updateMask=template", Body: template("b") + "}"}
)

// step is the engine's event about the service, or another resource.
func step(op apitype.OpType, kind, urn string, changed bool) apitype.EngineEvent {
	state := func(image string) *apitype.StepEventStateMetadata {
		return &apitype.StepEventStateMetadata{Custom: true, Inputs: map[string]any{"template": map[string]any{"image": image}}}
	}
	made := apitype.StepEventMetadata{Op: op, Type: kind, URN: urn, Old: state("a"), New: state("a")}
	if changed {
		made.New = state("b")
	}
	if op == apitype.OpDelete {
		made.New = nil
	}
	return apitype.EngineEvent{ResourcePreEvent: &apitype.ResourcePreEvent{Metadata: made}}
}

var (
	update = step(apitype.OpUpdate, serviceType, webURN, true)
	loss   = step(apitype.OpDelete, "gcp:storage/bucket:Bucket", "urn:pulumi:dev::procureflow::gcp:storage/bucket:Bucket::files", false)
)

// side returns one side's files: the tests' application, after edit.
func side(t *testing.T, edit func(string) string) Tree {
	t.Helper()
	root := t.TempDir()
	for _, name := range []string{"Pulumi.yaml", "Pulumi.dev.yaml", "platform.yaml", filepath.Join("policy", "dev.json")} {
		content, err := os.ReadFile(filepath.Join("..", "..", "tests", "application", name))
		require.NoError(t, err)
		text := string(content)
		if edit != nil && name == "Pulumi.dev.yaml" {
			text = edit(text)
		}
		require.NoError(t, statedir.WriteFile(filepath.Join(root, name), []byte(text), 0o600))
	}
	return Tree{Root: root, Module: enginetest.Module(t), Program: func(*pulumi.Context) error { return errors.New("nothing runs it") }}
}

// prepared returns the options of a rehearsal in which the CLI answers as told. The stack's state says that the service exists.
func prepared(t *testing.T, answers map[string][]enginetest.Answer) Options {
	t.Helper()
	dir, err := statedir.Open(filepath.Join(t.TempDir(), statedir.Name))
	require.NoError(t, err)
	checkpoint := journal.Files{Backend: dir.Path("pulumi", "state"), Project: "procureflow"}.Checkpoint("dev")
	require.NoError(t, statedir.WriteFile(checkpoint, []byte(`{"version":3,"checkpoint":{"stack":"organization/procureflow/dev","latest":{
		"manifest":{"time":"2026-01-01T00:00:00Z","magic":"","version":""},"resources":[{"urn":"`+webURN+`","type":"`+serviceType+`",
		"custom":true,"id":"x","inputs":{"name":"procureflow-web"}}]}}}`), 0o600))
	enginetest.Keys(t, dir)
	enginetest.Answers(t, dir, answers)
	return Options{Stack: "dev", Dir: dir, Seed: 1, Out: &bytes.Buffer{}, Base: side(t, nil), Head: side(t, nil)}
}

// TestRehearsalWithAStandIn plays a change to its end: the engine is killed after its first write, the update goes on, the release with
// its hook and the rollback are those of the real controller on the emulated cloud, and no visitor notices anything. The policy's windows
// do not count.
func TestRehearsalWithAStandIn(t *testing.T) {
	t.Parallel()
	job := enginetest.Request{Method: "POST", Path: strings.TrimSuffix(place, "services") + "jobs?jobId=procureflow-migrate",
		Body: `{"template": {"template": {"serviceAccount": "procureflow-cloudrun@procureflow-dev.iam.gserviceaccount.com",
			"containers": [{"image": "registry.example/web@sha256:` + strings.Repeat("b", 64) + `"}]}}}`}
	options := prepared(t, map[string][]enginetest.Answer{
		"preview": {{}, {Events: []apitype.EngineEvent{update}}, {}},
		"up":      {{Requests: base}, {Requests: []enginetest.Request{first, second}}, {Requests: []enginetest.Request{second, job}}},
	})
	require.NoError(t, os.WriteFile(filepath.Join(options.Head.Root, "release.yaml"), []byte(`environments:
  dev:
    steps: [{percent: 10, bake: 30s}, {percent: 100, bake: 30s}]
    inconclusive: proceed
    before: [{job: procureflow-migrate}]
    windows: {timeZone: UTC, open: [{days: [sun], from: "03:00", to: "03:01"}]}
`), 0o600))
	result, err := Run(t.Context(), options)
	require.NoError(t, err)
	assert.Empty(t, result.Failed)
	assert.Equal(t, []review.Step{{Op: review.Update, Name: "service-web-service", Type: serviceType,
		Changes: []review.Property{{Path: "template.image", Before: `"a"`, After: `"b"`}}}}, result.Steps)
	assert.Equal(t, []inventory.Resource{{URN: webURN, Type: serviceType, Name: "service-web-service",
		Inputs: map[string]any{"name": "procureflow-web"}}}, result.Head)
	took := regexp.MustCompile(`\d[\dms.]*s of simulated time`)
	var stages []review.Stage
	for _, stage := range result.Rehearsal.Stages {
		stage.Result = took.ReplaceAllString(stage.Result, "a while of simulated time")
		stages = append(stages, stage)
	}
	assert.Equal(t, []review.Stage{
		{Name: "the base comes up", Result: "done"},
		{Name: "the change is applied", Result: "the engine is killed in the middle of it, on purpose"},
		{Name: "the update goes on", Result: "the interrupted step is repaired, and the rest is done"},
		{Name: "the release of procureflow-web", Result: "released in a while of simulated time"},
		{Name: "drift", Result: "none"},
		{Name: "a second update", Result: "changes nothing"},
		{Name: "the rollback of procureflow-web", Result: "procureflow-web-a serves again after a while of simulated time"},
	}, stages)
	require.Len(t, result.Rehearsal.Visitors, 1)
	visitors := result.Rehearsal.Visitors[0]
	assert.Equal(t, review.Visitors{Service: "procureflow-web", Requests: visitors.Requests}, visitors)
	assert.Greater(t, visitors.Requests, 100)
	assert.Equal(t, []string{"procureflow-web: the image, its variables and its secrets' versions, CPU and memory, of revision " +
		"procureflow-web-a"}, result.Rehearsal.Restored)
	assert.Empty(t, result.Rehearsal.NotRestored, "the change is one of the template alone")
	assert.Empty(t, result.Rehearsal.Lost)
}

// TestRehearsalsThatEndEarly checks the report on changes that are not applied to their end.
func TestRehearsalsThatEndEarly(t *testing.T) {
	t.Parallel()
	refusal := apitype.EngineEvent{PolicyEvent: &apitype.PolicyEvent{PolicyName: "run-max-instances", EnforcementLevel: "mandatory",
		Message: "no"}}
	refused := review.Finding{Policy: "run-max-instances", Level: "mandatory", Message: "no"}
	up := enginetest.Answer{Requests: base}
	for name, test := range map[string]struct {
		preview, up []enginetest.Answer
		edit        func(string) string
		planOnly    bool
		failed      string
		lost        []string
		ended       string // why the rehearsal ended
		stages      int
		found       []review.Finding
	}{
		"settings that are refused": {up: []enginetest.Answer{up}, edit: func(text string) string {
			return strings.Replace(text, "memory: 512Mi", "memory: 64Mi", 1)
		}, failed: "services.web.memory", stages: 1},
		"a policy refuses": {preview: []enginetest.Answer{{}, {Events: []apitype.EngineEvent{update, refusal}, Code: 255}},
			up: []enginetest.Answer{up}, failed: "policies or the program refuse it, so that nothing was applied", stages: 1,
			found: []review.Finding{refused}},
		"nothing changes": {up: []enginetest.Answer{up}, stages: 1},
		"only the plan": {preview: []enginetest.Answer{{}, {Events: []apitype.EngineEvent{update, loss}}}, up: []enginetest.Answer{up},
			planOnly: true, lost: []string{"files, with what it held"}, stages: 1},
		"the update fails": {preview: []enginetest.Answer{{}, {Events: []apitype.EngineEvent{update}}},
			up: []enginetest.Answer{up, {Err: "error: 1 error occurred:\n\t* no quota\n", Code: 255}}, stages: 2,
			ended: "the update fails: error: 1 error occurred:; * no quota"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options := prepared(t, map[string][]enginetest.Answer{"preview": test.preview, "up": test.up})
			options.PlanOnly, options.Head = test.planOnly, side(t, test.edit)
			result, err := Run(t.Context(), options)
			require.NoError(t, err)
			assert.Contains(t, result.Failed, test.failed)
			assert.Equal(t, test.failed == "", result.Failed == "", result.Failed)
			assert.Equal(t, append([]string{}, test.lost...), result.Rehearsal.Lost)
			assert.Equal(t, test.ended, result.Rehearsal.Failed)
			assert.Len(t, result.Rehearsal.Stages, test.stages)
			assert.Equal(t, append([]review.Finding{}, test.found...), append([]review.Finding{}, result.Findings.New...))
			assert.NotEmpty(t, result.Base)
		})
	}
}

// TestRehearsalsThatFail checks that a fault of the base, or of this machine, is an error and not a fault of the
// change.
func TestRehearsalsThatFail(t *testing.T) {
	t.Parallel()
	options := prepared(t, map[string][]enginetest.Answer{"up": {{Code: 255}}})
	_, err := Run(t.Context(), options)
	require.EqualError(t, err, "the base does not come up, so nothing can be compared with it: up of stack dev failed: see the lines above")
	options = prepared(t, map[string][]enginetest.Answer{"preview": {{Code: 255}}})
	_, err = Run(t.Context(), options)
	require.EqualError(t, err, "the base: preview of stack dev failed: see the lines above")
	options.Base.Root = filepath.Join(options.Base.Root, "none")
	_, err = Run(t.Context(), options)
	require.ErrorContains(t, err, "the base: read the project: ")
	interrupted, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = Run(interrupted, prepared(t, nil))
	require.Error(t, err)
}
