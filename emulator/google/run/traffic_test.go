package run_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"github.com/guiofsaints/procureflow-platform/emulator/google/run"
)

func TestResolve(t *testing.T) {
	t.Parallel()
	traffic := []run.Target{{Type: run.ToRevision, Revision: "blue", Percent: 90}, {Type: run.ToLatest, Percent: 10, Tag: "new"}}
	assert.Equal(t, []run.Target{{Type: run.ToRevision, Revision: "blue", Percent: 90},
		{Type: run.ToLatest, Revision: "green", Percent: 10, Tag: "new"}}, run.Resolve(traffic, "green"))
	assert.Equal(t, traffic[:1], run.Resolve(traffic, ""))
}

// TestPick asks once for every whole percent. Each revision gets exactly its share.
func TestPick(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		first := rapid.IntRange(0, 100).Draw(t, "first")
		second := rapid.IntRange(0, 100-first).Draw(t, "second")
		targets := []run.Target{{Revision: "tagged", Tag: "tag"}, {Revision: "a", Percent: first}, {Revision: "b", Percent: second},
			{Revision: "c", Percent: 100 - first - second}}
		got := map[string]int{}
		for point := range 100 {
			got[run.Pick(targets, float64(point))]++
		}
		for _, target := range targets {
			assert.Equal(t, target.Percent, got[target.Revision], target.Revision)
		}
	})
	assert.Empty(t, run.Pick(nil, 50))
	assert.Equal(t, "a", run.Pick([]run.Target{{Revision: "a", Percent: 100}}, 99.999))
}
