//go:build unix

package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/guard"
	"github.com/guiofsaints/procureflow-platform/sandbox/server"
)

// TestStatusIsComplete asks a cloud that is still starting on the port of one that was killed. The answer has to be complete: a command
// that reads another build in it would stop the cloud again.
func TestStatusIsComplete(t *testing.T) {
	t.Parallel()
	dir := opened(t)
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	api := "http://" + free.Addr().String()
	ports := fmt.Sprintf(`{"api": %d}`, free.Addr().(*net.TCPAddr).Port)
	require.NoError(t, free.Close())
	require.NoError(t, os.WriteFile(dir.Path("ports.json"), []byte(ports), 0o600))
	// The process has opened the port of the APIs when it reads this key, and waits until somebody writes it.
	require.NoError(t, os.Mkdir(dir.Path("keys"), 0o700))
	require.NoError(t, syscall.Mkfifo(dir.Path("keys", "console"), 0o600))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ctx, server.Options{Dir: dir, Build: "one"}) }()
	t.Cleanup(func() {
		cancel()
		assert.NoError(t, <-ended)
	})
	key, err := os.OpenFile(dir.Path("keys", "console"), os.O_WRONLY, 0)
	require.NoError(t, err)
	token, err := dir.Key("token")
	require.NoError(t, err)
	asked := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) {
		_, err := key.WriteString("secret")
		assert.NoError(t, err)
		assert.NoError(t, key.Close())
	}})
	request, err := http.NewRequestWithContext(asked, http.MethodGet, api+"/sandbox/v1/status", nil)
	require.NoError(t, err)
	response, err := guard.Client(api, token).Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	var status server.Status
	require.NoError(t, json.NewDecoder(response.Body).Decode(&status))
	assert.Equal(t, []string{"one", api}, []string{status.Build, status.API})
	assert.Contains(t, status.Console, "/secret/")
}
