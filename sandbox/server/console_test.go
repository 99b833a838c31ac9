package server_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/cloud"
)

// TestConsoleIsReadWhileItLooks reads the console's page from several clients while the cloud's process looks at the services every second.
// The page has charts as soon as the process has looked twice.
func TestConsoleIsReadWhileItLooks(t *testing.T) {
	t.Parallel()
	client, status := serve(t)
	require.NoError(t, client.EnsureProject(t.Context(), cloud.Project{ID: "procureflow-dev", Number: "42", BillingAccount: "A"}))
	for _, call := range [][2]string{
		{"/su/v1/projects/procureflow-dev/services/run.googleapis.com:enable", `{}`},
		{"/run/v2/projects/procureflow-dev/locations/us-central1/services?serviceId=web", `{"template":{"revision":"web-blue","containers":[` +
			`{"image":"us-docker.pkg.dev/cloudrun/container/hello@sha256:` + strings.Repeat("a", 64) + `"}]}}`},
	} {
		response, err := client.HTTP().Post(status.API+call[0], "application/json", strings.NewReader(call[1]))
		require.NoError(t, err)
		assert.NoError(t, response.Body.Close())
		require.Equal(t, http.StatusOK, response.StatusCode, call[0])
	}
	seen := make(chan bool)
	for range 3 {
		go func() {
			seen <- assert.Eventually(t, func() bool {
				response, err := http.Get(status.Console)
				if err != nil {
					return false
				}
				defer response.Body.Close()
				page, err := io.ReadAll(response.Body)
				return err == nil && strings.Contains(string(page), "Traffic by revision")
			}, 30*time.Second, 100*time.Millisecond)
		}()
	}
	for range 3 {
		assert.True(t, <-seen)
	}
}
