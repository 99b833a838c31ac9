package command

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/google/run"
	"github.com/guiofsaints/procureflow-platform/release/hooks"
)

// TestRunAJob runs jobs that succeed, that fail, and that run already, and interrupts and follows an execution.
func TestRunAJob(t *testing.T) {
	t.Parallel()
	l := newLaptop(t, 0)
	l.job("POST", "?jobId=procureflow-migrate", green)
	l.job("POST", "?jobId=procureflow-tidy", green)
	behave := func(b run.JobBehaviour) {
		require.NoError(t, l.cloud.Run.SetJobBehaviour("projects/"+project+"/locations/us-central1/jobs/procureflow-migrate", b))
	}
	exit, out, errors := l.release(t.Context(), "run", "procureflow-migrate")
	assert.Equal(t, ExitDone, exit, out+errors)
	assert.Regexp(t, `^procureflow-migrate-[a-z0-9]{5}: succeeded after 0s\n  its log: https://console.cloud.google.com/logs/viewer\S+\n$`,
		out)
	assert.Regexp(t, `(?m)^..:..:..  the execution procureflow-migrate-[a-z0-9]{5} runs us-docker.pkg.dev/cloudrun/container/hello@`+green+`$`,
		errors)

	behave(run.JobBehaviour{Fail: 1})
	exit, out, _ = l.release(t.Context(), "run", "procureflow-migrate", "--json", "--", "migrate", "--dry-run")
	assert.Equal(t, ExitFailed, exit, out)
	var result struct {
		Job, Outcome, Image, Execution, Log string
		Tasks, Failed                       int
		Why                                 []string
	}
	require.NoError(t, json.Unmarshal([]byte(out), &result))
	assert.Equal(t, "projects/"+project+"/locations/us-central1/jobs/procureflow-migrate", result.Job)
	assert.Equal(t, []any{"failed", "us-docker.pkg.dev/cloudrun/container/hello@" + green, 1, 1},
		[]any{result.Outcome, result.Image, result.Tasks, result.Failed})
	assert.Len(t, result.Why, 1)
	assert.Contains(t, result.Log, result.Execution)
	answer := httptest.NewRecorder()
	l.cloud.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, jobsPath+"/procureflow-migrate/executions/"+result.Execution, nil))
	assert.Regexp(t, `"args":\s*\[\s*"migrate",\s*"--dry-run"\s*\]`, answer.Body.String(), "once, in this execution")
	assert.Regexp(t, `"name":\s*"RELEASE_HOOK",\s*"value":\s*"run/`, answer.Body.String())

	behave(run.JobBehaviour{Takes: time.Hour})
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	exit, out, _ = l.release(ctx, "run", "procureflow-migrate")
	assert.Equal(t, ExitInterrupted, exit, out)
	found := regexp.MustCompile("the execution (procureflow-migrate-[a-z0-9]{5}) goes on by itself: " +
		"`(release run procureflow-migrate .* --follow \\S+)` waits for it, " +
		"`gcloud run jobs executions cancel").
		FindStringSubmatch(out)
	require.NotNil(t, found, out)
	assert.Contains(t, found[2], "--project "+project+" --endpoint ")

	exit, out, _ = l.release(t.Context(), "run", "procureflow-migrate")
	assert.Equal(t, ExitRefused, exit, out)
	assert.Contains(t, out, "the execution "+found[1]+" has been running since ")
	assert.Contains(t, out, "--follow "+found[1]+"` waits for it, and --concurrent starts another one as well")
	exit, out, _ = l.release(t.Context(), "run", "procureflow-migrate", "--follow", found[1], "--timeout", "10ms")
	assert.Equal(t, ExitInterrupted, exit, out)
	assert.Contains(t, out, "it did not end within 10ms")
	exit, out, _ = l.release(t.Context(), "run", "procureflow-migrate", "--concurrent", "--no-wait")
	assert.Equal(t, ExitDone, exit, out)
	assert.Regexp(t, `^procureflow-migrate-[a-z0-9]{5}: started\n`, out)

	exit, out, _ = l.release(t.Context(), "run", "procureflow-migrat")
	assert.Equal(t, ExitUsage, exit)
	assert.Equal(t, "procureflow-migrat: missing\n  project procureflow-dev has no job procureflow-migrat in us-central1; did you mean "+
		"procureflow-migrate? (there are procureflow-migrate, procureflow-tidy)\n", out)
}

func TestRunAJobOfAStack(t *testing.T) {
	t.Parallel()
	l := newLaptop(t, 0)
	folder := t.TempDir()
	for _, name := range []string{"Pulumi.yaml", "Pulumi.dev.yaml"} {
		content, err := os.ReadFile(filepath.Join("..", "..", "tests", "application", name))
		require.NoError(t, err)
		text := regexp.MustCompile(`(?m)^    monitoring:$`).ReplaceAllString(string(content),
			"    jobs:\n      migrate: {name: procureflow-migrate, service: web, runtimeAccount: procureflow-migrate}\n    monitoring:")
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600))
	}
	l.job("POST", "?jobId=procureflow-migrate", green)
	call := func(arguments ...string) (int, string, string) {
		var out, errors lockedBuffer
		exit := Run(t.Context(), append([]string{"run", "--endpoint", l.api.URL + "/run/", "--folder", folder}, arguments...),
			Streams{Out: &out, Err: &errors})
		return exit, out.String(), errors.String()
	}
	for _, name := range []string{"migrate", "procureflow-migrate"} {
		exit, out, errors := call(name, "--stack", "dev")
		assert.Equal(t, ExitDone, exit, out+errors)
	}
	for name, test := range map[string]struct {
		call []string
		want string
	}{
		"a misspelt job": {[]string{"migrte", "--stack", "dev"},
			"release: stack dev has no job migrte; did you mean migrate? (there are migrate, procureflow-migrate)\n"},
		"two projects": {[]string{"migrate", "--stack", "dev", "--project", "p"},
			"release: --project and --stack exclude each other, because the stack's settings name it: keep one\n"},
		"no such stack":              {[]string{"migrate", "--stack", "qa"}, "release: "},
		"an option for a job's name": {[]string{"--", "--help"}, "release: name one job; its arguments come after --: "},
		"two jobs":                   {[]string{"migrate", "tidy"}, "release: name one job; its arguments come after --: "},
		"a path": {[]string{"a/../b", "--stack", "dev"},
			`release: "a/../b" is not the name of a Cloud Run job: give the short name, such as procureflow-migrate` + "\n"},
		"a path to follow": {[]string{"migrate", "--stack", "dev", "--follow", "a/b"},
			`release: --follow "a/b" is not the name of an execution: give the short name, such as migrate-x7k2p` + "\n"},
		"follow and start": {[]string{"migrate", "--follow", "migrate-x", "--concurrent"},
			"release: --follow starts nothing: remove --concurrent and the arguments\n"},
		"--wait and --no-wait": {[]string{"migrate", "--wait", "--no-wait"}, "release: --wait and --no-wait exclude each other: keep one\n"},
		"a timeout without a wait": {[]string{"migrate", "--no-wait", "--timeout", "1m"},
			"release: --no-wait excludes --follow and --timeout, which are about waiting: keep one\n"},
		"a negative timeout": {[]string{"migrate", "--timeout", "-1m"}, "release: --timeout is -1m0s: use a time to wait, such as 10m\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			exit, out, errors := call(test.call...)
			assert.Equal(t, ExitUsage, exit, out+errors)
			assert.Contains(t, errors, test.want)
			assert.Empty(t, out)
		})
	}
}

func TestProgressOfAnExecution(t *testing.T) {
	t.Parallel()
	begun := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	for want, execution := range map[string]hooks.Execution{
		"m-x  running  1m30s":   {State: hooks.Running, Tasks: 1},
		"m-x  succeeded  1m10s": {State: hooks.Succeeded, Tasks: 1, Done: 1, Completed: begun.Add(70 * time.Second)},
		"m-x  running  3 of 10 tasks done  1 failed  2 tried again  1m30s": {State: hooks.Running, Tasks: 10, Done: 3, Failed: 1, Retries: 2},
	} {
		execution.Name, execution.Created = "m-x", begun
		line, _ := progressOf(execution, begun.Add(90*time.Second))
		assert.Equal(t, want, line)
	}
	// A terminal overwrites one line. A log gets a line for each change only.
	var log, terminal bytes.Buffer
	for _, shown := range []*console{{streams: Streams{Err: &log}, now: func() time.Time { return begun }},
		{streams: Streams{Err: &terminal, Terminal: true}, now: func() time.Time { return begun }}} {
		for _, done := range []int{0, 0, 1} {
			line, state := progressOf(hooks.Execution{Name: "m-x", State: hooks.Running, Tasks: 2, Done: done, Created: begun}, begun)
			shown.show(line, state)
		}
		shown.end()
	}
	assert.Equal(t, "m-x  running  0 of 2 tasks done  0s\nm-x  running  1 of 2 tasks done  0s\n", log.String())
	assert.Equal(t, 3, strings.Count(terminal.String(), "\r\x1b[K"))
	assert.Equal(t, 1, strings.Count(terminal.String(), "\n"))
}
