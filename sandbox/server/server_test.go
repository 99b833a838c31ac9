package server_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/faults"
	"github.com/guiofsaints/procureflow-platform/emulator/google/run"
	"github.com/guiofsaints/procureflow-platform/sandbox/server"
	"github.com/guiofsaints/procureflow-platform/sandbox/server/servertest"
	"github.com/guiofsaints/procureflow-platform/sandbox/statedir"
)

// asCloud is the first argument with which this test binary serves a folder's cloud, as the sandbox's executable does.
// The other arguments are the folder and the build.
const asCloud = "cloud"

func TestMain(m *testing.M) {
	if len(os.Args) != 4 || os.Args[1] != asCloud {
		os.Exit(m.Run())
	}
	dir, err := statedir.Open(os.Args[2])
	if err == nil {
		err = server.Serve(context.Background(), server.Options{Dir: dir, Build: os.Args[3], Log: os.Stderr})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// serve runs a cloud process inside the test until the test ends.
func serve(t *testing.T) (*server.Client, server.Status) { return servertest.Start(t, t.TempDir()) }

func TestFaultsOverTheControlAPI(t *testing.T) {
	t.Parallel()
	client, status := serve(t)
	ctx := context.Background()
	get := func() (int, error) {
		response, err := client.HTTP().Get(status.API + "/crm/v1/projects/none")
		if err != nil {
			return 0, err
		}
		return response.StatusCode, response.Body.Close()
	}
	require.NoError(t, client.SetFault(ctx, "busy", faults.Fault{Effect: faults.Answer, Status: 429, Next: 1}))
	code, err := get()
	require.NoError(t, err)
	assert.Equal(t, 429, code)
	code, err = get()
	require.NoError(t, err)
	assert.Equal(t, 403, code, "the fault strikes no more requests")
	states, err := client.Faults(ctx)
	require.NoError(t, err)
	assert.Equal(t, []faults.State{{Name: "busy", Fault: faults.Fault{Effect: faults.Answer, Status: 429, Next: 1, Rate: 1}, Seen: 2,
		Strikes: 1}}, states)

	require.NoError(t, client.SetFault(ctx, "cut", faults.Fault{Effect: faults.Drop, Path: "/crm/**"}))
	_, err = get()
	require.ErrorContains(t, err, "EOF")
	_, err = client.Status(ctx)
	require.NoError(t, err, "faults do not strike the sandbox's own calls")
	require.EqualError(t, client.ClearFault(ctx, "none"), "the sandbox's cloud refused faults/none: no such fault: none")
	require.NoError(t, client.ClearFault(ctx, "cut"))
	code, err = get()
	require.NoError(t, err)
	assert.Equal(t, 403, code)
	require.EqualError(t, client.SetFault(ctx, "odd", faults.Fault{Effect: faults.Delay}),
		"the sandbox's cloud refused faults/odd: fault odd: duration: delay needs a positive duration, such as 5s")
	require.NoError(t, client.ClearFault(ctx, ""))
	states, err = client.Faults(ctx)
	require.NoError(t, err)
	assert.Empty(t, states)
}

func TestBehavioursOverTheControlAPI(t *testing.T) {
	t.Parallel()
	client, _ := serve(t)
	ctx := context.Background()
	const digest = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	wanted := run.Behaviour{ErrorRate: 0.5, Latency: 2 * time.Second, Startup: 3 * time.Second, NeverReady: true}
	require.NoError(t, client.SetBehaviour(ctx, digest, wanted))
	now, err := client.Behaviour(ctx, digest)
	require.NoError(t, err)
	assert.Equal(t, wanted, now)
	require.ErrorContains(t, client.SetBehaviour(ctx, "latest", wanted), `behaviour of "latest": it is no digest`)

	const job = "projects/p/locations/l/jobs/migrate"
	fails := run.JobBehaviour{Takes: time.Second, Hang: 1, Fail: 2}
	require.NoError(t, client.SetJobBehaviour(ctx, job, fails))
	ofJob, err := client.JobBehaviour(ctx, job)
	require.NoError(t, err)
	assert.Equal(t, fails, ofJob)
	require.EqualError(t, client.SetJobBehaviour(ctx, job, run.JobBehaviour{Fail: -1}), "the sandbox's cloud refused jobs/"+job+
		": behaviour of a job: want a duration and counts that are not negative")
}

// TestAPIsRequireTheToken checks that every API and the sandbox's own calls require the token, which only its owner can read, and
// that services answer anybody.
func TestAPIsRequireTheToken(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(folder, "keys"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "keys", "token"), []byte("of-a-copied-folder"), 0o644))
	client, status := servertest.Start(t, folder)
	for _, path := range []string{"/sandbox/v1/status", "/sandbox/v1/faults", "/crm/v1/projects/p", "/gh/api/v3/repos/o/r",
		"/run/v2/projects/p/locations/l/services"} {
		response, err := http.Get(status.API + path)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		assert.Equal(t, http.StatusUnauthorized, response.StatusCode, path)
		response, err = client.HTTP().Get(status.API + path)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		assert.NotEqual(t, http.StatusUnauthorized, response.StatusCode, path)
	}
	response, err := http.Get(status.DataPlane)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	assert.Equal(t, http.StatusNotFound, response.StatusCode, "the data plane answers without a token")

	dir, err := statedir.Open(folder)
	require.NoError(t, err)
	info, err := os.Stat(server.TokenFile(dir))
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	assert.Equal(t, "of-a-copied-folder", client.Token())
}
