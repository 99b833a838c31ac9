package run_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/google/run"
)

// TestBehavioursThatMakeNoSense checks that a refusal names every mistake.
func TestBehavioursThatMakeNoSense(t *testing.T) {
	t.Parallel()
	require.NoError(t, run.Behaviour{}.Check("sha256:1"))
	require.NoError(t, run.Behaviour{ErrorRate: 1, Latency: time.Second, Startup: time.Minute, Path: "/"}.Check("sha256:1"))
	for want, test := range map[string]struct {
		digest    string
		behaviour run.Behaviour
	}{
		`behaviour of "latest": it is no digest: use sha256:… or IMAGE@sha256:…`: {"latest", run.Behaviour{}},
		`behaviour of "sha256:1": the error rate is 1.1: use 0 to 1`:             {"sha256:1", run.Behaviour{ErrorRate: 1.1}},
		`behaviour of "sha256:1": the error rate is -1: use 0 to 1; the latency is -1s and the startup 0s: use times that are not negative; ` +
			`the path is "items": begin it with /`: {"sha256:1", run.Behaviour{ErrorRate: -1, Latency: -time.Second, Path: "items"}},
		`behaviour of "sha256:1": the latency is 0s and the startup -1s: use times that are not negative`: {"sha256:1",
			run.Behaviour{Startup: -time.Second}},
	} {
		assert.EqualError(t, test.behaviour.Check(test.digest), want)
	}
}
