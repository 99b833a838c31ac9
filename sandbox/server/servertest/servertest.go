// Package servertest serves the sandbox's cloud to tests.
package servertest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/sandbox/server"
	"github.com/guiofsaints/procureflow-platform/sandbox/statedir"
)

// Start serves a cloud from a state folder until the test ends. It returns when the cloud is ready.
func Start(t testing.TB, folder string) (*server.Client, server.Status) {
	t.Helper()
	dir, err := statedir.Open(folder)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ready, ended := make(chan server.Status, 1), make(chan error, 1)
	go func() {
		ended <- server.Serve(ctx, server.Options{Dir: dir, Foreground: true, Ready: func(status server.Status) { ready <- status }})
	}()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-ended)
	})
	select {
	case status := <-ready:
		client, err := server.Connect(ctx, dir)
		require.NoError(t, err)
		return client, status
	case err := <-ended:
		ended <- err
		require.NoError(t, err)
	case <-time.After(30 * time.Second):
		require.Fail(t, "the cloud did not start")
	}
	return nil, server.Status{}
}
