package command

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/release/notify"

	"github.com/guiofsaints/procureflow-platform/emulator/google/run"
)

// TestNotifications does not run in parallel, because the sinks' secrets are environment variables, as in a workflow.
func TestNotifications(t *testing.T) {
	l := newLaptop(t, 0)
	var mutex sync.Mutex
	var heard []notify.Message
	take := func() []notify.Message {
		mutex.Lock()
		defer mutex.Unlock()
		got := heard
		heard = nil
		return got
	}
	var told []notify.Message
	good := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mutex.Lock()
		defer mutex.Unlock()
		var message notify.Message
		assert.NoError(t, json.NewDecoder(r.Body).Decode(&message))
		heard = append(heard, message)
	}))
	defer good.Close()
	// This sink hangs until the rollback is written. If the release waited for the sink, the rollback would never be written.
	hanging := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		for l.writes.Load() < 4 {
			time.Sleep(5 * time.Millisecond)
		}
	}))
	defer hanging.Close()
	t.Setenv("TELL_GOOD", good.URL)
	t.Setenv("TELL_HANGING", hanging.URL)
	const sinks = "    notify: [{kind: webhook, secret: TELL_HANGING}, {kind: webhook, secret: TELL_GOOD}, {kind: slack, secret: " +
		"TELL_NOBODY}]\n"
	require.NoError(t, os.WriteFile(l.file("policy.yaml"), []byte(fast+sinks), 0o600))
	var once sync.Once
	l.requests = func(int64) {
		if l.writes.Load() == 3 {
			once.Do(func() { assert.NoError(t, l.cloud.Run.SetBehaviour(green, run.Behaviour{ErrorRate: 1})) })
		}
	}
	commit := strings.Repeat("c", 40)
	exit, out, errors := l.release(context.Background(), "rollout", "web", "--commit", commit, "--link", "https://ci.example/runs/7",
		"--approved-by", "ann")
	require.Equal(t, ExitRolledBack, exit, out+errors)
	assert.Contains(t, errors, "warning: notify[2], slack by TELL_NOBODY: the variable is not set, so that nobody is told")
	assert.NotContains(t, errors, "notify[0]", "it answered in the end")
	told = take()
	require.Len(t, told, 2)
	want := notify.Message{Version: 1, Event: notify.RolledBack, Command: "rollout", At: told[1].At, Environment: "dev", Project: project,
		Region: "us-central1", Service: "web", Revision: "web-green", Digest: green, Commit: commit, Who: "tester", ApprovedBy: []string{"ann"},
		Reasons: told[1].Reasons, Link: "https://ci.example/runs/7"}
	assert.Equal(t, want, told[1])
	assert.Contains(t, told[1].Reasons[0], "3 probes of the candidate's URL in a row failed")
	want.Event, want.At, want.Reasons = notify.Started, told[0].At, told[0].Reasons
	assert.Equal(t, want, told[0])

	// This command fails before it has anything to report on.
	take()
	require.NoError(t, os.WriteFile(l.file("policy.yaml"), []byte(strings.Replace(fast, "percent: 100", "percent: 99", 1)+sinks), 0o600))
	exit, _, _ = l.release(context.Background(), "rollout", "web")
	assert.Equal(t, ExitUsage, exit)
	told = take()
	require.Len(t, told, 1)
	assert.Equal(t, notify.Failed, told[0].Event)
	assert.Contains(t, told[0].Reasons[0], "environments.dev: the last step has to be 100 %")

	take()
	exit, _, _ = l.release(context.Background(), "guard", "web", "--", "false")
	assert.Equal(t, ExitFailed, exit)
	told = take()
	require.Len(t, told, 1)
	assert.Equal(t, []string{"the command failed: exit status 1"}, told[0].Reasons)

	// A rollback reads the policy only after it is done, and sends messages to the sinks that it can still read there.
	take()
	exit, _, _ = l.release(context.Background(), "rollback", "web", "--to", "web-green", "--why", "a drill")
	assert.Equal(t, ExitDone, exit)
	told = take()
	require.Len(t, told, 1)
	assert.Equal(t, []string{notify.RolledBack, "rollback", "web-green", green}, []string{told[0].Event, told[0].Command, told[0].Revision,
		told[0].Digest})
	take()
	exit, _, _ = l.release(context.Background(), "rollback", "web", "--to", "web-green")
	assert.Equal(t, ExitDone, exit)
	assert.Empty(t, take(), "nothing happened")
}
