package command

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/cloud"
	"github.com/guiofsaints/procureflow-platform/emulator/dataplane"
	"github.com/guiofsaints/procureflow-platform/emulator/google/run"
	"github.com/guiofsaints/procureflow-platform/emulator/store"
	"github.com/guiofsaints/procureflow-platform/release/audit"
	"github.com/guiofsaints/procureflow-platform/release/plan"
	"github.com/guiofsaints/procureflow-platform/release/rollout"
)

const (
	project  = "procureflow-dev"
	services = "/run/v2/projects/" + project + "/locations/us-central1/services"
	blue     = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	green    = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	// fast is a policy whose rollout takes about a second of real time.
	fast = `environments:
  dev:
    steps: [{percent: 10, bake: 200ms}, {percent: 100, bake: 200ms}]
    inconclusive: proceed
    probe: {paths: [/], count: 5, pace: 10ms, interval: 10ms, warmup: 1s, marker: {header: X-Sandbox-Revision, value: "{revision}"}}
`
)

// laptop is the emulated cloud with web-blue serving and web-green deployed, and a folder for files.
type laptop struct {
	t        *testing.T
	cloud    *cloud.Cloud
	api, web *httptest.Server
	dir      string
	writes   atomic.Int64
	reads    atomic.Int64
	requests func(int64) // Receives the number of each request to the data plane.
}

func newLaptop(t testing.TB, delay time.Duration) *laptop {
	t.Helper()
	l := &laptop{dir: t.TempDir()}
	l.t, _ = t.(*testing.T)
	documents, err := store.Open(filepath.Join(l.dir, "cloud"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = documents.Close() })
	l.cloud, err = cloud.New(documents, cloud.Options{OperationDelay: delay, Intercept: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPatch {
				l.writes.Add(1)
			} else {
				l.reads.Add(1)
			}
			next.ServeHTTP(w, r)
		})
	}})
	require.NoError(t, err)
	require.NoError(t, l.cloud.EnsureProject(cloud.Project{ID: project, Number: "42", BillingAccount: "A"}))
	plane := dataplane.New(l.cloud, dataplane.Options{})
	var count atomic.Int64
	l.api = httptest.NewServer(l.cloud)
	l.web = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if l.requests != nil {
			l.requests(count.Add(1))
		}
		plane.ServeHTTP(w, r)
	}))
	t.Cleanup(l.api.Close)
	t.Cleanup(l.web.Close)
	call := func(method, path, body string) {
		recorder := httptest.NewRecorder()
		l.cloud.ServeHTTP(recorder, httptest.NewRequest(method, path, strings.NewReader(body)))
		require.Equal(t, http.StatusOK, recorder.Code, recorder.Body.String())
		time.Sleep(delay + delay/10)
	}
	template := func(revision, digest string) string {
		return fmt.Sprintf(`"template":{"revision":%q,"containers":[{"image":"us-docker.pkg.dev/cloudrun/container/hello@%s"}]}`,
			revision, digest)
	}
	call("POST", "/su/v1/projects/"+project+"/services/run.googleapis.com:enable", `{}`)
	call("POST", services+"?serviceId=web",
		`{"invokerIamDisabled":true,"traffic":[{"type":"TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION","revision":"web-blue","percent":100}],`+
			template("web-blue", blue)+`}`)
	call("PATCH", services+"/web?updateMask=template", `{`+template("web-green", green)+`}`)
	l.writes.Store(0)
	l.reads.Store(0)
	require.NoError(t, os.WriteFile(l.file("policy.yaml"), []byte(fast), 0o600))
	return l
}

func (l *laptop) file(name string) string { return filepath.Join(l.dir, name) }

// release runs one command line against the laptop's cloud.
func (l *laptop) release(ctx context.Context, arguments ...string) (exit int, out, err string) {
	var stdout, stderr lockedBuffer
	arguments = append([]string{"--project", project, "--endpoint", l.api.URL + "/run/", "--probe-via", l.web.URL, "--env", "dev",
		"--policy", l.file("policy.yaml"), "--audit", l.file("audit.jsonl"), "--actor", "tester"}, arguments...)
	exit = Run(ctx, arguments, Streams{Out: &stdout, Err: &stderr})
	return exit, stdout.String(), stderr.String()
}

type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}
func (b *lockedBuffer) String() string { b.mu.Lock(); defer b.mu.Unlock(); return b.buffer.String() }

func (l *laptop) status() rollout.Status {
	l.t.Helper()
	exit, out, errors := l.release(context.Background(), "status", "web", "--json")
	require.Equal(l.t, ExitDone, exit, errors)
	var status rollout.Status
	require.NoError(l.t, json.Unmarshal([]byte(out), &status))
	return status
}

func TestReleaseAndRollback(t *testing.T) {
	t.Parallel()
	l := newLaptop(t, 0)
	exit, out, errors := l.release(context.Background(), "rollout", "web", "--summary", l.file("summary.md"),
		"--github-output", l.file("outputs"),
		"--commit", strings.Repeat("c", 40), "--link", "https://ci.example/runs/7", "--approved-by", "ann,bob")
	require.Equal(t, ExitDone, exit, out+errors)
	outputs, err := os.ReadFile(l.file("outputs"))
	require.NoError(t, err)
	assert.Equal(t, "outcome=released\n", string(outputs))
	assert.Contains(t, out, "rollout: released after ")
	assert.Contains(t, errors, "shift → web-blue 90 %, web-green 10 %\n")
	assert.NotContains(t, errors, "\r", "a log has plain lines")
	assert.Equal(t, plan.State{Phase: plan.Idle, Stable: "web-green", Previous: "web-blue"}, l.status().State)
	summary, err := os.ReadFile(l.file("summary.md"))
	require.NoError(t, err)
	assert.Contains(t, string(summary), "### rollout of web: released\n\n- web-green serves everything\n- commit "+strings.Repeat("c", 40)+
		"\n- approved by ann, bob\n- web-green is us-docker.pkg.dev/cloudrun/container/hello@sha256:"+strings.Repeat("b", 64)+
		"\n\n| revision | percent | tag |\n|---|---:|---|\n| web-green | 100 | stable |\n| web-blue | 0 | previous |\n")

	exit, out, errors = l.release(context.Background(), "status", "web", "--all")
	assert.Equal(t, ExitDone, exit, errors)
	assert.Contains(t, out, "No rollout is active (idle)")
	assert.Contains(t, out, " goes to web-blue.\n")
	port := l.api.URL[strings.LastIndex(l.api.URL, ":")+1:]
	assert.Contains(t, out, "CLOUDSDK_PROXY_ADDRESS=127.0.0.1 CLOUDSDK_PROXY_PORT="+port+
		" CLOUDSDK_AUTH_ACCESS_TOKEN_FILE=FILE CLOUDSDK_CORE_PROJECT="+project+" ")

	l.writes.Store(0)
	exit, out, errors = l.release(context.Background(), "rollback", "web", "--why", "a drill")
	assert.Equal(t, ExitDone, exit, out+errors)
	assert.Equal(t, int64(1), l.writes.Load())
	assert.Equal(t, plan.State{Phase: plan.Idle, Stable: "web-blue", Rejected: []string{"web-green"}}, l.status().State)
	exit, out, _ = l.release(context.Background(), "rollout", "web")
	assert.Equal(t, ExitRefused, exit)
	assert.Contains(t, out, "web-green was rolled back before: release another revision, or this one with `release rollout web --region ")

	file, err := os.Open(l.file("audit.jsonl"))
	require.NoError(t, err)
	defer file.Close()
	lines, err := audit.Read(file)
	require.NoError(t, err)
	var kinds []string
	for _, line := range lines {
		assert.Equal(t, "tester", line.Who)
		assert.Equal(t, "projects/procureflow-dev/locations/us-central1/services/web", line.Service)
		if line.Answer == "accepted" {
			kinds = append(kinds, line.Command+" "+line.Kind)
			assert.NotEmpty(t, line.Etag)
			assert.NotEmpty(t, line.Before)
		}
	}
	assert.Equal(t, strings.Repeat("c", 40), lines[0].Commit)
	assert.Equal(t, "https://ci.example/runs/7", lines[0].Link)
	assert.Equal(t, []string{"ann", "bob"}, lines[0].ApprovedBy)
	var digests []string
	for _, line := range lines {
		for revision, image := range line.Images {
			digests = append(digests, line.Command+" "+line.Kind+line.Answer+" "+revision+" "+image[strings.Index(image, "@"):][:9])
		}
	}
	assert.Equal(t, []string{"rollout beginsent web-green @sha256:b", "rollout beginaccepted web-green @sha256:b",
		"rollout end web-green @sha256:b",
		"rollback end web-blue @sha256:a"}, digests)
	assert.Equal(t, []string{"rollout pin", "rollout begin", "rollout shift", "rollout shift", "rollout finish", "rollback rollback"}, kinds)

	exit, out, errors = l.release(context.Background(), "backtest", l.file("policy.yaml"), l.file("audit.jsonl"))
	assert.Equal(t, ExitDone, exit, errors)
	assert.Regexp(t, `(?s)^\S+ web-green: released at 100 % after \S+; as well.*\n1 rollout\n$`, out)
	exit, out, errors = l.release(context.Background(), "backtest", l.file("policy.yaml"), "--simulated", "--times", "2",
		"--against", l.file("policy.yaml"))
	assert.Equal(t, ExitDone, exit, errors)
	assert.Regexp(t, `(?m)^5 % fail, unprobed +\d+/\d+/\d+ · .* the same$`, out)
	exit, _, errors = l.release(context.Background(), "backtest", l.file("policy.yaml"))
	assert.Equal(t, ExitUsage, exit, errors)
	exit, _, errors = l.release(context.Background(), "backtest", l.file("policy.yaml"), l.file("no-such-file"))
	assert.Equal(t, ExitFailed, exit, errors)
	exit, _, errors = l.release(context.Background(), "backtest", l.file("audit.jsonl"), l.file("audit.jsonl"))
	assert.Equal(t, ExitUsage, exit, errors)

	exit, out, errors = l.release(context.Background(), "report", "--out", l.file("report.html"))
	assert.Equal(t, ExitDone, exit, errors)
	page, err := os.ReadFile(l.file("report.html"))
	require.NoError(t, err)
	assert.Contains(t, string(page), "rolled back by a person")
	pages, err := filepath.Glob(l.file("report/*.html"))
	require.NoError(t, err)
	assert.Len(t, pages, 3, out)
}

// TestStatusOfTrafficToLatest checks a list that follows the latest revision. The status shows that revision's share by its name.
func TestStatusOfTrafficToLatest(t *testing.T) {
	t.Parallel()
	l := newLaptop(t, 0)
	recorder := httptest.NewRecorder()
	l.cloud.ServeHTTP(recorder, httptest.NewRequest(http.MethodPatch, services+"/web?updateMask=traffic", strings.NewReader(`{"traffic":[
		{"type":"TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION","revision":"web-blue","percent":90},
		{"type":"TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST","percent":10,"tag":"head"}]}`)))
	require.Equal(t, http.StatusOK, recorder.Code, recorder.Body)
	exit, out, errors := l.release(context.Background(), "status", "web")
	require.Equal(t, ExitDone, exit, errors)
	assert.Regexp(t, `(?m)^  90 %   web-blue$`, out)
	assert.Regexp(t, `(?m)^  10 %   web-green  head$`, out)
}

func TestBadReleaseIsRolledBack(t *testing.T) {
	t.Parallel()
	l := newLaptop(t, 0)
	var once sync.Once
	l.requests = func(int64) {
		// The candidate turns bad when it gets its first requests.
		if l.writes.Load() == 3 {
			once.Do(func() { assert.NoError(t, l.cloud.Run.SetBehaviour(green, run.Behaviour{ErrorRate: 1})) })
		}
	}
	exit, out, errors := l.release(context.Background(), "rollout", "web")
	assert.Equal(t, ExitRolledBack, exit, out+errors)
	assert.Contains(t, out, "3 probes of the candidate's URL in a row failed, the last one: /: status 500")
	assert.Equal(t, plan.State{Phase: plan.Idle, Stable: "web-blue", Rejected: []string{"web-green"}}, l.status().State)
}

func TestInterruptedRolloutIsResumed(t *testing.T) {
	t.Parallel()
	l := newLaptop(t, 0)
	ctx, cancel := context.WithCancel(context.Background())
	l.requests = func(int64) {
		if l.writes.Load() == 3 {
			cancel()
		}
	}
	exit, out, _ := l.release(ctx, "rollout", "web")
	assert.Equal(t, ExitInterrupted, exit, out)
	assert.Equal(t, plan.State{Phase: plan.Shifting, Stable: "web-blue", Candidate: "web-green", Percent: 10}, l.status().State)
	exit, out, errors := l.release(context.Background(), "guard", "web", "--", "true")
	assert.Equal(t, ExitRefused, exit, out+errors)
	exit, out, errors = l.release(context.Background(), "rollout", "web")
	assert.Equal(t, ExitDone, exit, out+errors)
	assert.Contains(t, errors, "resume: a rollout stopped at 10 %")
}

// TestGuardPassesInterruptsOn checks that the guarded command receives the interrupt and can clean up.
func TestGuardPassesInterruptsOn(t *testing.T) {
	t.Parallel()
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no sh is installed, which is the guarded command of this test")
	}
	l := newLaptop(t, 0)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ended := make(chan struct{})
	go func() {
		defer cancel()
		for {
			select {
			case <-ended:
				return
			case <-time.After(10 * time.Millisecond):
			}
			if _, err := os.Stat(l.file("begun")); err == nil {
				return
			}
		}
	}()
	exit, out, errors := l.release(ctx, "guard", "web", "--", shell, "-c",
		`trap 'echo in order > "$1"; exit 9' INT; : > "$0"; while :; do sleep 0.05; done`, l.file("begun"), l.file("ended"))
	close(ended)
	assert.Equal(t, ExitFailed, exit, out+errors)
	left, err := os.ReadFile(l.file("ended"))
	require.NoError(t, err)
	assert.Equal(t, "in order\n", string(left))
}

// moveTraffic is the variable that turns this test binary into the command that a guard runs. The binary sends all traffic of a
// service to its latest revision.
const moveTraffic = "RELEASE_TEST_MOVE_TRAFFIC"

func TestMain(m *testing.M) {
	url := os.Getenv(moveTraffic)
	if url == "" {
		os.Exit(m.Run())
	}
	request, err := http.NewRequest(http.MethodPatch, url,
		strings.NewReader(`{"traffic":[{"type":"TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST","percent":100}]}`))
	if err == nil {
		var response *http.Response
		if response, err = http.DefaultClient.Do(request); err == nil {
			_ = response.Body.Close()
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func TestGuard(t *testing.T) {
	t.Parallel()
	l := newLaptop(t, 0)
	exit, out, errors := l.release(context.Background(), "guard", "web", "--", "sh", "-c", "echo up")
	assert.Equal(t, ExitDone, exit, errors)
	assert.Contains(t, out, "up\nguard: nothing after")
	exit, out, errors = l.release(context.Background(), "guard", "web", "--json", "--", "sh", "-c", "echo up")
	assert.Equal(t, ExitDone, exit, errors)
	assert.True(t, json.Valid([]byte(out)), "with --json, standard output is JSON alone: %s", out)
	assert.Contains(t, errors, "up\n")
	exit, _, errors = l.release(context.Background(), "guard", "web", "--", "sh", "-c", "exit 7")
	assert.Equal(t, ExitFailed, exit)
	assert.Contains(t, errors, "release: the command failed: exit status 7\n")
	self, err := os.Executable()
	require.NoError(t, err)
	exit, out, errors = l.release(context.Background(), "guard", "web", "--", "env",
		moveTraffic+"="+l.api.URL+services+"/web?updateMask=traffic", self)
	assert.Equal(t, ExitRolledBack, exit, out+errors)
	assert.Contains(t, out, "the command changed the traffic from web-blue 100 % to ")
	assert.Equal(t, "web-blue", l.status().State.Stable)
}

func TestUsage(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"rollout":                  "takes SERVICE, got none; usage: release rollout SERVICE",
		"rollback web --two":       "unknown flag: --two; did you mean --to? See release rollback --help",
		"rollback web --regoin r":  "unknown flag: --regoin; did you mean --region?",
		"deploy":                   `there is no command "deploy": see release --help`,
		"rolback web":              `there is no command "rolback"; did you mean rollback? See release --help`,
		"help rolback":             `there is no command "rolback"; did you mean rollback?`,
		"status web --output json": "unknown flag: --output: see release status --help",
		"report --json":            "release report has no JSON to print: leave out --json",
		"check web / --json":       "release check has no JSON to print: leave out --json",
		"rollback Web --project p": `"Web" is not the name of a Cloud Run service: give the short name, such as procureflow-web`,
		"rollout web --project p --env nowhere --endpoint " +
			"http://127.0.0.1:1/run/": `there is no environment "nowhere": use one of dev, prod, sandbox, staging`,
		"status web --project p --endpoint " +
			"https://run.googleapis.com/": "only a loopback address is called without Google",
		"rollout web --project p --env dev --endpoint http://127.0.0.1:1/run/ --probe-via http://example.com": "use a loopback address",
		"status web --project p --region=": "--region is empty: name the service's region",
		"guard web":                        "takes SERVICE -- COMMAND [ARGUMENT...], got web",
	} {
		var out, errors bytes.Buffer
		assert.Equal(t, ExitUsage, Run(context.Background(), append(strings.Fields(line), "--audit", filepath.Join(t.TempDir(), "a")),
			Streams{Out: &out, Err: &errors}), line)
		assert.Contains(t, errors.String(), want, line)
	}
	var out bytes.Buffer
	assert.Equal(t, ExitDone, Run(context.Background(), []string{"--help"}, Streams{Out: &out, Err: &out}))
	assert.Contains(t, strings.Join(strings.Fields(out.String()), " "), "8 a rollback is not confirmed, look at once")
}

func TestRollbackWithoutServiceOrAPI(t *testing.T) {
	t.Parallel()
	l := newLaptop(t, 0)
	exit, out, errors := l.release(context.Background(), "rollback", "other")
	assert.Equal(t, ExitFailed, exit, out+errors)
	assert.Contains(t, out, "not found")
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	l.api.Close()
	exit, out, _ = l.release(ctx, "rollback", "web")
	assert.Equal(t, ExitUnconfirmed, exit, "a rollback that did not happen is unconfirmed")
	assert.Contains(t, out, "nothing was written, try again or use another tool")
}

// TestProjectOfTheEnvironmentIsShown checks that the command names a project that it took from the environment. Several environments
// have a service of the same name.
func TestProjectOfTheEnvironmentIsShown(t *testing.T) {
	t.Setenv("GOOGLE_CLOUD_PROJECT", project)
	l := newLaptop(t, 0)
	var out, errors bytes.Buffer
	exit := Run(context.Background(), []string{"status", "web", "--json", "--endpoint", l.api.URL + "/run/"},
		Streams{Out: &out, Err: &errors})
	assert.Equal(t, ExitDone, exit, errors.String())
	assert.Equal(t, "project: "+project+" (--project names another)\n", errors.String())
	assert.True(t, json.Valid(out.Bytes()), out.String())
}

// TestReportDoesNotOverwriteTheAudit checks that --out may not name the audit file, which is only ever appended to.
func TestReportDoesNotOverwriteTheAudit(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "audit.jsonl")
	const line = `{"command":"rollout","kind":"end"}` + "\n"
	require.NoError(t, os.WriteFile(file, []byte(line), 0o600))
	other := filepath.Join(filepath.Dir(file), "link.html")
	require.NoError(t, os.Symlink(file, other))
	for _, out := range []string{file, other} {
		var errors bytes.Buffer
		assert.Equal(t, ExitUsage, Run(context.Background(), []string{"report", "--audit", file, "--out", out},
			Streams{Out: &errors, Err: &errors}))
		assert.Contains(t, errors.String(), "is the audit itself")
		left, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.Equal(t, line, string(left))
	}
}

func TestExitCodes(t *testing.T) {
	t.Parallel()
	for outcome, want := range map[rollout.Outcome]int{rollout.Released: 0, rollout.Nothing: 0, rollout.Failed: 1, rollout.RolledBack: 3,
		rollout.Held:    4,
		rollout.Refused: 5, rollout.Superseded: 6, rollout.Interrupted: 7, rollout.Unconfirmed: 8} {
		assert.Equal(t, want, code(outcome, false), outcome)
	}
	assert.Equal(t, 0, code(rollout.RolledBack, true))
}

// TestStatusOfAnUnreadyRevision checks that the API's message is below the table. In a column of the table it would move the images
// off the screen.
func TestStatusOfAnUnreadyRevision(t *testing.T) {
	t.Parallel()
	a := &app{}
	assert.Equal(t, "web  https://web.example\n"+
		" 100 %   web-a  stable\n"+
		"No rollout is active (idle); the last change is from 0001-01-01T00:00:00Z.\n"+
		"`release rollback web` goes to web-0.\n"+
		"\n"+
		"REVISION  READY  CREATED               IMAGE\n"+
		"web-b     no     0001-01-01T00:00:00Z  \n"+
		"web-a     yes    0001-01-01 00:00      sha256:123456789012\n"+
		"web-b is not ready: The container failed to start.\n",
		a.statusText(rollout.Status{Service: "web", URL: "https://web.example", RollbackTo: "web-0", State: plan.State{Phase: plan.Idle},
			Effective: []plan.Target{{Revision: "web-a", Percent: 100, Tag: "stable"}}, Revisions: []plan.Revision{
				{Name: "web-b", Message: "The container failed\nto start."}, {Name: "web-a", Ready: true, Image: "i@sha256:1234567890123"}}},
			"`release rollback web`", false))
}

// TestStatusFitsATerminal checks that the first screen has what a person needs for a decision, for a service with fifty revisions in
// the middle of a rollout.
func TestStatusFitsATerminal(t *testing.T) {
	t.Parallel()
	status := rollout.Status{Service: "procureflow-web", URL: "https://procureflow-web-100000000001.us-central1.run.app",
		State: plan.State{Phase: plan.Shifting, Candidate: "procureflow-web-0000000049", Percent: 10}, Since: new(time.Time),
		RollbackTo: "procureflow-web-0000000048",
		Effective: []plan.Target{{Revision: "procureflow-web-0000000048", Percent: 90, Tag: "stable"},
			{Revision: "procureflow-web-0000000049", Percent: 10, Tag: "candidate"}, {Revision: "procureflow-web-0000000049", Tag: "shifted"}}}
	for n := 49; n >= 0; n-- {
		name := fmt.Sprintf("procureflow-web-%010d", n)
		if n < 48 {
			status.Effective = append(status.Effective, plan.Target{Revision: name, Tag: fmt.Sprintf("rejected%d", n)})
		}
		image := "us-docker.pkg.dev/p/r/web@sha256:" + strings.Repeat("a", 64)
		status.Revisions = append(status.Revisions, plan.Revision{Name: name, Ready: true, Image: image})
	}
	rollback := "`release rollback procureflow-web --region us-central1 --project procureflow-prod`"
	text := (&app{}).statusText(status, rollback, false)
	lines := 0
	for line := range strings.Lines(text) {
		lines += 1 + (len([]rune(line))-2)/80
		if !strings.Contains(line, "`") { // A command stays on one line, so that it can be pasted.
			assert.LessOrEqual(t, len([]rune(line)), 81, line)
		}
	}
	assert.LessOrEqual(t, lines, 24, text)
	assert.Contains(t, text, "  90 %   procureflow-web-0000000048  stable\n  10 %   procureflow-web-0000000049  candidate shifted\n")
	assert.Contains(t, text, "and 44 older: --all lists all\n")
	assert.Greater(t, strings.Count((&app{}).statusText(status, rollback, true), "\n"), 100)
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

// TestAFullDisk checks that a release whose result cannot be printed keeps its exit code, and that a status that cannot be printed
// fails.
func TestAFullDisk(t *testing.T) {
	t.Parallel()
	l := newLaptop(t, 0)
	var warnings bytes.Buffer
	run := func(arguments ...string) int {
		warnings.Reset()
		return Run(context.Background(), append(arguments, "--project", project, "--endpoint", l.api.URL+"/run/", "--audit",
			t.TempDir()), Streams{Out: full{}, Err: &warnings})
	}
	assert.Equal(t, ExitDone, run("rollback", "web", "--to", "web-green", "--json"), warnings.String())
	assert.Contains(t, warnings.String(), "warning: the result is not printed: no space left on device\n")
	assert.Contains(t, warnings.String(), "is a directory (--audit names another file)\n")
	assert.Equal(t, ExitDone, run("rollback", "web", "--to", "web-blue"), warnings.String())
	assert.Contains(t, warnings.String(), "warning: the result is not printed: no space left on device\n")
	assert.Equal(t, ExitFailed, run("status", "web"))
	assert.Contains(t, warnings.String(), "release: no space left on device\n")
}

func TestTerminalLine(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	c := &console{streams: Streams{Err: &out, Terminal: true}, now: func() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }}
	c.progress(rollout.Progress{Candidate: "web-b", Percent: 10, Bake: time.Minute, Step: 1, Steps: 3, Left: 57 * time.Second,
		Elapsed: 3 * time.Second, Good: 8,
		P95: 80 * time.Millisecond})
	c.progress(rollout.Progress{Candidate: "web-b", Percent: 10, Bake: time.Minute, Step: 1, Steps: 3, Left: 56 * time.Second,
		Elapsed: 4 * time.Second, Good: 10,
		P95: 80 * time.Millisecond})
	require.NoError(t, c.Record(rollout.Event{Kind: "decide", Why: []string{"pass", "10 of\n\x1b[2J10\r"}}))
	// Wrapping is off. Otherwise the next line would overwrite only the last row of a line that is longer than the terminal is wide.
	assert.Equal(t, "\r\x1b[K\x1b[?7l 10 %  web-b  step 1 of 3, 3s of 1m0s, 57s left  probes 8 good 0 bad  p95 80ms\x1b[?7h"+
		"\r\x1b[K\x1b[?7l 10 %  web-b  step 1 of 3, 4s of 1m0s, 56s left  probes 10 good 0 bad  p95 80ms\x1b[?7h\n12:00:00  pass: 10 of [2J10 \n",
		out.String())
}
