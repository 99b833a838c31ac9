package rollout_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/release/hooks"
	"github.com/guiofsaints/procureflow-platform/release/plan"
	"github.com/guiofsaints/procureflow-platform/release/rollout"
)

// jobs is Cloud Run's jobs as a rollout sees them. They share the service's clock.
type jobs struct {
	*solo
	image string // What every job runs. Default: the image of web-b.
	// fates are how long each execution takes and how it ends. The last one holds for all that follow.
	fates      []fate
	executions []*execution
	starts     []hooks.Start
	answers    []error // The answers of Run, one after another; then nil.
	broken     error   // The error of every other call.
	stubborn   bool    // No execution can be cancelled.
}

type fate struct {
	takes time.Duration
	ends  hooks.State
}

type execution struct {
	job, mark string
	created   time.Duration
	fate      fate
	cancelled bool
}

// errLost is the error of a start whose answer was lost. errLate is the error of a request that starts the job ten seconds later.
var errLost, errLate = fmt.Errorf("%w: lost", rollout.ErrUnavailable), fmt.Errorf("%w: late", rollout.ErrUnavailable)

func (j *jobs) Job(_ context.Context, name string) (hooks.Job, error) {
	if name == "missing" {
		return hooks.Job{}, fmt.Errorf("job %s: %w", name, rollout.ErrNotFound)
	}
	return hooks.Job{Name: name, Image: cmp.Or(j.image, "registry/web@"+digest("web-b"))}, j.broken
}

func (j *jobs) Run(_ context.Context, job hooks.Job, start hooks.Start) (string, error) {
	var answer error
	if len(j.answers) > 0 {
		answer, j.answers = j.answers[0], j.answers[1:]
	}
	if answer != nil && answer != errLost && answer != errLate {
		return "", answer
	}
	one := &execution{job: job.Name, mark: start.Mark, created: j.now, fate: j.fates[min(len(j.executions), len(j.fates)-1)]}
	if answer == errLate {
		one.created += 10 * time.Second
	}
	j.executions, j.starts = append(j.executions, one), append(j.starts, start)
	return fmt.Sprintf("%s-%d", job.Name, len(j.executions)), answer
}

func (j *jobs) Executions(_ context.Context, job string) ([]hooks.Execution, error) {
	var list []hooks.Execution
	for i, one := range j.executions {
		if one.job != job || one.created > j.now {
			continue
		}
		state := hooks.Running
		if j.now >= one.created+one.fate.takes {
			state = one.fate.ends
		}
		if one.cancelled {
			state = hooks.Cancelled
		}
		list = append(list, hooks.Execution{Name: fmt.Sprintf("%s-%d", job, i+1), Mark: one.mark, Created: epoch.Add(one.created), State: state,
			Log: "https://log"})
	}
	return list, j.broken
}

func (j *jobs) Cancel(_ context.Context, job, name string) error {
	if j.stubborn {
		return errors.New("permission denied")
	}
	for i, one := range j.executions {
		if name == fmt.Sprintf("%s-%d", job, i+1) {
			one.cancelled = true
		}
	}
	return nil
}

// hooked returns a service with web-b just deployed, and a policy with a migration before traffic and a smoke test after it.
func hooked(r revision, fates ...fate) (*jobs, *rollout.Controller) {
	s := deployed(r)
	j := &jobs{solo: s, fates: append(fates, fate{5 * time.Second, hooks.Succeeded})}
	c := s.controller()
	c.Jobs = j
	c.Policy.Hooks = hooks.Hooks{Before: []hooks.Hook{{Job: "migrate", Timeout: time.Minute, Args: []string{"up"}}},
		After: []hooks.Hook{{Job: "smoke", Timeout: time.Minute, OnFailure: hooks.Rollback}}}
	return j, c
}

// lines returns what the journal says about hooks and traffic, in order.
func (j *jobs) lines() []string {
	var lines []string
	for _, event := range j.events {
		switch {
		case event.Hook != nil:
			lines = append(lines, fmt.Sprintf("%s %s %s %s", event.Hook.Phase, event.Hook.Job, event.Hook.State, event.Hook.Execution))
		case event.Answer == "accepted":
			lines = append(lines, fmt.Sprintf("%s %d", event.Kind, event.Percent))
		}
	}
	return lines
}

const (
	onlyA    = "web-a=100/stable"
	rejected = "web-a=100/stable web-b=000/rejected"
	toB      = "web-b=100/stable web-a=000/previous"
)

func TestHooksRunAroundTraffic(t *testing.T) {
	t.Parallel()
	j, c := hooked(revision{startup: time.Second})
	var told []string
	c.Waiting = func(why string) { told = append(told, why) }
	result := c.Rollout(context.Background(), rollout.Request{})
	assert.Equal(t, rollout.Released, result.Outcome, result.Why)
	assert.Equal(t, []string{"pin 0", "begin 0", "before migrate starting ", "before migrate started migrate-1",
		"before migrate succeeded migrate-1",
		"shift 10", "shift 50", "shift 100", "after smoke starting ", "after smoke started smoke-2", "after smoke succeeded smoke-2",
		"finish 100"}, j.lines())
	for _, why := range []string{"the before hook migrate runs, for up to 1m0s (execution migrate-1)",
		"the after hook smoke runs, for up to 1m0s (execution smoke-2)"} {
		assert.Contains(t, told, why)
	}
	assert.Equal(t, []hooks.Start{
		{Mark: "before/web-b", Args: []string{"up"}, Variables: map[string]string{"RELEASE_REVISION": "web-b", "RELEASE_STABLE": "web-a",
			"RELEASE_URL": ""}}, // The tag has no URL yet.
		{Mark: "after/web-b", Variables: map[string]string{"RELEASE_REVISION": "web-b", "RELEASE_STABLE": "web-a", "RELEASE_URL": "main"}},
	}, j.starts)
}

func TestHooksEnd(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		revision revision
		fates    []fate
		arrange  func(*jobs, *rollout.Controller)
		outcome  rollout.Outcome
		why      string
		traffic  string
		runs     int
		left     int  // executions that run on
		unnamed  bool // The run ends before it has found the candidate.
	}{
		"the migration fails": {fates: []fate{{time.Second, hooks.Failed}}, outcome: rollout.RolledBack,
			why: "the before hook migrate: failed (execution migrate-1); its log: https://log", traffic: rejected, runs: 1},
		"somebody cancels the migration": {fates: []fate{{time.Second, hooks.Cancelled}}, outcome: rollout.RolledBack,
			why: "the before hook migrate: cancelled (execution migrate-1); its log: https://log", traffic: rejected, runs: 1},
		"the migration hangs": {fates: []fate{{time.Hour, hooks.Succeeded}}, outcome: rollout.RolledBack,
			why:     "the before hook migrate: timed out (execution migrate-1), it did not end within 1m0s and was cancelled; its log: https://log",
			traffic: rejected, runs: 1},
		"it hangs and cannot be cancelled": {fates: []fate{{time.Hour, hooks.Succeeded}}, arrange: func(j *jobs,
			_ *rollout.Controller) {
			j.stubborn = true
		},
			outcome: rollout.RolledBack, traffic: rejected, runs: 1, left: 1,
			why: "the before hook migrate: timed out (execution migrate-1), it did not end within 1m0s, and " +
				"goes on, because it could not be cancelled: permission denied; its log: https://log"},
		"the answer to its start is lost": {arrange: func(j *jobs, _ *rollout.Controller) { j.answers = []error{errLost} },
			outcome: rollout.Released, why: "web-b serves everything", traffic: toB, runs: 2},
		"its start does not arrive": {arrange: func(j *jobs, _ *rollout.Controller) { j.answers = []error{rollout.ErrUnavailable} },
			outcome: rollout.Released, why: "web-b serves everything", traffic: toB, runs: 2},
		"its start arrives late": {fates: []fate{{time.Minute, hooks.Succeeded}, {30 * time.Second, hooks.Succeeded}},
			arrange: func(j *jobs, _ *rollout.Controller) { j.answers = []error{errLate} }, outcome: rollout.Released,
			why: "web-b serves everything", traffic: toB, runs: 3},
		"the job changes in between": {arrange: func(j *jobs, _ *rollout.Controller) { j.answers = []error{rollout.ErrConflict} },
			outcome: rollout.Released, why: "web-b serves everything", traffic: toB, runs: 2},
		"the start is refused": {arrange: func(j *jobs, _ *rollout.Controller) { j.answers = []error{errors.New("403 needs run.jobs.run")} },
			outcome: rollout.RolledBack, why: "the before hook migrate: failed, 403 needs run.jobs.run", traffic: rejected},
		"the job is of another release": {arrange: func(j *jobs, _ *rollout.Controller) { j.image = "registry/web@" + digest("web-c") },
			outcome: rollout.Failed, traffic: onlyA, why: "the before hook cannot run: the job migrate runs " + digest("web-c") +
				" and the candidate " +
				digest("web-b") + ": deploy both of the same digest, or say ownImage: true"},
		"there is no job": {arrange: func(_ *jobs, c *rollout.Controller) { c.Policy.Hooks.After[0].Job = "missing" }, outcome: rollout.Failed,
			why: "the after hook cannot run: there is no job missing: deploy it, or take it out of the release policy", traffic: onlyA},
		"nothing runs jobs": {arrange: func(_ *jobs, c *rollout.Controller) { c.Jobs = nil }, outcome: rollout.Failed,
			why: "the before hook cannot run: nothing here runs the job migrate", traffic: onlyA},
		"the API is out of reach": {arrange: func(j *jobs, _ *rollout.Controller) {
			j.writing = func() { j.broken = rollout.ErrUnavailable }
		}, outcome: rollout.Interrupted, traffic: onlyA, unnamed: true,
			why: "the API is out of reach for 30s: the API did not answer: resume with `release rollout web`, or end the rollout with `release " +
				"rollback web`"},
		"the API goes out of reach while the migration runs": {fates: []fate{{time.Hour, hooks.Succeeded}}, arrange: func(j *jobs,
			_ *rollout.Controller) {
			j.before = func() {
				if len(j.executions) > 0 {
					j.broken = rollout.ErrUnavailable
				}
			}
		}, outcome: rollout.Interrupted, traffic: "web-a=100/stable web-b=000/candidate", runs: 1, left: 1,
			why: "the API is out of reach for 30s: the API did not answer: resume with `release rollout web`, or end the rollout with `release " +
				"rollback web`"},
		"the smoke test fails": {fates: []fate{{time.Second, hooks.Succeeded}, {time.Second, hooks.Failed}}, outcome: rollout.RolledBack,
			why: "the after hook smoke: failed (execution smoke-2); its log: https://log", traffic: rejected, runs: 2},
		"the smoke test fails, and a person decides": {fates: []fate{{time.Second, hooks.Succeeded}, {time.Second, hooks.Failed}},
			arrange: func(_ *jobs, c *rollout.Controller) { c.Policy.Hooks.After[0].OnFailure = hooks.Hold }, outcome: rollout.Held,
			why:     "the after hook smoke: failed (execution smoke-2); its log: https://log",
			traffic: "web-a=000/stable web-b=100/candidate web-b=000/shifted", runs: 2},
		"the candidate breaks while the smoke test runs": {revision: revision{badFrom: 135 * time.Second},
			fates:   []fate{{time.Second, hooks.Succeeded}, {time.Hour, hooks.Succeeded}},
			arrange: func(_ *jobs, c *rollout.Controller) { c.Policy.Hooks.After[0].Timeout = time.Hour },
			outcome: rollout.RolledBack, why: "3 probes of the candidate's URL in a row failed, the last one: status 500", traffic: rejected,
			runs: 2, left: 1},
		"the journal cannot be written": {arrange: func(j *jobs, _ *rollout.Controller) {
			j.writing = func() { j.solo.broken = errors.New("disk full") }
		}, outcome: rollout.Failed, why: "write the journal: disk full", traffic: onlyA, unnamed: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j, c := hooked(test.revision, test.fates...)
			if test.arrange != nil {
				test.arrange(j, c)
			}
			result := c.Rollout(context.Background(), rollout.Request{})
			assert.Equal(t, test.outcome, result.Outcome, result.Why)
			assert.Contains(t, result.Why, test.why)
			assert.Equal(t, map[bool]string{false: "web-b"}[test.unnamed], result.Candidate)
			assert.Equal(t, test.traffic, list(j.service.Desired))
			assert.Len(t, j.executions, test.runs)
			running := 0
			for _, one := range j.executions {
				if !one.cancelled && one.created+one.fate.takes > j.now {
					running++
				}
			}
			assert.Equal(t, test.left, running)
		})
	}
}

// TestResumeFindsARunningHook kills a controller in a hook. The next one finds the execution, and does not start another.
func TestResumeFindsARunningHook(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fates   []fate
		after   time.Duration // The time until the resume.
		outcome rollout.Outcome
		lines   []string // The journal's lines of the second run, up to the first shift.
	}{
		"while it runs": {fates: []fate{{time.Minute, hooks.Succeeded}}, outcome: rollout.Released,
			lines: []string{"before migrate found migrate-1", "before migrate succeeded migrate-1", "shift 10"}},
		"after it succeeded": {fates: []fate{{15 * time.Second, hooks.Succeeded}}, after: time.Minute, outcome: rollout.Released,
			lines: []string{"before migrate found migrate-1", "before migrate succeeded migrate-1", "shift 10"}},
		"after it failed": {fates: []fate{{15 * time.Second, hooks.Failed}}, after: time.Minute, outcome: rollout.RolledBack,
			lines: []string{"before migrate found migrate-1", "before migrate failed migrate-1", "rollback 0"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j, c := hooked(revision{}, test.fates...)
			ctx, kill := context.WithCancel(context.Background())
			j.before = func() {
				if len(j.executions) > 0 && j.now > j.executions[0].created+5*time.Second {
					kill()
				}
			}
			result := c.Rollout(ctx, rollout.Request{})
			require.Equal(t, rollout.Interrupted, result.Outcome, result.Why)
			assert.Equal(t, "the before hook migrate goes on by itself (execution migrate-1)", result.Why[len(result.Why)-1])
			j.before, j.events = nil, nil
			j.pass(j.now + test.after)
			result = c.Rollout(context.Background(), rollout.Request{})
			assert.Equal(t, test.outcome, result.Outcome, result.Why)
			assert.Equal(t, test.lines, j.lines()[:3])
			migrations := 0
			for _, one := range j.executions {
				if one.job == "migrate" {
					migrations++
				}
			}
			assert.Equal(t, 1, migrations, "a migration runs once")
		})
	}
}

// TestRetryRunsHooksAgain releases with --retry a revision that was rolled back because of its migration. The migration runs again.
func TestRetryRunsHooksAgain(t *testing.T) {
	t.Parallel()
	j, c := hooked(revision{}, fate{time.Second, hooks.Failed})
	assert.Equal(t, rollout.RolledBack, c.Rollout(context.Background(), rollout.Request{}).Outcome)
	refused := c.Rollout(context.Background(), rollout.Request{})
	assert.Equal(t, rollout.Refused, refused.Outcome, refused.Why)
	assert.Len(t, j.executions, 1)
	result := c.Rollout(context.Background(), rollout.Request{Retry: true})
	assert.Equal(t, rollout.Released, result.Outcome, result.Why)
	assert.Len(t, j.executions, 3)
}

func TestProceedAfterAFailedSmokeTest(t *testing.T) {
	t.Parallel()
	j, c := hooked(revision{}, fate{time.Second, hooks.Succeeded}, fate{time.Second, hooks.Failed})
	c.Policy.Hooks.After[0].OnFailure = hooks.Hold
	require.Equal(t, rollout.Held, c.Rollout(context.Background(), rollout.Request{}).Outcome)
	again := c.Rollout(context.Background(), rollout.Request{})
	assert.Equal(t, rollout.Held, again.Outcome, "without a decision the rollout stays held")
	result := c.Rollout(context.Background(), rollout.Request{Proceed: true})
	assert.Equal(t, rollout.Released, result.Outcome, result.Why)
	assert.Len(t, j.executions, 2, "the smoke test did not run again")
	assert.Contains(t, j.lines(), "after smoke accepted smoke-2")

	// If a person proceeds at the last step because data is missing, the smoke test still runs.
	j, c = hooked(revision{}, fate{time.Second, hooks.Succeeded}, fate{time.Second, hooks.Failed})
	j.serves(of("web-a", 0, "stable"), of("web-b", 100, "candidate"), of("web-b", 0, "shifted"))
	c.Policy.Inconclusive = rollout.Hold
	result = c.Rollout(context.Background(), rollout.Request{Proceed: true})
	assert.Equal(t, rollout.Released, result.Outcome, result.Why)
	assert.Len(t, j.executions, 1, "only the migration has run")
	j, c = hooked(revision{}, fate{time.Second, hooks.Failed})
	j.serves(of("web-a", 0, "stable"), of("web-b", 100, "candidate"), of("web-b", 0, "shifted"))
	result = c.Rollout(context.Background(), rollout.Request{Proceed: true})
	assert.Equal(t, rollout.RolledBack, result.Outcome, result.Why)
}

// TestRollbackDoesNotWaitForHooks rolls back while a hook runs. The rollout that waits for the hook notices, and reports that the
// execution goes on.
func TestRollbackDoesNotWaitForHooks(t *testing.T) {
	t.Parallel()
	j, c := hooked(revision{}, fate{time.Hour, hooks.Succeeded})
	back := j.controller()
	back.Jobs = nil
	done := false
	j.before = func() {
		if !done && len(j.executions) > 0 && j.now > j.executions[0].created+5*time.Second {
			done = true
			result := back.Rollback(context.Background(), rollout.Back{Why: "a drill"})
			assert.Equal(t, rollout.RolledBack, result.Outcome, result.Why)
		}
	}
	result := c.Rollout(context.Background(), rollout.Request{})
	assert.Equal(t, rollout.Superseded, result.Outcome, result.Why)
	assert.Equal(t, "the before hook migrate goes on by itself (execution migrate-1)", result.Why[len(result.Why)-1])
	assert.Equal(t, rejected, list(j.service.Desired))
	assert.Equal(t, plan.Idle, plan.Read(j.service).Phase)
}
