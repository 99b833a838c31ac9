package rollout_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/release/health"
	"github.com/guiofsaints/procureflow-platform/release/plan"
	"github.com/guiofsaints/procureflow-platform/release/rollout"
)

// These tests pin decisions that were once wrong, each with the sequence that showed it.

func of(revision string, percent int, tag string) plan.Target {
	return plan.Target{Revision: revision, Percent: percent, Tag: tag}
}

// TestRollbackOfASplitGoesByTags checks a split in which a person gave a rejected revision the larger share. The rollback does not
// go there.
func TestRollbackOfASplitGoesByTags(t *testing.T) {
	t.Parallel()
	for _, share := range []int{1, 40, 50, 99} {
		s := deployed(revision{})
		s.serves(of("web-a", share, "stable"), of("web-b", 100-share, "rejected"))
		s.pass(time.Minute)
		result := s.controller().Rollback(context.Background(), rollout.Back{})
		assert.Equal(t, rollout.RolledBack, result.Outcome, result.Why)
		assert.Equal(t, "web-a=100/stable web-b=000/rejected", list(s.service.Desired))
	}
}

// TestRollbackAfterAnAutomaticRollback runs the runbook's first command after a rollout has rolled itself back. It finds nothing to
// do.
func TestRollbackAfterAnAutomaticRollback(t *testing.T) {
	t.Parallel()
	s := deployed(revision{badFrom: 30 * time.Second})
	s.revisions["web-0"] = &revision{}
	s.serves(of("web-a", 100, "stable"), of("web-0", 0, "previous"))
	require.Equal(t, rollout.RolledBack, s.controller().Rollout(context.Background(), rollout.Request{}).Outcome)
	const left = "web-a=100/stable web-b=000/rejected web-0=000/earlier"
	require.Equal(t, left, list(s.service.Desired))
	writes := s.writes
	result := s.controller().Rollback(context.Background(), rollout.Back{})
	assert.Equal(t, rollout.Nothing, result.Outcome)
	assert.Equal(t,
		[]string{"web-a already serves everything: web-b was taken back. To go further back, `release rollback web --to web-0`"}, result.Why)
	assert.Equal(t, writes, s.writes)
	status, err := s.controller().Status(context.Background())
	require.NoError(t, err)
	assert.Empty(t, status.RollbackTo)
	assert.Equal(t, result.Why[0], status.NoRollback)

	result = s.controller().Rollback(context.Background(), rollout.Back{To: "web-0"})
	assert.Equal(t, rollout.RolledBack, result.Outcome, result.Why)
	assert.Equal(t, "web-0=100/stable web-a=000/rejected web-b=000/rejected2", list(s.service.Desired))
	for _, revision := range []string{"web-a", "web-b"} {
		refused := s.controller().Rollout(context.Background(), rollout.Request{Revision: revision})
		assert.Equal(t, rollout.Refused, refused.Outcome, refused.Why)
		assert.Equal(t, []string{revision + " was rolled back before: release another revision, or this one with `release rollout web " +
			"--retry --revision " + revision + "`"}, refused.Why)
	}
}

// TestCandidateIsTheWantedRevision deploys a template that was deployed before. Its revision is the candidate, although another
// revision is newer.
func TestCandidateIsTheWantedRevision(t *testing.T) {
	t.Parallel()
	t.Run("it serves already", func(t *testing.T) {
		t.Parallel()
		s := deployed(revision{})
		s.service.Asked = "web-a"
		result := s.controller().Rollout(context.Background(), rollout.Request{})
		assert.Equal(t, rollout.Nothing, result.Outcome, result.Why)
		assert.Equal(t, []string{"web-a already serves everything"}, result.Why)
		assert.Equal(t, 0, s.writes)
	})
	t.Run("it serves already, as the latest", func(t *testing.T) {
		t.Parallel()
		s := deployed(revision{startup: time.Hour})
		s.service.Desired, s.service.Effective, s.service.Asked = []plan.Target{{Latest: true,
			Percent: 100}}, []plan.Target{{Latest: true, Percent: 100}}, "web-a"
		result := s.controller().Rollout(context.Background(), rollout.Request{})
		assert.Equal(t, rollout.Nothing, result.Outcome, result.Why)
		assert.Equal(t, "web-a=100/stable", list(s.service.Desired), "a service that follows the latest revision is pinned")
	})
	t.Run("an older one than the newest", func(t *testing.T) {
		t.Parallel()
		s := deployed(revision{})
		require.Equal(t, rollout.Released, s.controller().Rollout(context.Background(), rollout.Request{}).Outcome)
		s.deploy("web-c", revision{failed: true})
		s.service.Asked = "web-a"
		result := s.controller().Rollout(context.Background(), rollout.Request{})
		assert.Equal(t, rollout.Released, result.Outcome, result.Why)
		assert.Equal(t, "web-a=100/stable web-b=000/previous", list(s.service.Desired))
	})
	t.Run("it was rolled back, and is not the newest", func(t *testing.T) {
		t.Parallel()
		s := deployed(revision{badFrom: 30 * time.Second})
		require.Equal(t, rollout.RolledBack, s.controller().Rollout(context.Background(), rollout.Request{}).Outcome)
		s.deploy("web-c", revision{})
		s.service.Asked = "web-b"
		result := s.controller().Rollout(context.Background(), rollout.Request{})
		assert.Equal(t, rollout.Refused, result.Outcome, result.Why)
	})
	t.Run("the API chose the candidate's name", func(t *testing.T) {
		t.Parallel()
		s := deployed(revision{})
		s.service.Asked = ""
		result := s.controller().Rollout(context.Background(), rollout.Request{})
		assert.Equal(t, rollout.Released, result.Outcome, result.Why)
		assert.Equal(t, "web-b", result.Candidate)
	})
}

// severed is a prober whose own network is down between two times.
type severed struct {
	*solo
	from, to, again time.Duration   // again is the time after which it happens once more; 0 for never.
	only            health.Endpoint // The one endpoint that is unreachable; empty for all.
}

func (n severed) Probe(ctx context.Context, probes []rollout.Probe) []health.Sample {
	samples := n.solo.Probe(ctx, probes)
	down := func(now time.Duration) bool { return now >= n.from && now < n.to }
	for i := range samples {
		if (down(n.now) || down(n.now-n.again)) && (n.only == "" || n.only == samples[i].Endpoint) {
			samples[i] = health.Sample{Endpoint: samples[i].Endpoint, At: samples[i].At, Fault: "/: lookup web.example: no such host",
				Unreachable: true}
		}
	}
	return samples
}

// TestOwnNetworkIsDown checks a controller that can reach nothing. It learns nothing about the candidate, waits, and then leaves the
// traffic as it is.
func TestOwnNetworkIsDown(t *testing.T) {
	t.Parallel()
	const at10 = "web-a=090/stable web-b=010/candidate web-b=000/shifted"
	for name, test := range map[string]struct {
		begun           bool // The rollout stands at 10 %.
		from, to, again time.Duration
		only            health.Endpoint
		outcome         rollout.Outcome
		why             string
		traffic         string
	}{
		"resumed, the network stays down": {begun: true, to: time.Hour, outcome: rollout.Interrupted,
			why: "neither the candidate nor the service can be reached from here for 30s: /: lookup web.example: no such host: " +
				"resume with `release rollout web`, or end the rollout with `release rollback web`", traffic: at10},
		"before traffic, the network stays down": {to: time.Hour, outcome: rollout.Interrupted,
			why: "neither the candidate nor the service can be reached from here for 30s: /: lookup web.example: no such host: " +
				"resume with `release rollout web`, or end the rollout with `release rollback web`", traffic: "web-a=100/stable web-b=000/candidate"},
		"resumed, the network comes back": {begun: true, to: 25 * time.Second, outcome: rollout.Released, why: "web-b serves everything",
			traffic: "web-b=100/stable web-a=000/previous"},
		"between steps, the network comes back": {from: 30 * time.Second, to: 50 * time.Second, outcome: rollout.Released,
			why: "web-b serves everything", traffic: "web-b=100/stable web-a=000/previous"},
		"at one step, the network goes down twice": {begun: true, from: 10 * time.Second, to: 30 * time.Second, again: 35 * time.Second,
			outcome: rollout.Released, why: "web-b serves everything", traffic: "web-b=100/stable web-a=000/previous"},
		"only the candidate is out of reach": {begun: true, to: time.Hour, only: health.Candidate, outcome: rollout.RolledBack,
			why:     "3 probes of the candidate's URL in a row failed, the last one: /: lookup web.example: no such host",
			traffic: "web-a=100/stable web-b=000/rejected"},
		"only the service's URL is out of reach": {begun: true, to: time.Hour, only: health.Main, outcome: rollout.RolledBack,
			why:     "3 probes of the service's URL in a row failed, the last one: /: lookup web.example: no such host",
			traffic: "web-a=100/stable web-b=000/rejected"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := deployed(revision{})
			if test.begun {
				s.serves(of("web-a", 90, "stable"), of("web-b", 10, "candidate"), of("web-b", 0, "shifted"))
			}
			controller := s.controller()
			controller.Prober = severed{s, test.from, test.to, test.again, test.only}
			var told []string
			controller.Waiting = func(why string) { told = append(told, why) }
			result := controller.Rollout(context.Background(), rollout.Request{})
			assert.Equal(t, test.outcome, result.Outcome, result.Why)
			require.NotEmpty(t, result.Why)
			assert.Equal(t, test.why, result.Why[0])
			assert.Equal(t, test.traffic, list(s.service.Desired))
			if test.only == "" {
				assert.Contains(t, told, "neither the candidate nor the service can be reached from here, which is not held against the candidate: "+
					"trying for 30s: /: lookup web.example: no such host")
			}
		})
	}
}

// TestBakeRestartsAfterAGap checks that a step begins its bake again after a time in which nothing could be reached.
func TestBakeRestartsAfterAGap(t *testing.T) {
	t.Parallel()
	s := deployed(revision{})
	s.serves(of("web-a", 90, "stable"), of("web-b", 10, "candidate"), of("web-b", 0, "shifted"))
	controller := s.controller()
	controller.Prober = severed{s, 15 * time.Second, 35 * time.Second, 0, ""}
	var shifted time.Duration
	s.writing = func() {
		if shifted == 0 {
			shifted = s.now
		}
	}
	require.Equal(t, rollout.Released, controller.Rollout(context.Background(), rollout.Request{}).Outcome)
	assert.GreaterOrEqual(t, shifted, 35*time.Second+controller.Policy.Steps[0].Bake)
}

// slowly is a prober whose rounds take long, so that a bake has fewer rounds than its interval promises.
type slowly struct {
	*solo
	round time.Duration
}

func (p slowly) Probe(ctx context.Context, probes []rollout.Probe) []health.Sample {
	samples := p.solo.Probe(ctx, probes)
	p.pass(p.now + p.round)
	return samples
}

// TestTooFewProbesNeverPass checks that a step waits for more probes if it has too few, and that no policy goes on without them.
func TestTooFewProbesNeverPass(t *testing.T) {
	t.Parallel()
	for _, policy := range []rollout.Inconclusive{rollout.Proceed, rollout.Hold, rollout.Retreat} {
		s := deployed(revision{})
		controller := s.controller()
		controller.Prober, controller.Policy.Inconclusive, controller.Policy.HoldFor = slowly{s, 3 * time.Second}, policy, 0
		s.serves(of("web-a", 90, "stable"), of("web-b", 10, "candidate"), of("web-b", 0, "shifted"))
		result := controller.Rollout(context.Background(), rollout.Request{Proceed: true})
		assert.Equal(t, rollout.Held, result.Outcome, result.Why)
		assert.Contains(t, result.Why, "8 probes of the candidate's URL; a decision needs 20")
		controller.Policy.HoldFor, controller.Policy.Inconclusive = 5*time.Minute, rollout.Proceed
		result = controller.Rollout(context.Background(), rollout.Request{})
		assert.Equal(t, rollout.Released, result.Outcome, result.Why)
	}
}

// TestCandidateThatFailsSomeRequests checks a candidate that fails three of ten requests. It is not released, whatever step the
// rollout begins at.
func TestCandidateThatFailsSomeRequests(t *testing.T) {
	t.Parallel()
	for seed := range 100 {
		s := deployed(revision{})
		controller := s.controller()
		controller.Prober, controller.Policy.Probes.BadRatio = &flaky{solo: s, from: 30 * time.Second, point: uint32(seed)}, 0.1
		result := controller.Rollout(context.Background(), rollout.Request{})
		require.Equal(t, rollout.RolledBack, result.Outcome, "%d: %v", seed, result.Why)
	}
}

// flaky is a candidate that fails 30 of 100 requests, in a fixed order that looks random.
type flaky struct {
	*solo
	from  time.Duration
	point uint32
}

func (f *flaky) Probe(ctx context.Context, probes []rollout.Probe) []health.Sample {
	samples := f.solo.Probe(ctx, probes)
	f.point = f.point*1664525 + 1013904223
	if f.now >= f.from && samples[0].Endpoint == health.Candidate && f.point>>16%100 < 30 {
		samples[0].Status, samples[0].Fault = 500, "status 500"
	}
	return samples
}

// TestBakeTooShortForItsProbes checks that a policy is refused if a step ends before it has enough probes to judge by.
func TestBakeTooShortForItsProbes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		bake, interval time.Duration
		limits         health.Limits
		refused        string
	}{
		{19 * time.Second, time.Second, health.Limits{BadRatio: 0.1}, ""},
		{18 * time.Second, time.Second, health.Limits{BadRatio: 0.1},
			"19 probes, and 20 are needed to judge by: bake for 19s, or shorten probe.interval from 1s"},
		{18 * time.Second, time.Second, health.Limits{P95: time.Second},
			"19 probes, and 20 are needed to judge by: bake for 19s, or shorten probe.interval from 1s"},
		{18 * time.Second, 900 * time.Millisecond, health.Limits{BadRatio: 0.1}, ""},
		{5 * time.Second, time.Second, health.Limits{BadRatio: 0.1},
			"6 probes, and 20 are needed to judge by: bake for 19s, or shorten probe.interval from 1s"},
		{0, time.Second, health.Limits{}, ""},
		{0, time.Second, health.Limits{BadRatio: 0.1},
			"1 probe, and 20 are needed to judge by: bake for 19s, or shorten probe.interval from 1s"},
	} {
		policy := testPolicy()
		test.limits.Probes, test.limits.Consecutive = 30, 3
		policy.Steps, policy.Interval, policy.Probes = []rollout.Step{{Percent: 100, Bake: test.bake}}, test.interval, test.limits
		err := policy.Validate()
		if test.refused == "" {
			assert.NoError(t, err)
			continue
		}
		assert.EqualError(t, err, fmt.Sprintf("step 100 %%: a bake of %s has time for %s", test.bake, test.refused))
	}
}

// TestUnknownRevision checks that a named revision that does not exist is reported at once, with the revisions that do. A revision
// that the service asks for may still appear.
func TestUnknownRevision(t *testing.T) {
	t.Parallel()
	s := deployed(revision{})
	begun := s.now
	result := s.controller().Rollout(context.Background(), rollout.Request{Revision: "web-z"})
	assert.Equal(t, rollout.Failed, result.Outcome)
	assert.Equal(t, []string{"there is no revision web-z, and nothing was changed: the service has web-b, web-a"}, result.Why)
	assert.Equal(t, begun, s.now)
	assert.Equal(t, 0, s.writes)
}

// TestRollbackReportsProgress checks that a person who waits for a rollback is told that it continues.
func TestRollbackReportsProgress(t *testing.T) {
	t.Parallel()
	s := deployed(revision{})
	s.pass(time.Minute)
	s.serves(of("web-b", 100, "stable"), of("web-a", 0, "previous"))
	s.delay = 5 * time.Second
	controller := s.controller()
	var told []string
	controller.Waiting = func(why string) { told = append(told, why) }
	require.Equal(t, rollout.RolledBack, controller.Rollback(context.Background(), rollout.Back{}).Outcome)
	assert.Equal(t, []string{
		"taking effect for 0s of up to 30s: the traffic is web-b 100 %",
		"taking effect for 2s of up to 30s: the traffic is web-b 100 %",
		"taking effect for 4s of up to 30s: the traffic is web-b 100 %",
	}, told)
}

// TestStatusDoesNotWaitLong checks that a status gives up earlier than a rollback if the API does not answer.
func TestStatusDoesNotWaitLong(t *testing.T) {
	t.Parallel()
	s := deployed(revision{})
	down := true
	controller := s.controller()
	controller.Service = unreachable{s, &down}
	begun := s.now
	_, err := controller.Status(context.Background())
	assert.ErrorIs(t, err, rollout.ErrUnavailable)
	assert.Less(t, s.now-begun, 5*time.Second)
}

// TestSuggestedCommandsNameTheService checks that commands in messages can be pasted: they name the service and where it is.
func TestSuggestedCommandsNameTheService(t *testing.T) {
	t.Parallel()
	s := deployed(revision{})
	controller := s.controller()
	controller.Where = "--region us-central1 --project p"
	controller.Policy.Inconclusive = rollout.Hold
	result := controller.Rollout(context.Background(), rollout.Request{})
	require.Equal(t, rollout.Held, result.Outcome)
	assert.Equal(t, "web-b keeps 10 %: go on with `release rollout web --region us-central1 --project p --proceed`, or end it with "+
		"`release rollback web --region us-central1 --project p`",
		result.Why[len(result.Why)-1])
	down := true
	controller.Service, controller.Name = unreachable{s, &down}, "web"
	result = controller.Rollout(context.Background(), rollout.Request{})
	assert.Equal(t, []string{"the API is out of reach for 30s: the API did not answer: resume with `release rollout web --region " +
		"us-central1 --project p`, " +
		"or end the rollout with `release rollback web --region us-central1 --project p`"}, result.Why)
}
