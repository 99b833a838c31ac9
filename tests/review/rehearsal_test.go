package review_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/sandbox/review"
)

func named(t testing.TB, name string) pull {
	t.Helper()
	for _, p := range pulls {
		if p.name == name {
			return p
		}
	}
	require.Fail(t, "no pull request "+name)
	return pull{}
}

// TestRehearsal plays two changes to their ends: one that a release takes to every visitor without one of them noticing, and one that
// they notice. What the engine plans is what was recorded.
func TestRehearsal(t *testing.T) {
	t.Parallel()
	for name, check := range map[string]func(*testing.T, *review.Rehearsal){
		"costs more":        harmless,
		"renames a service": noticed,
	} {
		t.Run(name, func(t *testing.T) {
			p := named(t, name)
			result := p.rehearsed(t.Context(), t)
			data, err := os.ReadFile(p.file(".json"))
			require.NoError(t, err)
			var said recorded
			require.NoError(t, json.Unmarshal(data, &said))
			assert.Equal(t, said.Steps, result.Steps, "record it again")
			assert.Equal(t, said.Findings, result.Findings)
			assert.Empty(t, result.Failed)
			check(t, result.Rehearsal)
		})
	}
}

// acts are the names of what was done, each with a sign when it did not go as it must.
func acts(r *review.Rehearsal) (names []string) {
	for _, act := range r.Acts {
		name := act.Name
		if act.Bad {
			name = "! " + name
		}
		names = append(names, name)
	}
	return names
}

func harmless(t *testing.T, r *review.Rehearsal) {
	assert.Equal(t, []string{"the base comes up", "the change is applied", "the update goes on", "the release of procureflow-web",
		"drift is looked for",
		"the update once more", "the rollback of procureflow-web"}, acts(r))
	assert.Equal(t, "the engine is killed in the middle of it, on purpose", r.Acts[1].Result)
	assert.Equal(t, "released in 15m34s of its time", r.Acts[3].Result, "three steps of five minutes, and what is probed before")
	assert.Equal(t, "procureflow-web-e6364c3bc1 serves again after 500ms of its time", r.Acts[6].Result)
	require.Len(t, r.Visitors, 1)
	assert.Greater(t, r.Visitors[0].Requests, 3000)
	r.Visitors[0].Requests = 0
	assert.Equal(t, review.Visitors{Service: "procureflow-web"}, r.Visitors[0], "nobody noticed")
	assert.Equal(t, []string{"procureflow-web: the image, its variables and its secrets' versions, CPU and memory, of revision " +
		"procureflow-web-e6364c3bc1"}, r.Restored)
	assert.Empty(t, r.NotRestored)
	assert.Empty(t, r.Persons)
	assert.Empty(t, r.Lost)
}

func noticed(t *testing.T, r *review.Rehearsal) {
	assert.Equal(t, []string{"the base comes up", "the change is applied", "the update goes on", "drift is looked for",
		"the update once more"}, acts(r))
	require.Len(t, r.Visitors, 1)
	assert.Greater(t, r.Visitors[0].Failures, 10)
	assert.Greater(t, r.Visitors[0].Seconds, 5.0)
	assert.True(t, r.Visitors[0].Still, "the old address is gone for good")
	assert.Contains(t, r.Lost, "service-web-service")
	assert.Contains(t, r.NotRestored, "service-web-service (replace)")
	assert.Empty(t, r.Restored)
}
