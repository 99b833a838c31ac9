package server_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/cloud"
	"github.com/guiofsaints/procureflow-platform/emulator/github"
	"github.com/guiofsaints/procureflow-platform/sandbox/server"
	"github.com/guiofsaints/procureflow-platform/sandbox/server/servertest"
	"github.com/guiofsaints/procureflow-platform/sandbox/statedir"
)

// shop is a project in the cloud.
var shop = cloud.Project{ID: "shop-dev", Number: "100000000001", BillingAccount: "AAAAAA-BBBBBB-CCCCCC"}

// opened returns a new state folder.
func opened(t *testing.T) statedir.Dir {
	t.Helper()
	dir, err := statedir.Open(t.TempDir())
	require.NoError(t, err)
	return dir
}

// TestProcessInTheBackground starts the cloud as commands do, finds it again, replaces it for another build, and stops it. Its addresses
// stay.
func TestProcessInTheBackground(t *testing.T) {
	t.Parallel()
	dir, ctx := opened(t), t.Context()
	self, err := os.Executable()
	require.NoError(t, err)
	ensure := func(build string) (*server.Client, server.Status) {
		t.Helper()
		client, err := server.Ensure(ctx, dir, build, []string{self, asCloud, dir.Path(), build})
		require.NoError(t, err)
		status, err := client.Status(ctx)
		require.NoError(t, err)
		return client, status
	}
	client, first := ensure("one")
	t.Cleanup(func() {
		if client, err := server.Connect(context.Background(), dir); err == nil {
			assert.NoError(t, client.Stop(context.Background(), dir))
		}
	})
	assert.Equal(t, "one", first.Build)
	assert.False(t, first.Foreground)
	assert.NotEqual(t, os.Getpid(), first.PID)
	assert.Equal(t, first.API, client.API())
	_, again := ensure("one")
	assert.Equal(t, first, again)
	client, second := ensure("two")
	assert.NotEqual(t, first.PID, second.PID)
	assert.Equal(t, []string{"two", first.API, first.DataPlane, first.Console}, []string{second.Build, second.API, second.DataPlane,
		second.Console})
	require.NoError(t, client.Stop(ctx, dir))
	assert.NoFileExists(t, dir.Path("cloud.json"))
	_, err = server.Connect(ctx, dir)
	require.ErrorIs(t, err, server.ErrNotRunning)
	require.ErrorContains(t, client.Stop(ctx, dir), "ask the sandbox's cloud: ")
}

// TestForegroundCloudStays checks that a cloud in somebody's terminal is used whatever build it is of, and that a folder has one cloud.
func TestForegroundCloudStays(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	_, status := servertest.Start(t, folder)
	dir, err := statedir.Open(folder)
	require.NoError(t, err)
	client, err := server.Ensure(t.Context(), dir, "another", []string{"false"})
	require.NoError(t, err)
	assert.Equal(t, status.API, client.API())
	require.ErrorIs(t, server.Serve(t.Context(), server.Options{Dir: dir}), server.ErrRunning)
}

// TestDamagedCloud checks that the advice about a damaged store leads to a sandbox that works: without the cloud alone, Pulumi's state
// would list what is gone.
func TestDamagedCloud(t *testing.T) {
	t.Parallel()
	dir := opened(t)
	require.NoError(t, os.Mkdir(dir.Path("cloud"), 0o700))
	require.NoError(t, os.WriteFile(dir.Path("cloud", "state.db"), []byte(strings.Repeat("x", 1<<14)), 0o600))
	err := server.Serve(t.Context(), server.Options{Dir: dir})
	require.EqualError(t, err, "the cloud's store "+dir.Path("cloud", "state.db")+" is damaged: invalid database; restore the file, "+
		"or delete its folder to start with an empty cloud (delete all of "+dir.Path()+
		" then, because Pulumi's state in it lists what the cloud had)")
}

// TestCloudThatDoesNotStart checks that the error has what the process said, and that a broken file of addresses is no running cloud.
func TestCloudThatDoesNotStart(t *testing.T) {
	t.Parallel()
	dir := opened(t)
	require.NoError(t, os.WriteFile(dir.Path("cloud.json"), []byte("{"), 0o600))
	_, err := server.Ensure(t.Context(), dir, "", []string{"sh", "-c", "echo the disk is full >&2; exit 1"})
	require.EqualError(t, err, "the sandbox's cloud did not start: the disk is full")
	_, err = server.Ensure(t.Context(), dir, "", []string{dir.Path("missing")})
	require.ErrorContains(t, err, "start the sandbox's cloud: ")
	interrupted, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = server.Ensure(interrupted, dir, "", []string{"sleep", "2"})
	require.ErrorContains(t, err, "the sandbox's cloud did not answer: ")
	require.ErrorContains(t, err, "; see .sandbox/cloud.log")
}

// TestServicesGetAddresses makes a service, which answers at its own address, and deletes it. Then nothing answers
// there.
func TestServicesGetAddresses(t *testing.T) {
	t.Parallel()
	client, status := serve(t)
	ctx := t.Context()
	for _, want := range []bool{false, true} {
		has, err := client.HasProject(ctx, "shop-dev")
		require.NoError(t, err)
		assert.Equal(t, want, has)
		require.NoError(t, client.EnsureProject(ctx, shop))
	}
	require.NoError(t, client.EnsureRepository(ctx, github.Repository{Owner: "shop", OwnerID: 11, Name: "web", ID: 22}))
	require.NoError(t, client.ForgetDeleted(ctx, "shop-dev"))
	another := shop
	another.Number = "100000000002"
	require.ErrorContains(t, client.EnsureProject(ctx, another), "the sandbox's cloud refused project: ")
	call := func(method, path, body string) {
		t.Helper()
		request, err := http.NewRequestWithContext(ctx, method, status.API+path, strings.NewReader(body))
		require.NoError(t, err)
		response, err := client.HTTP().Do(request)
		require.NoError(t, err)
		defer response.Body.Close()
		answer, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, response.StatusCode, "%s %s: %s", method, path, answer)
	}
	const services = "projects/shop-dev/locations/us-central1/services"
	for _, api := range []string{"run", "iam"} {
		call("POST", "/su/v1/projects/shop-dev/services/"+api+".googleapis.com:enable", "{}")
	}
	call("POST", "/iam/v1/projects/shop-dev/serviceAccounts", `{"accountId": "shop-web"}`)
	call("POST", "/run/v2/"+services+"?serviceId=web", `{"template": {"serviceAccount": "shop-web@shop-dev.iam.gserviceaccount.com",
		"containers": [{"image": "registry.example/web@sha256:`+strings.Repeat("a", 64)+`"}]}}`)
	call("POST", "/run/v2/"+services+"/web:setIamPolicy", `{"policy": {"bindings": [{"role": "roles/run.invoker", "members": ["allUsers"]}]}}`)
	now, err := client.Status(ctx)
	require.NoError(t, err)
	require.Len(t, now.Services, 1)
	assert.Equal(t, services+"/web", now.Services[0].Name)
	response, err := http.Get(now.Services[0].Address)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	assert.Equal(t, http.StatusOK, response.StatusCode)
	page, err := http.Get(now.Console)
	require.NoError(t, err)
	text, err := io.ReadAll(page.Body)
	require.NoError(t, errors.Join(err, page.Body.Close()))
	assert.Contains(t, string(text), now.Services[0].Address)

	call("DELETE", "/run/v2/"+services+"/web", "")
	gone, err := client.Status(ctx)
	require.NoError(t, err)
	assert.Empty(t, gone.Services)
	_, err = http.Get(now.Services[0].Address)
	require.Error(t, err)
}

// TestCloudEndsByItself checks when the cloud ends without a command: no request has come for a while, or the state
// folder is gone.
func TestCloudEndsByItself(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		idle time.Duration
		then func(statedir.Dir) error
		why  string
	}{
		"nobody asks":        {time.Nanosecond, func(statedir.Dir) error { return nil }, "reason=idle"},
		"the folder is gone": {time.Hour, func(dir statedir.Dir) error { return os.RemoveAll(dir.Path()) }, `reason="the state folder is gone"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, err := statedir.Open(path.Join(t.TempDir(), statedir.Name))
			require.NoError(t, err)
			var log strings.Builder
			require.NoError(t, server.Serve(t.Context(), server.Options{Dir: dir, Idle: test.idle, Log: &log,
				Ready: func(server.Status) { assert.NoError(t, test.then(dir)) }}))
			assert.Contains(t, log.String(), test.why)
		})
	}
}

// stopped is a clock that only a sleep moves.
type stopped struct {
	mutex sync.Mutex
	now   time.Time
}

func (s *stopped) Now() time.Time { s.mutex.Lock(); defer s.mutex.Unlock(); return s.now }

func (s *stopped) Sleep(_ context.Context, d time.Duration) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.now = s.now.Add(d)
	return nil
}

// TestClockAndObserver serves a cloud on a clock of the caller's, who hears of each request to the APIs, and of no other.
func TestClockAndObserver(t *testing.T) {
	t.Parallel()
	dir, ctx := opened(t), t.Context()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	seen := make(chan string, 10)
	ready, ended := make(chan server.Status, 1), make(chan error, 1)
	go func() {
		ended <- server.Serve(ctx, server.Options{Dir: dir, Foreground: true, Clock: &stopped{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)},
			Observe: func(r *http.Request) { seen <- r.Method + " " + r.URL.Path }, Ready: func(status server.Status) { ready <- status }})
	}()
	status := <-ready
	client, err := server.Connect(ctx, dir)
	require.NoError(t, err)
	require.NoError(t, client.EnsureProject(ctx, shop))
	response, err := client.HTTP().Get(status.API + "/crm/v1/projects/shop-dev")
	require.NoError(t, err)
	text, err := io.ReadAll(response.Body)
	require.NoError(t, errors.Join(err, response.Body.Close()))
	assert.Contains(t, string(text), `"2026-01-02T03:04:05`)
	cancel()
	require.NoError(t, <-ended)
	close(seen)
	var paths []string
	for path := range seen {
		paths = append(paths, path)
	}
	assert.Equal(t, []string{"GET /crm/v1/projects/shop-dev"}, paths)
}

// TestMisspeltCall checks that a field that no fault has is refused, because the fault would have another effect than
// meant.
func TestMisspeltCall(t *testing.T) {
	t.Parallel()
	client, status := serve(t)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, status.API+"/sandbox/v1/faults/odd",
		strings.NewReader(`{"effect": "drop", "rat": 0.5}`))
	require.NoError(t, err)
	response, err := client.HTTP().Do(request)
	require.NoError(t, err)
	text, err := io.ReadAll(response.Body)
	require.NoError(t, errors.Join(err, response.Body.Close()))
	assert.Equal(t, http.StatusBadRequest, response.StatusCode)
	assert.Equal(t, "json: unknown field \"rat\"\n", string(text))
}
