package rollout_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/release/health"
	"github.com/guiofsaints/procureflow-platform/release/plan"
	"github.com/guiofsaints/procureflow-platform/release/rollout"
)

func TestRolloutClimbs(t *testing.T) {
	t.Parallel()
	s := deployed(revision{startup: 5 * time.Second})
	result := s.controller().Rollout(context.Background(), rollout.Request{})
	assert.Equal(t, rollout.Released, result.Outcome, result.Why)
	assert.Equal(t, []string{
		"pin web-a=100/stable",
		"begin web-a=100/stable web-b=000/candidate",
		"shift web-a=090/stable web-b=010/candidate web-b=000/shifted",
		"shift web-a=050/stable web-b=050/candidate web-b=000/shifted",
		"shift web-a=000/stable web-b=100/candidate web-b=000/shifted",
		"finish web-b=100/stable web-a=000/previous",
	}, s.transitions())
	assert.Equal(t, plan.State{Phase: plan.Idle, Stable: "web-b", Previous: "web-a"}, plan.Read(s.service))
	for _, event := range s.events {
		assert.Equal(t, "web-a", event.Stable, event.Kind)
		told := slices.Contains([]string{"begin", "end"}, event.Kind)
		assert.Equal(t, told, event.Images != nil, "%s: images, where a reader begins", event.Kind)
	}
	again := s.controller().Rollout(context.Background(), rollout.Request{})
	assert.Equal(t, rollout.Nothing, again.Outcome, again.Why)
	assert.Equal(t, 6, s.writes, "a second rollout writes nothing")
}

// unreadable answers each question for a revision with an error.
type unreadable struct {
	*solo
	err error
}

func (u unreadable) Revision(context.Context, string) (plan.Revision, error) {
	return plan.Revision{}, u.err
}

func TestRolloutEnds(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		revision revision
		arrange  func(*solo, *rollout.Controller)
		request  rollout.Request
		outcome  rollout.Outcome
		why      string
		traffic  string
	}{
		"never ready": {revision: revision{failed: true, startup: 3 * time.Second}, outcome: rollout.Failed,
			why: "web-b never became ready, and serves nobody: the container did not listen", traffic: "web-a=100/stable"},
		"not ready in time": {revision: revision{startup: time.Hour}, outcome: rollout.Failed,
			why: "web-b is not ready after 1m0s, and serves nobody: starting", traffic: "web-a=100/stable"},
		"it cannot be read": {arrange: func(s *solo, c *rollout.Controller) { c.Service = unreadable{s, errors.New("403 forbidden")} },
			outcome: rollout.Failed, why: "403 forbidden", traffic: "web-a=100/stable"},
		"it cannot be found": {arrange: func(s *solo, c *rollout.Controller) { c.Service = unreadable{s, rollout.ErrNotFound} },
			outcome: rollout.Failed, why: "web-b is not ready after 1m0s, and serves nobody: it has not appeared", traffic: "web-a=100/stable"},
		"bad from the start": {revision: revision{badFrom: 1}, outcome: rollout.RolledBack,
			why: "2 of 2 probes before traffic failed, the last one: status 500", traffic: "web-a=100/stable web-b=000/rejected"},
		"slow": {revision: revision{slow: true}, outcome: rollout.RolledBack,
			why: "p95 of 30 probes of the candidate is 1.5s, above 1s", traffic: "web-a=100/stable web-b=000/rejected"},
		"bad under traffic": {revision: revision{badFrom: 30 * time.Second}, outcome: rollout.RolledBack,
			why: "3 probes of the candidate's URL in a row failed, the last one: status 500", traffic: "web-a=100/stable web-b=000/rejected"},
		"a slow first instance": {revision: revision{badFrom: 1, badUntil: 8 * time.Second}, outcome: rollout.Released,
			why: "web-b serves everything", traffic: "web-b=100/stable web-a=000/previous"},
		"slow answers to real requests": {arrange: func(s *solo, c *rollout.Controller) {
			s.metrics = health.Metrics{Requests: 200, P95: 2 * time.Second, Through: epoch}
			c.Policy.Metrics.P95, c.Policy.Metrics.MinLatencies = time.Second, 100
		}, outcome: rollout.RolledBack, why: "p95 of 200 requests is 2s, above 1s", traffic: "web-a=100/stable web-b=000/rejected"},
		"errors of real requests": {arrange: func(s *solo, _ *rollout.Controller) {
			s.metrics = health.Metrics{Requests: 200, Errors: 40, Through: epoch}
		}, outcome: rollout.RolledBack, why: "40 of 200 split requests to the candidate failed (with its own probes, 40 of 211): the " +
			"release is 100.0 % sure that the candidate is worse", traffic: "web-a=100/stable web-b=000/rejected"},
		"no data, the policy holds": {arrange: func(_ *solo, c *rollout.Controller) { c.Policy.Inconclusive = rollout.Hold },
			outcome: rollout.Held,
			why:     "Cloud Monitoring has counted no request of web-b yet", traffic: "web-a=090/stable web-b=010/candidate web-b=000/shifted"},
		"no data, a person proceeds at 10 %": {arrange: func(s *solo, c *rollout.Controller) {
			s.serves(plan.Target{Revision: "web-a", Percent: 90, Tag: "stable"},
				plan.Target{Revision: "web-b", Percent: 10, Tag: "candidate"}, plan.Target{Revision: "web-b", Tag: "shifted"})
			c.Policy.Inconclusive = rollout.Hold
		}, request: rollout.Request{Proceed: true}, outcome: rollout.Held, why: "Cloud Monitoring has counted no request of web-b yet",
			traffic: "web-a=050/stable web-b=050/candidate web-b=000/shifted"},
		"no data, a person proceeds at 100 %": {arrange: func(s *solo, c *rollout.Controller) {
			s.serves(plan.Target{Revision: "web-a", Tag: "stable"}, plan.Target{Revision: "web-b", Percent: 100, Tag: "candidate"},
				plan.Target{Revision: "web-b", Tag: "shifted"})
			c.Policy.Inconclusive = rollout.Hold
		}, request: rollout.Request{Proceed: true}, outcome: rollout.Released, why: "web-b serves everything",
			traffic: "web-b=100/stable web-a=000/previous"},
		"a person proceeds before anything is held": {arrange: func(_ *solo, c *rollout.Controller) { c.Policy.Inconclusive = rollout.Hold },
			request: rollout.Request{Proceed: true},
			outcome: rollout.Held, why: "Cloud Monitoring has counted no request of web-b yet", traffic: "web-a=090/stable " +
				"web-b=010/candidate web-b=000/shifted"},
		"no data, the policy rolls back": {arrange: func(_ *solo, c *rollout.Controller) { c.Policy.Inconclusive = rollout.Retreat },
			outcome: rollout.RolledBack,
			why:     "Cloud Monitoring has counted no request of web-b yet", traffic: "web-a=100/stable web-b=000/rejected"},
		"no monitoring": {arrange: func(_ *solo, c *rollout.Controller) { c.Metrics, c.Policy.Inconclusive = nil, rollout.Hold },
			outcome: rollout.Held,
			why:     "there is no Cloud Monitoring here", traffic: "web-a=090/stable web-b=010/candidate web-b=000/shifted"},
		"a shift without effect": {arrange: func(s *solo, _ *rollout.Controller) {
			s.before = func() { s.stick = s.writes == 2 }
		}, outcome: rollout.RolledBack, why: "the shift had no effect, the traffic is web-a 100 %: The traffic was not moved to the " +
			"desired split.", traffic: "web-a=100/stable web-b=000/rejected"},
		"tags without effect": {arrange: func(s *solo, _ *rollout.Controller) {
			s.before = func() { s.stick = s.writes >= 1 }
		}, outcome: rollout.RolledBack, why: "the shift had no effect, the traffic is web-a 100 % (stable): The traffic was not moved " +
			"to the desired split.", traffic: "web-a=100/stable web-b=000/rejected"},
		"split by hand": {arrange: func(s *solo, _ *rollout.Controller) {
			s.serves(plan.Target{Revision: "web-a", Percent: 60}, plan.Target{Revision: "web-b", Percent: 40})
		}, outcome: rollout.Refused, why: "requests are split by hand (web-a 60 %, web-b 40 %): end that with `release rollback web`",
			traffic: "web-a=060 web-b=040"},
		"a rollback that is not in effect": {arrange: func(s *solo, _ *rollout.Controller) {
			s.pass(time.Minute)
			s.serves(plan.Target{Revision: "web-b", Percent: 100, Tag: "stable"}, plan.Target{Revision: "web-a", Tag: "previous"})
			s.service.Desired = []plan.Target{{Revision: "web-a", Percent: 100, Tag: "stable"}, {Revision: "web-b", Tag: "rejected"}}
			s.service.Failure = "no capacity"
		}, outcome: rollout.Refused, why: "the service was told web-a 100 % and serves web-b 100 % (no capacity): put that right with " +
			"`release rollback web` first",
			traffic: "web-a=100/stable web-b=000/rejected"},
		"rejected before": {arrange: func(s *solo, _ *rollout.Controller) {
			s.serves(plan.Target{Revision: "web-a", Percent: 100, Tag: "stable"}, plan.Target{Revision: "web-b", Tag: "rejected"})
		}, outcome: rollout.Refused, why: "web-b was rolled back before: release another revision, or this one with `release rollout " +
			"web --retry --revision web-b`", traffic: "web-a=100/stable web-b=000/rejected"},
		"rejected before, retried": {arrange: func(s *solo, _ *rollout.Controller) {
			s.serves(plan.Target{Revision: "web-a", Percent: 100, Tag: "stable"}, plan.Target{Revision: "web-b", Tag: "rejected"})
		}, request: rollout.Request{Retry: true}, outcome: rollout.Released, why: "web-b serves everything",
			traffic: "web-b=100/stable web-a=000/previous"},
		"rolled back by hand after its end": {arrange: func(s *solo, _ *rollout.Controller) {
			s.serves(plan.Target{Revision: "web-a", Percent: 100}, plan.Target{Revision: "web-b", Tag: "stable"},
				plan.Target{Revision: "web-a", Tag: "previous"})
		}, outcome: rollout.Refused, why: "web-b was rolled back before: release another revision, or this one with `release rollout " +
			"web --retry --revision web-b`",
			traffic: "web-a=100/stable web-b=000/rejected"},
		"another rollout is active": {arrange: func(s *solo, _ *rollout.Controller) {
			s.serves(plan.Target{Revision: "web-a", Percent: 100, Tag: "stable"}, plan.Target{Revision: "web-b", Tag: "candidate"})
		}, request: rollout.Request{Revision: "web-c"}, outcome: rollout.Refused,
			why:     "a rollout of web-b is active: finish it with `release rollout web --revision web-b` or end it with `release rollback web`",
			traffic: "web-a=100/stable web-b=000/candidate"},
		"taken back by hand, resumed": {arrange: func(s *solo, _ *rollout.Controller) {
			s.serves(plan.Target{Revision: "web-a", Percent: 100}, plan.Target{Revision: "web-a", Tag: "stable"},
				plan.Target{Revision: "web-b", Tag: "candidate"}, plan.Target{Revision: "web-b", Tag: "shifted"})
		}, outcome: rollout.Refused, why: "the traffic of web-b was taken back by hand: end its rollout with `release rollback web`, or " +
			"start it again with `release rollout web --retry`",
			traffic: "web-a=100 web-a=000/stable web-b=000/candidate web-b=000/shifted"},
		"taken back by hand, retried": {arrange: func(s *solo, _ *rollout.Controller) {
			s.serves(plan.Target{Revision: "web-a", Percent: 100}, plan.Target{Revision: "web-a", Tag: "stable"},
				plan.Target{Revision: "web-b", Tag: "candidate"}, plan.Target{Revision: "web-b", Tag: "shifted"})
		}, request: rollout.Request{Retry: true}, outcome: rollout.Released, why: "web-b serves everything",
			traffic: "web-b=100/stable web-a=000/previous"},
		"a journal that cannot be written": {arrange: func(s *solo, _ *rollout.Controller) { s.broken = errors.New("disk full") },
			outcome: rollout.Failed, why: "write the journal: disk full", traffic: "web-a=100"},
		"a journal that cannot be written, resumed": {arrange: func(s *solo, _ *rollout.Controller) {
			s.serves(plan.Target{Revision: "web-a", Percent: 50, Tag: "stable"},
				plan.Target{Revision: "web-b", Percent: 50, Tag: "candidate"}, plan.Target{Revision: "web-b", Tag: "shifted"})
			s.broken = errors.New("disk full")
		}, outcome: rollout.Interrupted,
			why: "write the journal: disk full: web-b keeps 50 %, resume with `release rollout web`, or end the rollout with " +
				"`release rollback web`",
			traffic: "web-a=050/stable web-b=050/candidate web-b=000/shifted"},
		"a bad policy": {arrange: func(_ *solo, c *rollout.Controller) {
			c.Policy.Steps = []rollout.Step{{Percent: 50, Bake: time.Minute}}
		},
			outcome: rollout.Failed, why: "the policy: the last step has to be 100 %", traffic: "web-a=100"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := deployed(test.revision)
			s.service.LatestReady = "web-a"
			controller := s.controller()
			if test.arrange != nil {
				test.arrange(s, controller)
			}
			result := controller.Rollout(context.Background(), test.request)
			assert.Equal(t, test.outcome, result.Outcome, result.Why)
			require.NotEmpty(t, result.Why)
			assert.Equal(t, test.why, result.Why[0])
			if strings.HasPrefix(test.why, "web-b ") {
				assert.Equal(t, "web-b", result.Candidate)
			}
			assert.Equal(t, test.traffic, list(s.service.Desired))
		})
	}
}

// ownProbes is Cloud Monitoring that has counted the program's own probes and no visitor.
type ownProbes struct{ *solo }

func (o ownProbes) Since(_ context.Context, revision string, since time.Time) (health.Metrics, error) {
	metrics := health.Metrics{Through: epoch.Add(o.now)}
	for _, at := range o.answered[revision] {
		if !epoch.Add(at).Before(since) {
			metrics.Requests++
		}
	}
	return metrics, nil
}

// TestProbesDecideWithoutVisitors checks a service without visitors. The probes of a long bake are enough to pass, and those of a
// short bake are not. A policy may still require requests over the service's URL.
func TestProbesDecideWithoutVisitors(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		bake    time.Duration
		minimum int
		outcome rollout.Outcome
		why     string
	}{
		"a bake with room for the probes": {5 * time.Minute, 0, rollout.Released, "web-b serves everything"},
		"a bake too short for the probes": {20 * time.Second, 0, rollout.Held,
			"the release is 59.2 % sure that at most 5.0 % fail, and needs 95 %"},
		"fewer visitors than the policy asks for": {5 * time.Minute, 1000, rollout.Held, "over the service's URL, fewer than the policy's 1000"},
	} {
		s := deployed(revision{})
		controller := s.controller()
		controller.Metrics = ownProbes{s}
		controller.Policy.Inconclusive, controller.Policy.HoldFor, controller.Policy.Metrics.MinRequests = rollout.Hold, 0, test.minimum
		for i := range controller.Policy.Steps {
			controller.Policy.Steps[i].Bake = test.bake
		}
		result := controller.Rollout(context.Background(), rollout.Request{})
		assert.Equal(t, test.outcome, result.Outcome, "%s: %v", name, result.Why)
		assert.Contains(t, result.Why[0], test.why, name)
	}
}

func TestRolloutStopsWhenSomeoneElseWrites(t *testing.T) {
	t.Parallel()
	s := deployed(revision{})
	other := s.controller()
	rolledBack := false
	s.before = func() {
		if !rolledBack && plan.Read(s.service).Percent == 50 {
			rolledBack = true
			result := other.Rollback(context.Background(), rollout.Back{Why: "the on-call person says so"})
			require.Equal(t, rollout.RolledBack, result.Outcome, result.Why)
		}
	}
	result := s.controller().Rollout(context.Background(), rollout.Request{})
	assert.Equal(t, rollout.Superseded, result.Outcome)
	assert.Equal(t, []string{"someone else changed the traffic to web-a 100 %"}, result.Why)
	assert.Equal(t, "web-a=100/stable web-b=000/rejected", list(result.Traffic),
		"the journal's last line has the present traffic and not what this run wrote")
	assert.Equal(t, "web-a=100/stable web-b=000/rejected", list(s.service.Desired))
	assert.Equal(t, 5, s.writes, "the writes are pin, begin, two shifts and the rollback")
	resumed := s.controller().Rollout(context.Background(), rollout.Request{})
	assert.Equal(t, rollout.Refused, resumed.Outcome, "a manually rejected revision is not rolled out again")
}

func TestResumeAtEveryRead(t *testing.T) {
	t.Parallel()
	whole := deployed(revision{})
	require.Equal(t, rollout.Released, whole.controller().Rollout(context.Background(), rollout.Request{}).Outcome)
	for cut := 1; cut < whole.reads; cut++ {
		s := deployed(revision{})
		ctx, cancel := context.WithCancel(context.Background())
		reads := 0
		s.before = func() {
			if reads++; reads == cut {
				cancel()
			}
		}
		result := s.controller().Rollout(ctx, rollout.Request{})
		require.Contains(t, []rollout.Outcome{rollout.Interrupted, rollout.Released}, result.Outcome, "cut at read %d", cut)
		s.before = nil
		result = s.controller().Rollout(context.Background(), rollout.Request{})
		require.Contains(t, []rollout.Outcome{rollout.Released, rollout.Nothing}, result.Outcome, "resumed from read %d: %v", cut, result.Why)
		require.Equal(t, "web-b=100/stable web-a=000/previous", list(s.service.Desired))
	}
}

// TestGuardRefusesTagsWithoutEffect checks a service on which only the tags are not effective. A rollback without --to would then go
// back once more.
func TestGuardRefusesTagsWithoutEffect(t *testing.T) {
	t.Parallel()
	s := deployed(revision{})
	s.pass(time.Minute)
	s.serves(plan.Target{Revision: "web-b", Percent: 100, Tag: "stable"})
	s.service.Desired = []plan.Target{{Revision: "web-b", Percent: 100, Tag: "stable"}, {Revision: "web-a", Tag: "previous"}}
	result, err := s.controller().Guard(context.Background(), func(context.Context) error { return errors.New("the command ran") })
	require.NoError(t, err)
	assert.Equal(t, rollout.Refused, result.Outcome)
	assert.Equal(t, []string{"the service was told web-b 100 % (stable), web-a 0 % (previous) and serves web-b 100 % (stable): put that " +
		"right with `release rollback web --to web-b` first"}, result.Why)
	assert.Equal(t, rollout.RolledBack, s.controller().Rollback(context.Background(), rollout.Back{To: "web-b"}).Outcome)
	result, err = s.controller().Guard(context.Background(), func(context.Context) error { return nil })
	require.NoError(t, err)
	assert.Equal(t, rollout.Nothing, result.Outcome, result.Why)
}

// TestRollbackWithoutEffectIsReportedAtOnce checks a write that the API is done with and that has no effect. Waiting longer does not
// help, so the person is told at once.
func TestRollbackWithoutEffectIsReportedAtOnce(t *testing.T) {
	t.Parallel()
	s := deployed(revision{failed: true})
	s.pass(time.Minute)
	result := s.controller().Rollback(context.Background(), rollout.Back{To: "web-b"})
	assert.Equal(t, rollout.Unconfirmed, result.Outcome)
	assert.Equal(t, []string{"the traffic may not be back, look with `release status web`, then `release rollback web --to web-b`: the " +
		"write had no effect, the traffic is web-a 100 %: the container did not listen"}, result.Why)
	assert.Less(t, result.Elapsed, 10*time.Second)
}

// TestGuardWaitsForAnEarlierChange checks a change from before the guard. The guard lets it take effect first, because the command
// did not cause it.
func TestGuardWaitsForAnEarlierChange(t *testing.T) {
	t.Parallel()
	s := deployed(revision{})
	s.pass(time.Minute)
	s.serves(plan.Target{Revision: "web-b", Percent: 100, Tag: "stable"}, plan.Target{Revision: "web-a", Tag: "previous"})
	require.NoError(t, s.shift(s.service.Etag, []plan.Target{{Revision: "web-a", Percent: 100, Tag: "stable"},
		{Revision: "web-b", Tag: "rejected"}}))
	result, err := s.controller().Guard(context.Background(), func(context.Context) error {
		s.deploy("web-c", revision{})
		return nil
	})
	require.NoError(t, err)
	assert.Equal(t, rollout.Nothing, result.Outcome, result.Why)
	assert.Equal(t, 1, s.writes, "only the earlier change was written")
}

// TestRollbackBeforeTheGuardRestores checks a person who rolls back between the guard's last read and its write. The person's
// traffic stays.
func TestRollbackBeforeTheGuardRestores(t *testing.T) {
	t.Parallel()
	s := deployed(revision{})
	s.serves(plan.Target{Revision: "web-a", Percent: 100, Tag: "stable"})
	s.writing = func() {
		s.writing = nil
		require.NoError(t, s.shift(s.service.Etag, []plan.Target{{Revision: "web-a", Percent: 100, Tag: "stable"},
			{Revision: "web-b", Tag: "rejected"}}))
	}
	result, err := s.controller().Guard(context.Background(), func(context.Context) error {
		return s.shift(s.service.Etag, []plan.Target{{Revision: "web-b", Percent: 100}})
	})
	require.NoError(t, err)
	assert.Equal(t, rollout.Superseded, result.Outcome, result.Why)
	assert.Equal(t, "web-a=100/stable web-b=000/rejected", list(s.service.Desired))
}

// withoutURLs is a service whose default URLs are switched off.
type withoutURLs struct{ *solo }

func (w withoutURLs) Read(ctx context.Context) (plan.Service, error) {
	service, err := w.solo.Read(ctx)
	service.Effective = slices.Clone(service.Effective)
	for i := range service.Effective {
		service.Effective[i].URI = ""
	}
	return service, err
}

// TestCandidateWithoutURL checks that a rollout does not wait for ever for a candidate that cannot be probed.
func TestCandidateWithoutURL(t *testing.T) {
	t.Parallel()
	s := deployed(revision{})
	controller := s.controller()
	controller.Service = withoutURLs{s}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s.before = func() {
		if s.now > time.Hour {
			cancel()
		}
	}
	result := controller.Rollout(ctx, rollout.Request{})
	assert.Equal(t, rollout.RolledBack, result.Outcome, result.Why)
	assert.Equal(t,
		[]string{`the tag "candidate" has no URL after 30s, so that web-b cannot be probed: switch the service's default URL on`}, result.Why)
	assert.Equal(t, "web-a=100/stable web-b=000/rejected", list(s.service.Desired))
}

// refusing is a service that refuses the next shift to 50 %.
type refusing struct {
	*solo
	err error
}

func (r refusing) Shift(ctx context.Context, etag string, traffic []plan.Target) error {
	if traffic[0].Percent == 50 {
		return r.err
	}
	return r.solo.Shift(ctx, etag, traffic)
}

// TestRefusedStepRollsBack checks that all requests go back if the API refuses a step, for whatever reason.
func TestRefusedStepRollsBack(t *testing.T) {
	t.Parallel()
	for _, err := range []error{rollout.ErrInvalid, rollout.ErrNotFound, errors.New("403 forbidden")} {
		s := deployed(revision{})
		controller := s.controller()
		controller.Service = refusing{s, err}
		result := controller.Rollout(context.Background(), rollout.Request{})
		assert.Equal(t, rollout.RolledBack, result.Outcome, "%v: %v", err, result.Why)
		assert.Equal(t, "web-a=100/stable web-b=000/rejected", list(s.service.Desired))
	}
}

// TestConflictsAreRetriedSlowly checks an API that answers every write with a conflict. The first retry is immediate, and the later
// ones wait, because a project has about three writes a second.
func TestConflictsAreRetriedSlowly(t *testing.T) {
	t.Parallel()
	s := deployed(revision{})
	attempts := 0
	s.writing = func() {
		attempts++
		s.touch()
	}
	result := s.controller().Rollback(context.Background(), rollout.Back{To: "web-a"})
	assert.Equal(t, rollout.Unconfirmed, result.Outcome, result.Why)
	assert.Less(t, attempts, 30, "attempts in 30 s")
	s.writing = func() {
		if attempts++; attempts == 1 {
			s.touch()
		}
	}
	attempts = 0
	before := s.now
	s.delay = 0
	result = s.controller().Rollback(context.Background(), rollout.Back{To: "web-a"})
	assert.Equal(t, rollout.RolledBack, result.Outcome, result.Why)
	assert.Less(t, s.now-before, time.Second, "a rollback is hardly delayed by one conflict")
}

// TestRepeatedUnconfirmedRollback repeats a rollback that was reported as unconfirmed. If it was effective after all, the repetition
// must not go back once more.
func TestRepeatedUnconfirmedRollback(t *testing.T) {
	t.Parallel()
	s := deployed(revision{badFrom: 30 * time.Second})
	s.serves(plan.Target{Revision: "web-a", Percent: 100, Tag: "stable"}, plan.Target{Revision: "web-0", Tag: "previous"})
	s.revisions["web-0"] = &revision{}
	down := false
	controller := s.controller()
	controller.Service = unreachable{s, &down}
	s.before = func() { down = len(s.transitions()) > 0 && s.events[len(s.events)-1].Kind == "rollback" }
	result := controller.Rollout(context.Background(), rollout.Request{})
	require.Equal(t, rollout.Unconfirmed, result.Outcome, result.Why)
	assert.Contains(t, result.Why[1],
		"the rollback is not confirmed, do it now with `release rollback web --to web-a`: the API is out of reach")
	result = s.controller().Rollback(context.Background(), rollout.Back{To: "web-a"})
	assert.Equal(t, rollout.Nothing, result.Outcome, result.Why)
}

// TestWaitingForTheCandidateIsReported checks that a long wait is reported, with its reason.
func TestWaitingForTheCandidateIsReported(t *testing.T) {
	t.Parallel()
	s := deployed(revision{startup: 30 * time.Second, badFrom: 1, badUntil: 38 * time.Second})
	controller := s.controller()
	var told, waits []string
	controller.Waiting = func(why string) { told = append(told, why) }
	controller.Progress = func(p rollout.Progress) {
		if p.Waiting != "" && p.Percent == 0 && !slices.Contains(waits, p.Waiting) {
			waits = append(waits, p.Waiting)
		}
	}
	result := controller.Rollout(context.Background(), rollout.Request{})
	require.Equal(t, rollout.Released, result.Outcome, result.Why)
	assert.Equal(t, []string{"waiting up to 1m0s for web-b: starting"}, told)
	assert.Equal(t, []string{"the shift is taking effect", "waiting up to 10s for a first good answer, the last one: status 500"}, waits)
	s = deployed(revision{})
	controller = s.controller()
	controller.Waiting, told = func(why string) { told = append(told, why) }, nil
	s.service.Asked = "web-z"
	assert.Equal(t, rollout.Failed, controller.Rollout(context.Background(), rollout.Request{Revision: "web-z"}).Outcome)
	assert.Equal(t, []string{"waiting up to 1m0s for web-z: it has not appeared"}, told)
}

// TestSignalDuringARollback checks that a signal stops a rollout, but not the rollback that its gate asked for.
func TestSignalDuringARollback(t *testing.T) {
	t.Parallel()
	s := deployed(revision{badFrom: 30 * time.Second})
	ctx, cancel := context.WithCancel(context.Background())
	s.writing = func() {
		if s.writes == 3 { // The writes so far are pin, begin and a shift; this one is the rollback.
			cancel()
		}
	}
	result := s.controller().Rollout(ctx, rollout.Request{})
	assert.Equal(t, rollout.RolledBack, result.Outcome, result.Why)
	assert.Equal(t, "web-a=100/stable web-b=000/rejected", list(s.service.Desired))
}

// TestRollbackFromALostCandidate checks a candidate that the API has lost. It cannot be tagged as rejected, which must not keep the
// traffic from going back.
func TestRollbackFromALostCandidate(t *testing.T) {
	t.Parallel()
	s := deployed(revision{})
	s.before = func() {
		if s.writes == 3 {
			s.revisions["web-b"].gone = true
		}
	}
	result := s.controller().Rollout(context.Background(), rollout.Request{})
	assert.Equal(t, rollout.RolledBack, result.Outcome, result.Why)
	assert.Equal(t, "3 probes of the candidate's URL in a row failed, the last one: status 503", result.Why[0])
	assert.Equal(t, "rollback web-a=100/stable", s.transitions()[3])

	s = deployed(revision{})
	s.serves(plan.Target{Revision: "web-a", Percent: 90, Tag: "stable"}, plan.Target{Revision: "web-b", Percent: 10, Tag: "candidate"})
	s.revisions["web-b"].gone = true
	byHand := s.controller().Rollback(context.Background(), rollout.Back{})
	assert.Equal(t, rollout.RolledBack, byHand.Outcome, byHand.Why)
}

func TestBrokenServiceIsNotHeldAgainstItsRepair(t *testing.T) {
	t.Parallel()
	s := deployed(revision{})
	s.revisions["web-a"].badFrom = 1
	s.pass(time.Second)
	result := s.controller().Rollout(context.Background(), rollout.Request{})
	assert.Equal(t, rollout.Released, result.Outcome, result.Why)
}

func TestRollbackIsOneReadAndOneWrite(t *testing.T) {
	t.Parallel()
	s := deployed(revision{})
	require.Equal(t, rollout.Released, s.controller().Rollout(context.Background(), rollout.Request{}).Outcome)
	s.reads, s.writes, s.delay = 0, 0, 0
	readsBeforeWrite := -1
	s.writing = func() {
		if readsBeforeWrite < 0 {
			readsBeforeWrite = s.reads
		}
	}
	result := s.controller().Rollback(context.Background(), rollout.Back{})
	assert.Equal(t, rollout.RolledBack, result.Outcome, result.Why)
	assert.Equal(t, 1, readsBeforeWrite)
	assert.Equal(t, 1, s.writes)
	assert.Equal(t, "web-a=100/stable web-b=000/rejected", list(s.service.Desired))
}

// TestWaitingForTheAPI checks that a person who waits for an API that does not answer is told so once.
func TestWaitingForTheAPI(t *testing.T) {
	t.Parallel()
	s := deployed(revision{})
	down := true
	controller := s.controller()
	controller.Service = unreachable{s, &down}
	var told []string
	controller.Waiting = func(why string) { told = append(told, why) }
	result := controller.Rollback(context.Background(), rollout.Back{})
	assert.Equal(t, rollout.Unconfirmed, result.Outcome)
	assert.Equal(t, []string{"the API did not answer: trying again for 30s"}, told)
	down, told = false, nil
	assert.Equal(t, rollout.Refused, controller.Rollback(context.Background(), rollout.Back{}).Outcome)
	assert.Empty(t, told)
}

// unreachable is a service behind a network that may be down.
type unreachable struct {
	*solo
	down *bool
}

func (u unreachable) Read(ctx context.Context) (plan.Service, error) {
	if *u.down {
		return plan.Service{}, rollout.ErrUnavailable
	}
	return u.solo.Read(ctx)
}

func TestRollbackWithoutJournal(t *testing.T) {
	t.Parallel()
	s := deployed(revision{})
	require.Equal(t, rollout.Released, s.controller().Rollout(context.Background(), rollout.Request{}).Outcome)
	s.broken = errors.New("disk full")
	result := s.controller().Rollback(context.Background(), rollout.Back{})
	assert.Equal(t, rollout.RolledBack, result.Outcome)
	assert.Equal(t, "write the journal: disk full", result.Journal)
}

func TestRollbackEnds(t *testing.T) {
	t.Parallel()
	idle := func(s *solo) {
		s.serves(plan.Target{Revision: "web-a", Percent: 100, Tag: "stable"})
		s.pass(time.Minute)
	}
	for name, test := range map[string]struct {
		arrange func(*solo)
		back    rollout.Back
		outcome rollout.Outcome
		why     string
		writes  int
	}{
		"--if-active while no rollout is active": {idle, rollout.Back{IfActive: true}, rollout.Nothing, "no rollout is active", 0},
		"already there":                          {idle, rollout.Back{To: "web-a"}, rollout.Nothing, "web-a already serves everything", 0},
		"no revision to go back to": {idle, rollout.Back{}, rollout.Refused,
			"refused: web-a serves everything and no tag says which revision served before it: name it with `release rollback web --to " +
				"REVISION` (`release status web` lists them)", 0},
		"the write has no effect": {func(s *solo) { idle(s); s.stick = true }, rollout.Back{To: "web-b"}, rollout.Unconfirmed,
			"the traffic may not be back, look with `release status web`, then `release rollback web --to web-b`: the write had no " +
				"effect, the traffic is web-a 100 %: The traffic was not moved to the desired split.", 1},
		"the tags have no effect": {func(s *solo) {
			s.serves(plan.Target{Revision: "web-a", Percent: 100, Tag: "stable"}, plan.Target{Revision: "web-b", Tag: "candidate"})
			s.pass(time.Minute)
			s.stick = true
		}, rollout.Back{Why: "INCIDENT"}, rollout.RolledBack, "web-a serves everything: INCIDENT", 1},
		"no such revision": {idle, rollout.Back{To: "web-z"}, rollout.Refused,
			"nothing was written: write traffic web-z 100 %: the API refuses it: traffic[0].revision: Revision 'web-z' does not " +
				"exist or is deleted; the service has web-b, web-a", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := deployed(revision{})
			test.arrange(s)
			result := s.controller().Rollback(context.Background(), test.back)
			assert.Equal(t, test.outcome, result.Outcome)
			assert.Equal(t, []string{test.why}, result.Why)
			assert.Equal(t, test.writes, s.writes)
		})
	}
}

func TestGuard(t *testing.T) {
	t.Parallel()
	failure := errors.New("up failed")
	released := []plan.Target{{Revision: "web-b", Percent: 100, Tag: "stable"}, {Revision: "web-a", Tag: "previous"}}
	for name, test := range map[string]struct {
		before  []plan.Target
		command func(*solo) error
		outcome rollout.Outcome
		traffic string
		err     error
	}{
		"harmless": {[]plan.Target{{Revision: "web-a", Percent: 100}}, func(s *solo) error { s.deploy("web-c", revision{}); return nil },
			rollout.Nothing, "web-a=100", nil},
		"failing, harmless": {[]plan.Target{{Revision: "web-a", Percent: 100}}, func(*solo) error { return failure }, rollout.Nothing,
			"web-a=100", failure},
		"moves everything": {[]plan.Target{{Revision: "web-a", Percent: 100, Tag: "stable"}}, func(s *solo) error {
			return s.shift(s.service.Etag, []plan.Target{{Revision: "web-b", Percent: 100}})
		}, rollout.RolledBack, "web-a=100/stable", nil},
		"loses a tag": {[]plan.Target{{Revision: "web-a", Percent: 100}, {Revision: "web-b", Tag: "previous"}}, func(s *solo) error {
			return errors.Join(s.shift(s.service.Etag, []plan.Target{{Revision: "web-a", Percent: 100}}), failure)
		}, rollout.RolledBack, "web-a=100 web-b=000/previous", failure},
		"follows the latest": {[]plan.Target{{Latest: true, Percent: 100}}, func(s *solo) error {
			s.deploy("web-c", revision{})
			s.pass(s.now + s.delay)
			return nil
		}, rollout.RolledBack, "web-a=100", nil},
		"follows the latest by an empty list": {nil, func(s *solo) error {
			s.deploy("web-c", revision{})
			s.pass(s.now + s.delay)
			return nil
		}, rollout.RolledBack, "web-a=100", nil},
		"a tag follows the latest revision": {[]plan.Target{{Revision: "web-a", Percent: 100}, {Latest: true, Tag: "head"}}, func(s *solo) error {
			s.deploy("web-c", revision{})
			s.pass(s.now + s.delay)
			return nil
		}, rollout.Nothing, "web-a=100 =000/head", nil},
		"a rollout is active": {[]plan.Target{{Revision: "web-a", Percent: 100, Tag: "stable"}, {Revision: "web-b", Tag: "candidate"}},
			func(*solo) error {
				t.Error("the command ran")
				return nil
			}, rollout.Refused, "web-a=100/stable web-b=000/candidate", nil},
		"a rollout begins meanwhile": {[]plan.Target{{Revision: "web-a", Percent: 100}}, func(s *solo) error {
			return s.shift(s.service.Etag, []plan.Target{{Revision: "web-a", Percent: 100, Tag: "stable"}, {Revision: "web-b", Tag: "candidate"}})
		}, rollout.Superseded, "web-a=100/stable web-b=000/candidate", nil},
		"someone rolls back meanwhile": {released, func(s *solo) error {
			result := s.controller().Rollback(context.Background(), rollout.Back{})
			require.Equal(t, rollout.RolledBack, result.Outcome, result.Why)
			return nil
		}, rollout.Superseded, "web-a=100/stable web-b=000/rejected", nil},
		"someone rolls back with gcloud meanwhile": {released, func(s *solo) error {
			return s.shift(s.service.Etag, []plan.Target{{Revision: "web-a", Percent: 100}, {Revision: "web-b", Tag: "stable"},
				{Revision: "web-a", Tag: "previous"}})
		}, rollout.Superseded, "web-a=100 web-b=000/stable web-a=000/previous", nil},
		"moves requests and tags": {released, func(s *solo) error {
			return s.shift(s.service.Etag, []plan.Target{{Revision: "web-a", Percent: 100, Tag: "stable"}})
		}, rollout.RolledBack, "web-b=100/stable web-a=000/previous", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := deployed(revision{})
			s.serves(test.before...)
			result, err := s.controller().Guard(context.Background(), func(context.Context) error { return test.command(s) })
			assert.Equal(t, test.outcome, result.Outcome, result.Why)
			assert.Equal(t, test.err != nil, errors.Is(err, failure))
			assert.Equal(t, test.traffic, list(s.service.Desired))
			assert.Equal(t, test.traffic, list(result.Traffic), "what the result says")
		})
	}
}
