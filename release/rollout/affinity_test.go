package rollout_test

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/release/plan"
	"github.com/guiofsaints/procureflow-platform/release/rollout"
)

func TestRolloutWarnsOfSessionAffinity(t *testing.T) {
	t.Parallel()
	before := []plan.Target{of("web-a", 100, "")}
	at := func(percent int) []plan.Target {
		return []plan.Target{of("web-a", 100-percent, "stable"), of("web-b", percent, "candidate"), of("web-b", 0, "shifted")}
	}
	for name, test := range map[string]struct {
		stable, candidate bool
		traffic           []plan.Target
		steps             []rollout.Step
		journal, status   bool
	}{
		"neither":                  {traffic: before},
		"the candidate":            {candidate: true, traffic: before, journal: true},
		"stable":                   {stable: true, traffic: before, journal: true},
		"both":                     {stable: true, candidate: true, traffic: before, journal: true},
		"resumed at a step":        {stable: true, traffic: at(50), journal: true, status: true},
		"resumed at a step, not":   {traffic: at(50)},
		"resumed at the last step": {stable: true, traffic: at(100)},
		"one step": {stable: true, candidate: true, traffic: before,
			steps: []rollout.Step{{Percent: 100, Bake: testPolicy().Steps[0].Bake}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := deployed(revision{sticky: test.candidate})
			s.revisions["web-a"].sticky = test.stable
			s.serves(test.traffic...)
			c := s.controller()
			if test.steps != nil {
				c.Policy.Steps = test.steps
			}
			var told []string
			c.Waiting = func(why string) { told = append(told, why) }
			warning := plan.Sticky(plan.Revision{Name: "web-a", Sticky: test.stable}, plan.Revision{Name: "web-b", Sticky: test.candidate})

			status, err := c.Status(context.Background())
			require.NoError(t, err)
			assert.Equal(t, test.status, slices.Contains(status.Findings, warning), status.Findings)

			result := c.Rollout(context.Background(), rollout.Request{})
			assert.Equal(t, rollout.Released, result.Outcome, "a warning does not refuse the rollout: %v", result.Why)
			var lines [][]string
			for _, event := range s.events {
				if event.Kind == "affinity" {
					lines = append(lines, event.Why)
				}
			}
			if !test.journal {
				assert.Empty(t, lines)
				assert.Equal(t, []string{"web-b serves everything"}, result.Why)
				return
			}
			assert.Equal(t, [][]string{{warning}}, lines)
			assert.Equal(t, []string{"web-b serves everything", warning}, result.Why)
			assert.Contains(t, told, warning)
		})
	}
}

// mute is a service whose API does not answer about one revision.
type mute struct{ *solo }

func (m mute) Revision(ctx context.Context, name string) (plan.Revision, error) {
	if name == "web-a" {
		return plan.Revision{}, rollout.ErrUnavailable
	}
	return m.solo.Revision(ctx, name)
}

func TestUnknownAffinityDoesNotStopARollout(t *testing.T) {
	t.Parallel()
	s := deployed(revision{sticky: true})
	c := s.controller()
	c.Service = mute{s}
	result := c.Rollout(context.Background(), rollout.Request{})
	assert.Equal(t, rollout.Released, result.Outcome, result.Why)
	assert.Equal(t, []string{"web-b serves everything", "web-b has session affinity and keeps the visitors that it answered: its share may " +
		"grow beyond a step's; leave sessionAffinity off where releases go by steps"}, result.Why)
}
