package command_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/sandbox/command"
	"github.com/guiofsaints/procureflow-platform/sandbox/engine/enginetest"
	"github.com/guiofsaints/procureflow-platform/sandbox/journal"
	"github.com/guiofsaints/procureflow-platform/sandbox/review"
	"github.com/guiofsaints/procureflow-platform/sandbox/server"
	"github.com/guiofsaints/procureflow-platform/sandbox/statedir"
)

// TestMain also serves as the sandbox's executable: the sandbox starts itself for the cloud in the background, and for a review in an
// environment without secrets.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && slices.Contains([]string{"cloud", "review"}, os.Args[1]) {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		os.Exit(command.Run(ctx, os.Args[1:], command.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}, program))
	}
	os.Exit(enginetest.Main(m))
}

// program is a program with one resource that costs something. The stand-in for the CLI runs no program; costs are
// computed from a dry run.
func program(string) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		var key struct{ pulumi.CustomResourceState }
		return ctx.RegisterResource("gcp:kms/cryptoKey:CryptoKey", "key", pulumi.Map{"name": pulumi.String("key"),
			"versionTemplate": pulumi.Map{"protectionLevel": pulumi.String("SOFTWARE")}}, &key)
	}
}

// application makes a copy of the tests' application, with a module whose policy pack compiles at once, and goes there.
func application(t *testing.T) (folder string) {
	t.Helper()
	folder = enginetest.Module(t)
	for _, name := range []string{"Pulumi.yaml", "Pulumi.dev.yaml", "platform.yaml", filepath.Join("policy", "dev.json")} {
		content, err := os.ReadFile(filepath.Join("..", "..", "tests", "application", name))
		require.NoError(t, err)
		require.NoError(t, statedir.WriteFile(filepath.Join(folder, name), content, 0o600))
	}
	git := func(arguments ...string) {
		t.Helper()
		command := exec.Command("git", append([]string{"-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false",
			"-C", folder}, arguments...)...)
		out, err := command.CombinedOutput()
		require.NoError(t, err, string(out))
	}
	git("init", "--quiet")
	git("add", "--all")
	git("commit", "--quiet", "-m", "one")
	t.Chdir(folder)
	return folder
}

// called runs a command line in the working folder.
func called(args ...string) (code int, out, errs string) {
	var stdout, stderr bytes.Buffer
	code = command.Run(context.Background(), args, command.Streams{In: strings.NewReader(""), Out: &stdout, Err: &stderr}, program)
	return code, stdout.String(), stderr.String()
}

const place = "projects/procureflow-dev/locations/us-central1/services/procureflow-web"

// brought are the requests with which the stand-in for the CLI brings up a public service.
var brought = []enginetest.Request{
	{Method: "POST", Path: "/su/v1/projects/procureflow-dev/services/run.googleapis.com:enable", Body: "{}"},
	{Method: "POST", Path: "/su/v1/projects/procureflow-dev/services/iam.googleapis.com:enable", Body: "{}"},
	{Method: "POST", Path: "/iam/v1/projects/procureflow-dev/serviceAccounts", Body: `{"accountId": "procureflow-cloudrun"}`},
	{Method: "POST", Path: "/run/v2/" + strings.TrimSuffix(place, "/procureflow-web") + "?serviceId=procureflow-web", Body: `{"template":
		{"serviceAccount": "procureflow-cloudrun@procureflow-dev.iam.gserviceaccount.com", "containers": [{"image":
		"registry.example/web@sha256:` + strings.Repeat("a", 64) + `"}]}}`},
	{Method: "POST", Path: "/run/v2/" + place + ":setIamPolicy",
		Body: `{"policy": {"bindings": [{"role": "roles/run.invoker", "members": ["allUsers"]}]}}`},
}

// planned is the engine's event that it would make an account.
var planned = apitype.EngineEvent{ResourcePreEvent: &apitype.ResourcePreEvent{Metadata: apitype.StepEventMetadata{Op: apitype.OpCreate,
	URN: "urn:pulumi:dev::procureflow::gcp:serviceaccount/account:Account::runtime", Type: "gcp:serviceaccount/account:Account",
	New: &apitype.StepEventStateMetadata{Custom: true, Type: "gcp:serviceaccount/account:Account",
		Provider: "urn:pulumi:dev::procureflow::pulumi:providers:gcp::gcp::1",
		Inputs:   map[string]any{"accountId": "procureflow-cloudrun", "project": "procureflow-dev"}}}}}

// TestCommandsOfAStack runs the commands about a stack one after the other, as a person does. What a real engine makes of them is tried in
// tests/sandbox.
func TestCommandsOfAStack(t *testing.T) {
	folder := application(t)
	dir, err := statedir.Open(filepath.Join(folder, statedir.Name))
	require.NoError(t, err)
	drifted := apitype.EngineEvent{ResOutputsEvent: &apitype.ResOutputsEvent{Metadata: apitype.StepEventMetadata{Op: apitype.OpDelete,
		URN: planned.ResourcePreEvent.Metadata.URN, Type: planned.ResourcePreEvent.Metadata.Type,
		Old: &apitype.StepEventStateMetadata{ID: "the-id"}}}}
	finding := apitype.EngineEvent{PolicyEvent: &apitype.PolicyEvent{PolicyName: "p", EnforcementLevel: "advisory", Message: "m"}}
	create := enginetest.Answer{Events: []apitype.EngineEvent{planned}}
	enginetest.Keys(t, dir)
	enginetest.Answers(t, dir, map[string][]enginetest.Answer{
		"up":             {{Out: "Updating (dev)\n", Requests: brought}, {}, {Code: 255, Err: "error: no quota\n"}, {}},
		"preview":        {{Events: []apitype.EngineEvent{finding}, Out: "Previewing\n"}, create, create, {}},
		"refresh":        {{Events: []apitype.EngineEvent{drifted}}, {Events: []apitype.EngineEvent{drifted}}, {}},
		"policy analyze": {{Out: "fine\n"}, {Code: 255, Err: "error: one or more mandatory policy violations were found\n"}, {Code: 255}},
		"stack ls":       {{Out: "dev\n", Code: 4}},
	})
	checkpoint := journal.Files{Backend: dir.Path("pulumi", "state"), Project: "procureflow"}.Checkpoint("dev")
	const stack = "urn:pulumi:dev::procureflow::pulumi:pulumi:Stack::procureflow-dev"
	require.NoError(t, statedir.WriteFile(checkpoint, []byte(`{"version":3,"checkpoint":{"stack":"organization/procureflow/dev","latest":{
		"manifest":{"time":"2026-01-01T00:00:00Z","magic":"","version":""},"resources":[{"urn":"`+stack+`","type":"pulumi:pulumi:Stack"}]}}}`),
		0o600))
	t.Cleanup(func() { called("stop") })

	expect := func(args, wantOut, wantErr string, wantCode int) string {
		t.Helper()
		code, out, errs := called(strings.Fields(args)...)
		assert.Equal(t, wantCode, code, "%s: %s", args, errs)
		assert.Regexp(t, "^(?s:"+wantOut+")$", out, args)
		assert.Regexp(t, "^(?s:"+wantErr+")$", errs, args)
		return out
	}
	const notRunning = "The cloud is not running; `up` or `serve` starts it.\n"
	const answers = `Service procureflow-web answers 200 at http://127\.0\.0\.1:\d+/ \(in the cloud: https://procureflow-web-100000000001\.` +
		`us-central1\.run\.app\)` + "\n"
	expect("status", "", notRunning, command.ExitNo)
	expect("env dev", "", notRunning, command.ExitNo)
	expect("stop", "The cloud was not running.\n", "", command.ExitDone)
	expect("up dev", `Compiling the policy pack\.`+"\nUpdating \\(dev\\)\n\n"+`Stack dev: no changes \([\d.ms]+\)\.`+"\n"+answers, "",
		command.ExitDone)
	expect("up dev --skip-preview", "\n"+`Stack dev: no changes \([\d.ms]+\)\.`+"\n"+answers, "", command.ExitDone)
	expect("up dev", "error: no quota\n", "sandbox: up of stack dev failed: see the lines above\n", command.ExitFailed)
	status := expect("status", `APIs        http://\S+\nData plane  http://\S+ .*\nConsole     http://\S+ .*\nService     http://\S+  `+place+"\n",
		"", command.ExitDone)
	var shown server.Status
	require.NoError(t, json.Unmarshal([]byte(expect("status --json", ".*", "", command.ExitDone)), &shown))
	assert.Contains(t, status, shown.API)
	env := expect("env dev", ".*", "", command.ExitDone)
	assert.Contains(t, env, "export RELEASE_ENDPOINT='"+shown.API+"/run/'\n")
	assert.Contains(t, env, "export GITHUB_TOKEN=\"$(cat '"+server.TokenFile(dir)+"')\"\n")
	expect("preview dev --diff", "Previewing\n", "", command.ExitDone)
	expect("drift dev", `Changed outside of Pulumi in stack dev:\n\n  runtime .*deleted\n\n1 changed\..*`, "", command.ExitNo)
	assert.Contains(t, expect("drift dev --json", ".*", "", command.ExitNo), `"name": "runtime"`)
	expect("drift dev --json", `\[\]`+"\n", "", command.ExitDone)
	state := filepath.Join(t.TempDir(), "state.json")
	require.NoError(t, os.WriteFile(state, []byte(expect("export dev", ".*", "", command.ExitDone)), 0o600))
	expect("analyze "+state, "fine\n", "", command.ExitDone)
	expect("analyze "+state, "", "error: one or more .*", command.ExitNo)
	expect("analyze --json "+state, `\{"error":"[^\n]*"\}`+"\n", "sandbox: .* said nothing\n", command.ExitFailed)
	expect("adopt dev", ".*procureflow-cloudrun.*Nothing was changed.*", "", command.ExitDone)
	expect("adopt dev --import --out import.json", ".*", "", command.ExitDone)
	imported, err := os.ReadFile("import.json")
	require.NoError(t, err)
	assert.Contains(t, string(imported),
		`"projects/procureflow-dev/serviceAccounts/procureflow-cloudrun@`+
			`procureflow-dev.iam.gserviceaccount.com"`)
	expect("adopt dev --import", ".*", "", command.ExitDone)
	expect("pulumi -- stack ls", "dev\n", "", 4)
	expect("job migrate", "projects/procureflow-dev/locations/us-central1/jobs/migrate: each attempt takes 0s; "+
		"executions succeed\n", "", command.ExitDone)
	expect("job migrate --fail 2 --takes 3s --project p", "projects/p/locations/us-central1/jobs/migrate: each attempt takes 3s; the next "+
		"2 executions fail\n", "", command.ExitDone)
	expect("job migrate --fail -1", "", "sandbox: behaviour of a job: .*", command.ExitUsage)
	expect("destroy dev", "", "", command.ExitDone)
	expect("stop", "The cloud has stopped; its state is kept.\n", "", command.ExitDone)
}

// TestCostOfAStack tells what a stack costs, alone and against other settings.
func TestCostOfAStack(t *testing.T) {
	folder := application(t)
	code, out, errs := called("cost", "dev")
	require.Equal(t, command.ExitDone, code, errs)
	assert.Contains(t, out, "key")
	code, out, errs = called("cost", "dev", "--json", "--measured", "procureflow-web=1000:50")
	require.Equal(t, command.ExitDone, code, errs)
	var estimate struct{ Total struct{ Idle float64 } }
	require.NoError(t, json.Unmarshal([]byte(out), &estimate))
	assert.Positive(t, estimate.Total.Idle)
	code, out, errs = called("cost", "dev", "--before", folder, "--json")
	require.Equal(t, command.ExitDone, code, errs)
	var change struct{ Delta struct{ Idle float64 } }
	require.NoError(t, json.Unmarshal([]byte(out), &change))
	assert.Zero(t, change.Delta.Idle)
	code, _, errs = called("cost", "qa")
	assert.Equal(t, command.ExitUsage, code)
	assert.Contains(t, errs, `there is no stack "qa": Pulumi.qa.yaml does not exist; stacks are dev`)
}

// TestReview reviews a change of nothing, in a process without secrets: as a page, as a comment and as JSON.
func TestReview(t *testing.T) {
	t.Setenv("MY_PASSWORD", "of somebody")
	application(t)
	page := filepath.Join(t.TempDir(), "page.html")
	code, out, errs := called("review", "HEAD", "--plan-only", "--stack", "dev", "--comment", "--web", page)
	require.Equal(t, command.ExitDone, code, errs)
	assert.True(t, strings.HasPrefix(errs, "Reviewing dev\n") && strings.HasSuffix(errs, "The page is "+page+"\n"), errs)
	assert.True(t, strings.HasPrefix(out, review.Marker+"\n## What this pull request would do\n\nNothing: "), out)
	assert.FileExists(t, page)
	code, _, errs = called("review", "HEAD", "--stack", "qa")
	assert.Equal(t, command.ExitUsage, code)
	assert.Contains(t, errs, `there is no stack "qa" on either side`)
	assert.Contains(t, errs, "sandbox: the review ended early: see above\n")

	t.Setenv("SANDBOX_SCRUBBED", "1") // From here on in this process, as the one without secrets does it.
	code, out, errs = called("rehearse", "HEAD", ".", "--stack", "dev", "--json")
	require.Equal(t, command.ExitDone, code, errs)
	var report review.Report
	require.NoError(t, json.Unmarshal([]byte(out), &report))
	assert.Regexp(t, regexp.MustCompile(`^[0-9a-f]{40}$`), report.Base)
	assert.Equal(t, "the working tree", report.Head)
	require.Len(t, report.Stacks, 1)
	require.NotNil(t, report.Stacks[0].Rehearsal)
	assert.Equal(t, "the base comes up", report.Stacks[0].Rehearsal.Stages[0].Name)
	code, _, errs = called("review", "HEAD", "HEAD", "--stack", "qa")
	assert.Equal(t, command.ExitUsage, code)
	assert.Contains(t, errs, `there is no stack "qa" on either side`)
	settings, err := os.ReadFile("Pulumi.dev.yaml")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile("Pulumi.qa.yaml", settings, 0o600))
	code, out, errs = called("review", "HEAD", "--stack", "qa")
	assert.Equal(t, command.ExitDone, code, errs)
	assert.Contains(t, out, "The stack is new: there is nothing to compare it with, and everything in it is new.")
	require.NoError(t, os.Remove("Pulumi.qa.yaml"))
	require.NoError(t, os.Remove("Pulumi.dev.yaml"))
	code, out, errs = called("review", "HEAD", "--label", "x")
	assert.Equal(t, command.ExitNo, code, errs)
	assert.Contains(t, out, "the stack's file is deleted, and nothing deletes what it has: destroy the stack first")
}

// TestServe serves the cloud in the foreground until it is told to end. Meanwhile nobody else serves it.
func TestServe(t *testing.T) {
	t.Parallel()
	state := filepath.Join(t.TempDir(), "state")
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	out, ready := &serving{begun: make(chan struct{})}, make(chan int, 1)
	var errs bytes.Buffer
	go func() {
		ready <- command.Run(ctx, []string{"serve", "--state", state}, command.Streams{Out: out, Err: &errs}, program)
	}()
	<-out.begun
	code, _, second := sandbox(state, "serve")
	assert.Equal(t, command.ExitFailed, code)
	assert.Regexp(t, `^sandbox: process \d+ serves this cloud in another terminal; end it there first\n$`, second)
	cancel()
	assert.Equal(t, command.ExitDone, <-ready, errs.String())
	assert.Regexp(t, `(?s)^APIs        http://.*\nCtrl-C ends it; the state stays\.\n$`, out.text.String())
}

// serving is an output that says when it is complete.
type serving struct {
	text  strings.Builder
	begun chan struct{}
}

func (s *serving) Write(data []byte) (int, error) {
	defer func() {
		if bytes.Contains(data, []byte("Ctrl-C")) {
			close(s.begun)
		}
	}()
	return s.text.Write(data)
}

// TestDemoEndsWithItsFirstFailure runs a demonstration in which nothing is made, because the stand-in for the CLI has no answers. It says
// which release failed, works on its own files, and leaves no cloud running.
func TestDemoEndsWithItsFirstFailure(t *testing.T) {
	folder := application(t)
	code, out, errs := called("demo", "--bad", "errors,migration", "--out", filepath.Join(t.TempDir(), "page.html"))
	assert.Equal(t, command.ExitFailed, code)
	assert.Regexp(t, `sandbox: the good release ended with exit code \d+\n$`, errs)
	assert.Contains(t, out, "The stack dev comes up: the real engine, the program, the policy pack.")
	assert.Contains(t, out, "up: 0 created, 0 updated, policies passed.\n")
	assert.Contains(t, out, "A good image is deployed without a request, and rolled out step by step.")
	settings, err := os.ReadFile(filepath.Join(folder, statedir.Name, "demo", "project", "Pulumi.dev.yaml"))
	require.NoError(t, err)
	assert.Contains(t, string(settings), "digest: sha256:"+strings.Repeat("1", 64)+"\n")
	assert.Contains(t, string(settings), "demo-migrate")
	own, err := os.ReadFile("Pulumi.dev.yaml")
	require.NoError(t, err)
	assert.NotContains(t, string(own), "digest:")
	code, _, _ = called("status", "--state", filepath.Join(statedir.Name, "demo", "cloud"))
	assert.Equal(t, command.ExitNo, code)
}
