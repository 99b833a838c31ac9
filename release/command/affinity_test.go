package command

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/release/audit"
)

// TestSessionAffinityIsReported checks that the API's session affinity of a revision reaches the person who releases it, the status
// and the journal.
func TestSessionAffinityIsReported(t *testing.T) {
	t.Parallel()
	l := newLaptop(t, 0)
	recorder := httptest.NewRecorder()
	l.cloud.ServeHTTP(recorder, httptest.NewRequest(http.MethodPatch, services+"/web?updateMask=template", strings.NewReader(
		`{"template":{"revision":"web-sticky","sessionAffinity":true,"containers":[{"image":"us-docker.pkg.dev/cloudrun/container/hello@`+green+
			`"}]}}`)))
	require.Equal(t, http.StatusOK, recorder.Code, recorder.Body.String())
	const warning = "web-sticky has session affinity and keeps the visitors that it answered"

	holding := strings.Replace(fast, "inconclusive: proceed", "inconclusive: hold\n    holdFor: 0s", 1)
	require.NoError(t, os.WriteFile(l.file("policy.yaml"), []byte(holding), 0o600))
	exit, out, errors := l.release(context.Background(), "rollout", "web")
	require.Equal(t, ExitHeld, exit, out+errors)
	assert.Contains(t, out, "  "+warning)
	assert.Contains(t, errors, "  "+warning)
	_, out, _ = l.release(context.Background(), "status", "web")
	assert.Contains(t, out, "Look at this: "+warning)
	file, err := os.Open(l.file("audit.jsonl"))
	require.NoError(t, err)
	defer file.Close()
	lines, err := audit.Read(file)
	require.NoError(t, err)
	var said []string
	for _, line := range lines {
		if line.Kind == "affinity" {
			said = append(said, line.Why...)
		}
	}
	require.Len(t, said, 1)
	assert.Contains(t, said[0], warning)
}
