package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/sandbox/engine/enginetest"
	"github.com/guiofsaints/procureflow-platform/sandbox/review"
	"github.com/guiofsaints/procureflow-platform/sandbox/server/servertest"
	"github.com/guiofsaints/procureflow-platform/sandbox/statedir"
)

func TestMain(m *testing.M) { os.Exit(enginetest.Main(m)) }

// answers is what the stand-in for the CLI does, by command.
type answers = map[string][]enginetest.Answer

// selected returns the stack dev of the tests' application, in a cloud that this process serves, with a CLI that answers as told.
func selected(t *testing.T, told answers) *Stack {
	t.Helper()
	root := filepath.Join("..", "..", "tests", "application")
	folder := filepath.Join(t.TempDir(), statedir.Name)
	servertest.Start(t, folder)
	dir, err := statedir.Open(folder)
	require.NoError(t, err)
	program := func(*pulumi.Context) error { return errors.New("the stand-in runs no program") }
	e, err := Open(Options{Root: root, Module: enginetest.Module(t), Dir: dir, Program: program, Out: &bytes.Buffer{}})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, e.Close()) })
	enginetest.Keys(t, dir)
	enginetest.Answers(t, dir, told)
	stack, err := e.Stack(t.Context(), "dev")
	require.NoError(t, err)
	return stack
}

func (s *Stack) said() string { return s.engine.options.Out.(*bytes.Buffer).String() }

// calls returns what the CLI was told, with the places that differ from test to test in words.
func calls(t *testing.T, s *Stack) []string {
	t.Helper()
	dir := s.engine.options.Dir
	config, err := s.engine.policyConfig("dev")
	require.NoError(t, err)
	told := enginetest.Calls(t, dir)
	for i := range told {
		told[i] = strings.ReplaceAll(told[i], config, "CONFIG")
		if s.engine.pack != "" {
			told[i] = strings.ReplaceAll(told[i], s.engine.pack, "PACK")
		}
	}
	return told
}

// event is an event of the engine about one resource.
func event(op apitype.OpType, kind, name string, was, is map[string]any) apitype.EngineEvent {
	step := apitype.StepEventMetadata{Op: op, Type: kind, URN: "urn:pulumi:dev::procureflow::" + kind + "::" + name}
	if was != nil {
		step.Old = &apitype.StepEventStateMetadata{Custom: true, ID: name + "-id", Inputs: was, Outputs: was}
	}
	if is != nil {
		step.New = &apitype.StepEventStateMetadata{Custom: true, ID: name + "-id", Inputs: is, Outputs: is}
	}
	return apitype.EngineEvent{ResourcePreEvent: &apitype.ResourcePreEvent{Metadata: step}}
}

// outputs is the event at the end of a step.
func outputs(of apitype.EngineEvent) apitype.EngineEvent {
	return apitype.EngineEvent{ResOutputsEvent: &apitype.ResOutputsEvent{Metadata: of.ResourcePreEvent.Metadata}}
}

const topic = "gcp:pubsub/topic:Topic"

// TestOperations runs each operation once, and compares what the CLI is told.
func TestOperations(t *testing.T) {
	t.Parallel()
	policy := apitype.EngineEvent{PolicyEvent: &apitype.PolicyEvent{PolicyName: "run-nonroot", EnforcementLevel: "advisory",
		Message: "<{%reset%}>as root<{%reset%}>", ResourceURN: "urn:pulumi:dev::procureflow::" + topic + "::a"}}
	made := event(apitype.OpCreate, topic, "a", nil, map[string]any{})
	stack := selected(t, answers{"preview": {{Events: []apitype.EngineEvent{policy, made}, Out: "Previewing\n"}},
		"up": {{Out: "Updating (dev)\n"}}})
	ctx := t.Context()
	const shared = " --policy-pack=PACK --policy-pack-config=CONFIG --color=never --suppress-progress"
	changes, err := stack.Up(ctx)
	require.NoError(t, err)
	assert.True(t, changes.None())
	_, err = stack.Update(ctx)
	require.NoError(t, err)
	assert.Empty(t, stack.Findings())
	require.NoError(t, stack.Preview(ctx))
	assert.Equal(t, []Finding{{Policy: "run-nonroot", Level: "advisory", Resource: "a", Message: "as root"}}, stack.Findings())
	plan, err := stack.Plan(ctx)
	require.NoError(t, err)
	assert.Equal(t, []review.Step{{Op: review.Create, Name: "a", Type: topic}}, plan.Steps)
	assert.Equal(t, []review.Finding{{Policy: "run-nonroot", Level: "advisory", Resource: "a", Message: "as root"}}, plan.Findings)
	steps, err := stack.Planned(ctx)
	require.NoError(t, err)
	require.Len(t, steps, 1)
	assert.Equal(t, "urn:pulumi:dev::procureflow::"+topic+"::a", steps[0].URN)
	require.NoError(t, stack.Import(ctx, "import.json", []string{"urn:gcp"}))
	require.NoError(t, stack.Destroy(ctx))
	const preview = "preview --policy-pack=PACK --policy-pack-config=CONFIG --color=never"
	assert.Equal(t, []string{
		// The Automation API leaves out every preview, and Up puts it back.
		"up --yes" + shared + " --stack dev",
		"up --yes --skip-preview" + shared + " --stack dev",
		preview + " --suppress-progress --stack dev",
		preview + " --suppress-progress --stack dev",
		"preview --color=never --stack dev",
		"up --yes --skip-preview --target=urn:gcp --color=never --suppress-progress --stack dev",
		"import --yes --skip-preview --file import.json --protect=false --generate-code=false --stack dev",
		"destroy --color=never --suppress-progress --yes --skip-preview --stack dev",
	}, calls(t, stack))
	assert.Equal(t, "Compiling the policy pack.\nUpdating (dev)\nUpdating (dev)\nPreviewing\nUpdating (dev)\n", stack.said())
}

// TestUpWithoutAState fails because the cloud has what a stack without a state makes: somebody deleted the state alone. A stack that has a
// state gets no such advice.
func TestUpWithoutAState(t *testing.T) {
	t.Parallel()
	const advice = "Stack dev had no state, and the emulated cloud has some of what it makes: `go run ./cmd/sandbox adopt dev` lists it. "
	for name, test := range map[string]struct {
		said  string
		state bool
		want  bool
	}{
		"without a state":       {"error: Error 409: x already exists\n", false, true},
		"with a state":          {"error: Error 409: x already exists\n", true, false},
		"another error":         {"error: it is broken\n", false, false},
		"another with a state ": {"error: it is broken\n", true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stack := selected(t, answers{"up": {{Code: 255, Err: test.said}}})
			if test.state {
				require.NoError(t, stack.engine.write(t, deploymentOf(topic)))
			}
			_, err := stack.Up(t.Context())
			require.EqualError(t, err, "up of stack dev failed: see the lines above")
			assert.Equal(t, test.want, strings.Contains(stack.said(), advice), stack.said())
		})
	}
}

// TestFailedOperations lets each operation fail. The error names it, and the CLI's own words are shown; an interrupted one can go on.
func TestFailedOperations(t *testing.T) {
	t.Parallel()
	broken := []enginetest.Answer{{Code: 255, Err: "error: it is broken\n"}}
	stack := selected(t, answers{"preview": broken, "up": broken, "destroy": broken, "refresh": broken, "import": broken})
	require.NoError(t, stack.engine.write(t, deploymentOf(topic)))
	discard := func(_ any, err error) error { return err }
	for name, operation := range map[string]func(ctx context.Context) error{
		"up":      func(ctx context.Context) error { return discard(stack.Up(ctx)) },
		"preview": func(ctx context.Context) error { return stack.Preview(ctx) },
		"drift":   func(ctx context.Context) error { return discard(stack.Drift(ctx)) },
		"destroy": stack.Destroy,
		"adopt":   func(ctx context.Context) error { return discard(stack.Planned(ctx)) },
	} {
		stack.engine.options.Out.(*bytes.Buffer).Reset()
		err := operation(t.Context())
		require.EqualError(t, err, name+" of stack dev failed: see the lines above")
		var failed *OperationError
		require.ErrorAs(t, err, &failed)
		assert.ErrorContains(t, errors.Unwrap(failed), "it is broken")
		assert.Contains(t, stack.said(), "error: it is broken\n", name)
	}
	require.ErrorContains(t, stack.Import(t.Context(), "import.json", nil), "adopt of stack dev failed")
	_, err := stack.Plan(t.Context())
	require.EqualError(t, err, "preview of stack dev failed: see the lines above")
	interrupted, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("ctrl-C"))
	_, err = stack.Update(interrupted)
	require.EqualError(t, err, "up of stack dev was interrupted; run it again to go on: ctrl-C")
	usage := &UsageError{Message: "m"}
	assert.Equal(t, error(usage), stack.failed(t.Context(), "up", usage))
}

// deploymentOf is a state with one resource of each type, whose traffic is ignored.
func deploymentOf(types ...string) apitype.DeploymentV3 {
	deployment := apitype.DeploymentV3{}
	for _, kind := range types {
		deployment.Resources = append(deployment.Resources, apitype.ResourceV3{Custom: true, Type: "x", IgnoreChanges: []string{"traffics"},
			ID: "a-id", URN: resource.URN("urn:pulumi:dev::procureflow::" + kind + "::a")})
	}
	return deployment
}

// write writes a state of dev, as the file backend does.
func (e *Engine) write(t *testing.T, deployment apitype.DeploymentV3) error {
	t.Helper()
	checkpoint, err := json.Marshal(apitype.CheckpointV3{Stack: "organization/procureflow/dev", Latest: &deployment})
	require.NoError(t, err)
	data, err := json.Marshal(apitype.VersionedCheckpoint{Version: 3, Checkpoint: checkpoint})
	require.NoError(t, err)
	return statedir.WriteFile(e.checkpoint("dev"), data, 0o600)
}

// TestDrift reads a refresh. What the stack ignores is no drift, and the list is sorted.
func TestDrift(t *testing.T) {
	t.Parallel()
	changed := func(name, path string) apitype.EngineEvent {
		made := outputs(event(apitype.OpUpdate, topic, name, map[string]any{"labels": "x"}, map[string]any{"labels": "y"}))
		made.ResOutputsEvent.Metadata.DetailedDiff = map[string]apitype.PropertyDiff{path: {}}
		return made
	}
	stack := selected(t, answers{"refresh": {{Events: []apitype.EngineEvent{changed("z", "labels"), changed("a", "traffics[0].percent"),
		outputs(event(apitype.OpDelete, topic, "gone", map[string]any{}, nil)), {StdoutEvent: &apitype.StdoutEngineEvent{}}}}}})
	_, err := stack.Drift(t.Context())
	require.EqualError(t, err, "stack dev has no state yet: run `go run ./cmd/sandbox up dev` first")
	require.NoError(t, stack.engine.write(t, deploymentOf(topic)))
	drifted, err := stack.Drift(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []Drifted{{Name: "gone", Type: topic, ID: "gone-id", Deleted: true, Properties: []PropertyDrift{}},
		{Name: "z", Type: topic, ID: "z-id", Properties: []PropertyDrift{{Path: "labels", Before: `"x"`, Now: `"y"`}}}}, drifted)
	assert.Equal(t, []string{"refresh --preview-only --color=never --stack dev"}, calls(t, stack))
}

// TestExport writes the state of a stack, and refuses a stack that does not exist.
func TestExport(t *testing.T) {
	t.Parallel()
	e := open(t)
	var out bytes.Buffer
	require.ErrorContains(t, e.Export("qa", &out), `there is no stack "qa"`)
	require.EqualError(t, e.Export("dev", &out), "stack dev has no state yet: run `go run ./cmd/sandbox up dev` first")
	require.NoError(t, e.write(t, deploymentOf(topic)))
	require.NoError(t, e.Export("dev", &out))
	of, err := stackOfState(written(t, out.String()))
	require.NoError(t, err)
	assert.Equal(t, "dev", of)
	require.NoError(t, statedir.WriteFile(e.checkpoint("dev"), []byte("{"), 0o600))
	require.ErrorContains(t, e.Export("dev", &out), "the state of stack dev is damaged and so is its backup")
}

func written(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "state.json")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// TestAnalyze asks the CLI for a verdict about a state, and tells its answers apart.
func TestAnalyze(t *testing.T) {
	t.Parallel()
	stack := selected(t, answers{"policy analyze": {{Out: "clean\n"}, {Code: 255, Err: "error: " + violationsFound + "\n"},
		{Code: 255, Err: "error: the pack does not start\n"}}})
	e := stack.engine
	file := written(t, `{"version":3,"deployment":{"resources":[{"urn":"urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev","type":"x"}]}}`)
	var out bytes.Buffer
	analyze := func(asJSON bool) (bool, error) { return e.Analyze(t.Context(), file, "", asJSON, &out) }
	clean, err := analyze(false)
	require.NoError(t, err)
	assert.True(t, clean)
	assert.Equal(t, "clean\n", out.String())
	clean, err = analyze(true)
	require.NoError(t, err)
	assert.False(t, clean)
	_, err = analyze(false)
	require.EqualError(t, err, file+" was not analyzed, so nothing is known about it: the pack does not start")
	call := "policy analyze --file " + file + " --policy-pack PACK --policy-pack-config CONFIG"
	assert.Equal(t, []string{call, call + " --json", call}, calls(t, stack))
	_, err = e.Analyze(t.Context(), file+".none", "", false, &out)
	var usage *UsageError
	require.ErrorAs(t, err, &usage)
	out.Reset()
	clean, err = e.Analyze(t.Context(), written(t, `{"version":3,"deployment":{}}`), "dev", false, &out)
	require.NoError(t, err)
	assert.True(t, clean)
	assert.Contains(t, out.String(), "has no resources: there is nothing to analyze.")
}

// TestOwnCommandsOfTheCLI runs the caller's own commands of the CLI: on the present settings, and with the caller's streams and exit code.
func TestOwnCommandsOfTheCLI(t *testing.T) {
	t.Parallel()
	stack := selected(t, answers{"stack ls": {{Out: "dev\n", Err: "a note\n", Code: 4}}})
	var out, errs bytes.Buffer
	code, err := stack.engine.Pulumi(t.Context(), nil, &out, &errs, "stack", "ls")
	require.NoError(t, err)
	assert.Equal(t, []any{4, "dev\n", "a note\n"}, []any{code, out.String(), errs.String()})
	assert.Equal(t, []string{"stack select --stack dev", "stack ls"}, calls(t, stack))
}
