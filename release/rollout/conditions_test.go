package rollout_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/release/health"
	"github.com/guiofsaints/procureflow-platform/release/hooks"
	"github.com/guiofsaints/procureflow-platform/release/plan"
	"github.com/guiofsaints/procureflow-platform/release/rollout"
)

func TestPolicyIsChecked(t *testing.T) {
	t.Parallel()
	steps := func(percents ...int) func(*rollout.Policy) {
		return func(p *rollout.Policy) {
			p.Steps = nil
			for _, percent := range percents {
				p.Steps = append(p.Steps, rollout.Step{Percent: percent, Bake: time.Minute})
			}
		}
	}
	for name, test := range map[string]struct {
		change func(*rollout.Policy)
		wrong  string
	}{
		"the policy unchanged":       {func(*rollout.Policy) {}, ""},
		"one step":                   {steps(100), ""},
		"from 1 to 100":              {steps(1, 2, 99, 100), ""},
		"no steps":                   {steps(), "the last step has to be 100 %"},
		"the last step is not 100 %": {steps(10, 99), "the last step has to be 100 %"},
		"descending":                 {steps(50, 10, 100), "step 10 %: steps ascend from 1 to 100"},
		"repeated":                   {steps(10, 10, 100), "step 10 %: steps ascend from 1 to 100"},
		"two steps of 100 %":         {steps(100, 100), "step 100 %: steps ascend from 1 to 100"},
		"from 0":                     {steps(0, 100), "step 0 %: steps ascend from 1 to 100"},
		"negative":                   {steps(-1, 100), "step -1 %: steps ascend from 1 to 100"},
		"beyond 100":                 {steps(101, 100), "step 101 %: steps ascend from 1 to 100\nstep 100 %: steps ascend from 1 to 100"},
		"negative bake":              {func(p *rollout.Policy) { p.Steps[0].Bake = -1 }, "step 10 %: the bake is negative"},
		"pace":                       {func(p *rollout.Policy) { p.Before = 0 }, "probe.pace has to be longer than 0"},
		"interval":                   {func(p *rollout.Policy) { p.Interval = 0 }, "probe.interval has to be longer than 0"},
		"settle":                     {func(p *rollout.Policy) { p.Settle = 0 }, "settle has to be longer than 0"},
		"blind":                      {func(p *rollout.Policy) { p.Blind = 0 }, "blind has to be longer than 0"},
		"candidate wait":             {func(p *rollout.Policy) { p.CandidateWait = 0 }, "candidateWait has to be longer than 0"},
		"metrics":                    {func(p *rollout.Policy) { p.MetricsEvery = -1 }, "metrics.every has to be longer than 0"},
		"no probes": {func(p *rollout.Policy) { p.Probes.Probes = 0 },
			"probe.count is 0: at least one probe has to be good before traffic"},
		"one probe":        {func(p *rollout.Policy) { p.Probes.Probes = 1 }, ""},
		"consecutive is 0": {func(p *rollout.Policy) { p.Probes.Consecutive = 0 }, "probe.consecutive is 0: use at least 1"},
		"consecutive is 1": {func(p *rollout.Policy) { p.Probes.Consecutive = 1 }, ""},
		"a hook": {func(p *rollout.Policy) { p.Hooks.Before = []hooks.Hook{{Job: "migrate"}} },
			"before[0]: timeout has to be longer than 0"},
		"inconclusive": {func(p *rollout.Policy) { p.Inconclusive = "" }, `inconclusive is "": use hold, proceed or rollback`},
	} {
		policy := testPolicy()
		test.change(&policy)
		if err := policy.Validate(); test.wrong == "" {
			assert.NoError(t, err, name)
		} else {
			assert.EqualError(t, err, test.wrong, name)
		}
	}
}

// TestResumeAtAPercent resumes a rollout. At a percent that is not a step of the policy, too, the candidate has to stay healthy for as long
// as in the first step, and only once.
func TestResumeAtAPercent(t *testing.T) {
	t.Parallel()
	for percent, want := range map[int][]string{
		5:  {"shift web-a=090/stable web-b=010/candidate web-b=000/shifted"},
		10: {"shift web-a=050/stable web-b=050/candidate web-b=000/shifted"},
		30: {"shift web-a=050/stable web-b=050/candidate web-b=000/shifted"},
		99: {"shift web-a=000/stable web-b=100/candidate web-b=000/shifted"},
	} {
		s := deployed(revision{})
		s.serves(of("web-a", 100-percent, "stable"), of("web-b", percent, "candidate"), of("web-b", 0, "shifted"))
		var first time.Duration
		s.writing = func() {
			if first == 0 {
				first = s.now
			}
		}
		result := s.controller().Rollout(context.Background(), rollout.Request{})
		assert.Equal(t, rollout.Released, result.Outcome, result.Why)
		assert.Equal(t, testPolicy().Steps[0].Bake+time.Second, first, "%d %%: the bake, and the API's second", percent)
		assert.Equal(t, want[0], s.transitions()[0])
	}
}

// TestRollbackIfActive checks a workflow's clean-up step. It ends an active rollout in any phase, and changes nothing else.
func TestRollbackIfActive(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		traffic []plan.Target
		outcome rollout.Outcome
	}{
		"prepared":      {[]plan.Target{of("web-a", 100, "stable"), of("web-b", 0, "candidate")}, rollout.RolledBack},
		"shifting":      {[]plan.Target{of("web-a", 90, "stable"), of("web-b", 10, "candidate"), of("web-b", 0, "shifted")}, rollout.RolledBack},
		"full":          {[]plan.Target{of("web-a", 0, "stable"), of("web-b", 100, "candidate"), of("web-b", 0, "shifted")}, rollout.RolledBack},
		"withdrawn":     {[]plan.Target{of("web-a", 100, "stable"), of("web-b", 0, "candidate"), of("web-b", 0, "shifted")}, rollout.RolledBack},
		"finished":      {[]plan.Target{of("web-b", 100, "stable"), of("web-a", 0, "previous")}, rollout.Nothing},
		"split by hand": {[]plan.Target{of("web-a", 60, "stable"), of("web-b", 40, "")}, rollout.Nothing},
	} {
		s := deployed(revision{})
		s.pass(time.Minute)
		s.serves(test.traffic...)
		result := s.controller().Rollback(context.Background(), rollout.Back{IfActive: true})
		assert.Equal(t, test.outcome, result.Outcome, "%s: %v", name, result.Why)
		if test.outcome == rollout.Nothing {
			assert.Equal(t, 0, s.writes, name)
		} else {
			assert.Equal(t, "web-a=100/stable web-b=000/rejected", list(s.service.Desired), name)
		}
	}
}

// TestOnlyAPersonsRollbackOverwrites checks a write of somebody else in the meantime. A person's rollback overwrites it, and a
// gate's does not.
func TestOnlyAPersonsRollbackOverwrites(t *testing.T) {
	t.Parallel()
	meanwhile := func(s *solo) func() {
		return func() {
			if last := len(s.events) - 1; last >= 0 && s.events[last].Kind == "rollback" && s.events[last].Answer == "sent" &&
				s.revisions["web-c"] == nil {
				s.revisions["web-c"] = &revision{}
				require.NoError(t, s.shift(s.service.Etag, []plan.Target{of("web-c", 100, "")}))
			}
		}
	}
	s := deployed(revision{})
	s.pass(time.Minute)
	s.serves(of("web-b", 100, "stable"), of("web-a", 0, "previous"))
	s.writing = meanwhile(s)
	result := s.controller().Rollback(context.Background(), rollout.Back{})
	assert.Equal(t, rollout.RolledBack, result.Outcome, result.Why)
	assert.Equal(t, "web-a=100/stable web-c=000/rejected web-b=000/rejected2", list(s.service.Desired))

	s = deployed(revision{badFrom: 30 * time.Second})
	s.writing = meanwhile(s)
	result = s.controller().Rollout(context.Background(), rollout.Request{})
	assert.Equal(t, rollout.Superseded, result.Outcome, result.Why)
	assert.Equal(t, "web-c=100", list(s.service.Desired))
}

// failingReads answers some reads with an error.
type failingReads struct {
	*solo
	fails func(read int) error
}

func (f failingReads) Read(ctx context.Context) (plan.Service, error) {
	service, err := f.solo.Read(ctx)
	if failed := f.fails(f.reads); failed != nil {
		return plan.Service{}, failed
	}
	return service, err
}

// TestGuardThatCannotRead checks that a guard that cannot read the service before does not run its command, and that one that cannot
// read it afterwards is unconfirmed. The command's own error is returned as well.
func TestGuardThatCannotRead(t *testing.T) {
	t.Parallel()
	forbidden, failed := errors.New("403 forbidden"), errors.New("up failed")
	s := deployed(revision{})
	controller := s.controller()
	controller.Service = failingReads{s, func(int) error { return forbidden }}
	ran := false
	result, err := controller.Guard(context.Background(), func(context.Context) error { ran = true; return nil })
	assert.NoError(t, err)
	assert.Equal(t, rollout.Failed, result.Outcome)
	assert.Equal(t, []string{"read the service: 403 forbidden"}, result.Why)
	assert.False(t, ran)

	s = deployed(revision{})
	s.pass(time.Minute)
	controller = s.controller()
	controller.Service = failingReads{s, func(read int) error {
		if read > 1 {
			return forbidden
		}
		return nil
	}}
	result, err = controller.Guard(context.Background(), func(context.Context) error { ran = true; return failed })
	assert.ErrorIs(t, err, failed)
	assert.Equal(t, rollout.Unconfirmed, result.Outcome)
	assert.Equal(t, []string{"read the service after the command: 403 forbidden"}, result.Why)
	assert.True(t, ran)

	s = deployed(revision{})
	s.pass(time.Minute)
	s.serves(of("web-a", 100, "stable"))
	result, err = s.controller().Guard(context.Background(), func(context.Context) error {
		err := s.shift(s.service.Etag, []plan.Target{of("web-b", 100, "")})
		s.pass(s.now + time.Minute)
		s.stick = true
		return errors.Join(err, failed)
	})
	assert.ErrorIs(t, err, failed)
	assert.Equal(t, rollout.Unconfirmed, result.Outcome)
	assert.Equal(t, []string{"the command changed the traffic from web-a 100 % to web-b 100 %",
		"it is not put back: the write had no effect, the traffic is web-b 100 %: " +
			"The traffic was not moved to the desired split."}, result.Why)

	s = deployed(revision{})
	controller = s.controller()
	controller.Service = failingReads{s, func(int) error { return rollout.ErrNotFound }}
	result, err = controller.Guard(context.Background(), func(context.Context) error { return failed })
	assert.ErrorIs(t, err, failed)
	assert.Equal(t, rollout.Nothing, result.Outcome, "a missing service has no traffic to guard")
}

// TestRunWaitsOnlyForPendingChanges checks that a run waits for a change that is taking effect, for no longer than one may take, and
// not for anything else.
func TestRunWaitsOnlyForPendingChanges(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		reconciling, diverged bool
		waits                 bool
	}{
		"at rest":                                {false, false, false},
		"busy with something else":               {true, false, false},
		"its effect failed":                      {false, true, false},
		"takes effect for longer than the limit": {true, true, true},
	} {
		s := deployed(revision{})
		s.pass(time.Minute)
		s.serves(of("web-a", 100, "stable"))
		s.service.Reconciling = test.reconciling
		if test.diverged {
			s.service.Desired = []plan.Target{of("web-a", 100, "stable"), of("web-b", 0, "pr-1")}
		}
		begun, ran := s.now, time.Duration(0)
		_, err := s.controller().Guard(context.Background(), func(context.Context) error { ran = s.now; return nil })
		require.NoError(t, err)
		switch {
		case test.waits:
			assert.Greater(t, ran-begun, testPolicy().Settle, name)
			assert.Less(t, ran-begun, testPolicy().Settle+2*testPolicy().Interval, name)
		case ran > 0:
			assert.Equal(t, begun, ran, name)
		}
	}
}

// shown changes what reads of the service show.
type shown struct {
	*solo
	change func(*plan.Service)
}

func (b shown) Read(ctx context.Context) (plan.Service, error) {
	service, err := b.solo.Read(ctx)
	b.change(&service)
	return service, err
}

// TestRollbackIsDoneWhenRequestsAreBack checks that a rollback does not wait for anything else that keeps the service busy, such as
// a revision that does not become ready. While the API is not done, four reads in a row have to show the split, because a single
// read may be older than the write.
func TestRollbackIsDoneWhenRequestsAreBack(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*plan.Service)
		reads  int
	}{
		"at rest":           {func(*plan.Service) {}, 6},
		"busy":              {func(s *plan.Service) { s.Reconciling = true }, 9},
		"not yet observed":  {func(s *plan.Service) { s.Reconciling, s.Observed = false, s.Generation-1 }, 9},
		"busy, as observed": {func(s *plan.Service) { s.Reconciling, s.Observed = true, s.Generation }, 9},
	} {
		s := deployed(revision{})
		s.pass(time.Minute)
		s.serves(of("web-b", 100, "stable"), of("web-a", 0, "previous"))
		controller := s.controller()
		controller.Service = shown{s, test.change}
		s.reads = 0
		result := controller.Rollback(context.Background(), rollout.Back{})
		assert.Equal(t, rollout.RolledBack, result.Outcome, "%s: %v", name, result.Why)
		assert.Equal(t, test.reads, s.reads, name)
		assert.Equal(t, map[string]string{"web-a": "registry/web@" + digest("web-a")}, result.Images, name)
	}
}

// TestRollbackWithoutEffectGivesUp checks that a rollback waits for three seconds after the API is done.
func TestRollbackWithoutEffectGivesUp(t *testing.T) {
	t.Parallel()
	s := deployed(revision{})
	s.pass(time.Minute)
	s.serves(of("web-a", 100, "stable"))
	s.stick = true
	begun := s.now
	result := s.controller().Rollback(context.Background(), rollout.Back{To: "web-b"})
	assert.Equal(t, rollout.Unconfirmed, result.Outcome, result.Why)
	assert.Equal(t, 4200*time.Millisecond, s.now-begun, "1.2 s until the API is done, and 3 s after that")
}

// TestGuardOfDesiredTraffic checks that a guard restores the desired traffic as well as the effective one, and that a service on
// which nothing is effective yet may become ready.
func TestGuardOfDesiredTraffic(t *testing.T) {
	t.Parallel()
	s := deployed(revision{})
	s.pass(time.Minute)
	s.serves(of("web-a", 100, "stable"))
	result, err := s.controller().Guard(context.Background(), func(context.Context) error {
		s.service.Desired = []plan.Target{of("web-a", 100, "stable"), of("web-b", 0, "pr-1")}
		return nil
	})
	require.NoError(t, err)
	assert.Equal(t, rollout.RolledBack, result.Outcome)
	assert.Equal(t, []string{"the command changed the wanted traffic or its tags: web-a 100 % (stable) became web-a 100 % (stable), " +
		"web-b 0 % (pr-1)"}, result.Why)
	assert.Equal(t, "web-a=100/stable", list(s.service.Desired))

	s = deployed(revision{})
	s.pass(time.Minute)
	s.serves(of("web-a", 100, "stable"))
	s.broken = errors.New("disk full")
	result, err = s.controller().Guard(context.Background(), func(context.Context) error {
		return s.shift(s.service.Etag, []plan.Target{of("web-b", 100, "")})
	})
	require.NoError(t, err)
	assert.Equal(t, rollout.RolledBack, result.Outcome, "%v: the traffic is restored without a journal as well", result.Why)

	s = deployed(revision{})
	s.pass(time.Minute)
	s.service.Desired, s.service.Effective = []plan.Target{of("web-a", 100, "stable")}, nil
	result, err = s.controller().Guard(context.Background(), func(context.Context) error {
		s.serves(of("web-a", 100, "stable"))
		return nil
	})
	require.NoError(t, err)
	assert.Equal(t, rollout.Nothing, result.Outcome, result.Why)
}

// TestGuardOutlivesASignal checks that a signal ends the command, and that the traffic is put back nevertheless.
func TestGuardOutlivesASignal(t *testing.T) {
	t.Parallel()
	s := deployed(revision{})
	s.pass(time.Minute)
	s.serves(of("web-a", 100, "stable"))
	ctx, signal := context.WithCancel(context.Background())
	result, err := s.controller().Guard(ctx, func(ctx context.Context) error {
		err := s.shift(s.service.Etag, []plan.Target{of("web-b", 100, "")})
		signal()
		return errors.Join(err, ctx.Err())
	})
	assert.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, rollout.RolledBack, result.Outcome, result.Why)
	assert.Equal(t, "web-a=100/stable", list(s.service.Desired))
}

// answering answers writes with errors, one after another, and then makes them.
type answering struct {
	*solo
	errs []error
}

func (a *answering) Shift(ctx context.Context, etag string, traffic []plan.Target) error {
	if len(a.errs) == 0 {
		return a.solo.Shift(ctx, etag, traffic)
	}
	err := a.errs[0]
	a.errs = a.errs[1:]
	return err
}

// TestJournalHasEachAnswer checks what the journal says about a write that is tried again, or refused.
func TestJournalHasEachAnswer(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		errs []error
		want string
	}{
		{[]error{rollout.ErrConflict, rollout.ErrUnavailable}, "sent conflict sent unavailable sent accepted"},
		{[]error{errors.New("403 forbidden")}, "sent refused"},
	} {
		s := deployed(revision{})
		controller := s.controller()
		controller.Service = &answering{s, test.errs}
		controller.Rollout(context.Background(), rollout.Request{})
		var answers []string
		for _, event := range s.events {
			if event.Kind == "pin" {
				answers = append(answers, event.Answer)
			}
		}
		assert.Equal(t, test.want, strings.Join(answers, " "))
	}
}

// stumbling is a prober of a candidate. Once it has traffic, some of its answers in a row fail, again and again.
type stumbling struct {
	*solo
	row, every, asked int
}

func (s *stumbling) Probe(ctx context.Context, probes []rollout.Probe) []health.Sample {
	samples := s.solo.Probe(ctx, probes)
	for i := range samples {
		if samples[i].Endpoint != health.Candidate {
			continue
		}
		if s.asked++; s.asked > 40 && s.asked%s.every < s.row {
			samples[i].Status, samples[i].Fault, samples[i].Errors = 500, "/: status 500", 1
		}
	}
	return samples
}

// TestFailuresInARowHaveOneCause checks that failures in a row count once as evidence under traffic, because they may have one cause. The
// policy allows 5 %.
func TestFailuresInARowHaveOneCause(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		row, every int
		want       rollout.Outcome
	}{{1, 24, rollout.Released}, {2, 24, rollout.Released}, {1, 12, rollout.Held}, {2, 12, rollout.Held}} {
		s := deployed(revision{})
		controller := s.controller()
		controller.Prober = &stumbling{solo: s, row: test.row, every: test.every}
		result := controller.Rollout(context.Background(), rollout.Request{})
		assert.Equal(t, test.want, result.Outcome, "%d of %d probes fail: %v", test.row, test.every, result.Why)
	}
}

// TestJournalHasEveryProbe checks that each probe is in the journal once, in lines at least five seconds apart and before each
// decision. A verdict stands even if the journal cannot be written.
func TestJournalHasEveryProbe(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		revision revision
		full     time.Duration // when the journal's disk becomes full; 0 for never
		outcome  rollout.Outcome
		saved    []int // the number of probes in each line
	}{
		"a healthy candidate": {revision{}, 0, rollout.Released, []int{20, 20, 20, 2, 12, 10, 10, 10, 2, 12, 10, 10, 10, 2, 12, 10, 10, 10, 2}},
		"bad":                 {revision{badFrom: 30 * time.Second}, 0, rollout.RolledBack, []int{20, 20, 20, 2, 12, 10, 10, 2}},
		"a bad candidate, and a full disk": {revision{badFrom: 30 * time.Second}, 32 * time.Second, rollout.RolledBack,
			[]int{20, 20, 20, 2, 12, 10, 10, 2}},
		"a healthy candidate, and a full disk": {revision{}, 33 * time.Second, rollout.RolledBack,
			[]int{20, 20, 20, 2, 12, 10, 10, 10}},
	} {
		s := deployed(test.revision)
		s.before = func() {
			if test.full > 0 && s.now >= test.full {
				s.broken = errors.New("disk full")
			}
		}
		result := s.controller().Rollout(context.Background(), rollout.Request{})
		assert.Equal(t, test.outcome, result.Outcome, "%s: %v", name, result.Why)
		var saved []int
		var decided []string
		for _, event := range s.events {
			switch {
			case event.Kind == "probes":
				saved = append(saved, len(event.Samples))
			case event.Kind == "decide":
				decided = event.Why[1:] // after the outcome
			case event.Kind == "shift" && event.Answer == "sent":
				assert.Equal(t, decided, event.Why, "%s: a shift to %d %% has the reasons of the gate before it", name, event.Percent)
			}
		}
		assert.Equal(t, test.saved, saved, name)
	}
}

// TestJournalSaysUntilWhen checks the end that the journal's lines name: first that of the bake, then that of the wait for more data.
func TestJournalSaysUntilWhen(t *testing.T) {
	t.Parallel()
	s := deployed(revision{})
	controller := s.controller()
	controller.Policy.Inconclusive = rollout.Hold
	result := controller.Rollout(context.Background(), rollout.Request{})
	assert.Equal(t, rollout.Held, result.Outcome, result.Why)
	var ends []time.Duration
	for _, event := range s.events {
		if event.Kind != "probes" || event.Until == nil {
			continue
		}
		if end := event.Until.Sub(epoch); len(ends) == 0 || ends[len(ends)-1] != end {
			ends = append(ends, end)
		}
	}
	assert.Equal(t, []time.Duration{37500 * time.Millisecond, 67500 * time.Millisecond}, ends, "a hold of %s", testPolicy().HoldFor)
}
