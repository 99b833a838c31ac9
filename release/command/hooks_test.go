package command

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/google/run"
	"github.com/guiofsaints/procureflow-platform/release/audit"
	"github.com/guiofsaints/procureflow-platform/release/plan"
)

const jobsPath = "/run/v2/projects/" + project + "/locations/us-central1/jobs"

// job creates or changes a job that runs a digest.
func (l *laptop) job(method, path, digest string) {
	l.t.Helper()
	recorder := httptest.NewRecorder()
	l.cloud.ServeHTTP(recorder, httptest.NewRequest(method, jobsPath+path, strings.NewReader(
		`{"template":{"template":{"maxRetries":0,"containers":[{"image":"us-docker.pkg.dev/cloudrun/container/hello@`+digest+`"}]}}}`)))
	require.Equal(l.t, http.StatusOK, recorder.Code, recorder.Body.String())
}

// TestFailedMigrationIsRetried releases with a database migration that fails once. No visitor notices, and the retried release
// migrates again. The release starts outside of its window, for a stated reason.
func TestFailedMigrationIsRetried(t *testing.T) {
	t.Parallel()
	l := newLaptop(t, 0)
	l.job("POST", "?jobId=migrate", blue)
	l.job("POST", "?jobId=smoke", green)
	closed := time.Now().UTC().Add(36 * time.Hour).Format("Mon")
	const around = "    before: [{job: migrate, timeout: 1m}]\n    after: [{job: smoke, timeout: 1m, onFailure: hold}]\n"
	require.NoError(t, os.WriteFile(l.file("policy.yaml"), []byte(fast+around+"    windows: {timeZone: UTC, open: [{days: ["+closed+
		"], from: \"00:00\", to: \"24:00\"}]}\n"), 0o600))

	exit, out, _ := l.release(context.Background(), "rollout", "web")
	assert.Equal(t, ExitRefused, exit)
	assert.Contains(t, out, "; the next window opens ")
	exit, out, _ = l.release(context.Background(), "rollout", "web", "--outside-window", "the shop is down")
	assert.Equal(t, ExitFailed, exit, out)
	assert.Contains(t, out, "the before hook cannot run: the job migrate runs "+blue+" and the candidate "+green)
	assert.Equal(t, plan.Idle, l.status().State.Phase, "nothing was tagged")

	l.job("PATCH", "/migrate", green)
	require.NoError(t, l.cloud.Run.SetJobBehaviour("projects/"+project+"/locations/us-central1/jobs/migrate",
		run.JobBehaviour{Takes: 300 * time.Millisecond, Fail: 1}))
	visits, stop := l.visitors()
	exit, out, errors := l.release(context.Background(), "rollout", "web", "--outside-window", "the shop is down")
	assert.Equal(t, ExitRolledBack, exit, out+errors)
	assert.Contains(t, out, "the before hook migrate: failed (execution migrate-")
	assert.Contains(t, out, "The container exited with an error; its log: https://console.cloud.google.com/logs/viewer?project="+project)
	assert.Contains(t, out, "started outside of the release windows: the shop is down")
	assert.Contains(t, errors, "the before hook migrate runs, for up to 1m0s (execution migrate-")
	stop()
	assert.Positive(t, visits.good.Load())
	assert.Zero(t, visits.bad.Load(), "no visitor noticed")
	assert.Equal(t, plan.State{Phase: plan.Idle, Stable: "web-blue", Rejected: []string{"web-green"}}, l.status().State)

	exit, out, errors = l.release(context.Background(), "rollout", "web", "--retry", "--outside-window", "the shop is down")
	assert.Equal(t, ExitDone, exit, out+errors)
	assert.Equal(t, "web-green", l.status().State.Stable)
	file, err := os.Open(l.file("audit.jsonl"))
	require.NoError(t, err)
	defer file.Close()
	lines, err := audit.Read(file)
	require.NoError(t, err)
	var hooks []string
	for _, line := range lines {
		if line.Hook != nil {
			hooks = append(hooks, line.Hook.Phase+" "+line.Hook.Job+" "+line.Hook.State)
		}
	}
	assert.Equal(t, []string{"before migrate starting", "before migrate started", "before migrate failed", "before migrate starting",
		"before migrate started", "before migrate succeeded", "after smoke starting", "after smoke started", "after smoke succeeded"}, hooks)
}

// count holds how many requests of visitors were answered well and badly.
type count struct{ good, bad atomic.Int64 }

// visitors send requests to the service until they are stopped.
func (l *laptop) visitors() (*count, func()) {
	seen, ctx, done := &count{}, context.Background(), make(chan struct{})
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, l.web.URL, nil)
			if err != nil {
				return
			}
			request.Host = "web-42.us-central1.run.app"
			answer, err := http.DefaultClient.Do(request)
			switch {
			case err != nil:
				seen.bad.Add(1)
			case answer.StatusCode != http.StatusOK || answer.Header.Get("X-Sandbox-Revision") != "web-blue":
				seen.bad.Add(1)
			default:
				seen.good.Add(1)
			}
			if answer != nil {
				_ = answer.Body.Close()
			}
			time.Sleep(10 * time.Millisecond)
		}
	}()
	return seen, func() { cancel(); <-done }
}
