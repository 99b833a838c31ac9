package plan

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

// t1 returns a target from revision, percent and tag, which reads best in tables.
func t1(revision string, percent int, tag string) Target {
	return Target{Revision: revision, Percent: percent, Tag: tag}
}

// web returns a settled service with a traffic list that is in effect. b is its newest revision.
func web(list ...Target) Service {
	return Service{Name: "web", LatestReady: "b", LatestCreated: "b", Generation: 3, Observed: 3, Desired: list, Effective: list}
}

func TestSame(t *testing.T) {
	t.Parallel()
	latest := []Target{{Latest: true, Percent: 100}}
	for name, test := range map[string]struct {
		a, b []Target
		want bool
	}{
		"equal":                          {[]Target{t1("a", 100, "")}, []Target{t1("a", 100, "")}, true},
		"order":                          {[]Target{t1("a", 90, ""), t1("b", 10, "")}, []Target{t1("b", 10, ""), t1("a", 90, "")}, true},
		"the tag in an entry of its own": {[]Target{t1("a", 100, "stable")}, []Target{t1("a", 0, "stable"), t1("a", 100, "")}, true},
		"percent in two entries":         {[]Target{t1("a", 60, "x"), t1("a", 40, "")}, []Target{t1("a", 100, "x")}, true},
		"untagged zero":                  {[]Target{t1("a", 100, ""), t1("b", 0, "")}, []Target{t1("a", 100, "")}, true},
		"latest resolved":                {latest, []Target{t1("b", 100, "")}, true},
		"an empty list means latest":     {nil, latest, true},
		"other percent":                  {[]Target{t1("a", 90, ""), t1("b", 10, "")}, []Target{t1("a", 50, ""), t1("b", 50, "")}, false},
		"tag on another revision":        {[]Target{t1("a", 100, ""), t1("b", 0, "x")}, []Target{t1("a", 100, "x")}, false},
		"tag missing":                    {[]Target{t1("a", 100, "x")}, []Target{t1("a", 100, "")}, false},
		"revision named like a tag":      {[]Target{t1("a", 100, "b")}, []Target{t1("a", 50, ""), t1("b", 50, "")}, false},
		"same size, different revisions": {[]Target{t1("a", 100, "")}, []Target{t1("c", 100, "")}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, web().Same(test.a, test.b))
			assert.Equal(t, test.want, web().Same(test.b, test.a))
		})
	}
}

func TestSettled(t *testing.T) {
	t.Parallel()
	want := []Target{t1("a", 90, "stable"), t1("b", 10, "candidate")}
	other := []Target{t1("a", 100, "stable"), t1("b", 0, "candidate")}
	assert.True(t, web(want...).Settled(want))
	for name, change := range map[string]func(*Service){
		"reconciling":         func(s *Service) { s.Reconciling = true },
		"not observed":        func(s *Service) { s.Observed = 2 },
		"effective differs":   func(s *Service) { s.Effective = other },
		"desired overwritten": func(s *Service) { s.Desired = other },
	} {
		s := web(want...)
		change(&s)
		assert.False(t, s.Settled(want), name)
	}
}

func TestTagURL(t *testing.T) {
	t.Parallel()
	s := web(t1("a", 100, "stable"), Target{Revision: "b", Tag: "candidate", URI: "https://candidate---web"})
	assert.Equal(t, "https://candidate---web", s.TagURL("candidate", "b"))
	assert.Empty(t, s.TagURL("candidate", "c"), "the tag still belongs to the candidate of an older rollout")
	assert.Empty(t, s.TagURL("rejected", "b"))
}

func TestLargest(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		list    []Target
		want    string
		percent int
	}{
		"a tag-only entry first":     {[]Target{t1("b", 0, "x"), t1("a", 100, "")}, "a", 100},
		"summed over entries":        {[]Target{t1("b", 40, ""), t1("a", 30, "x"), t1("a", 30, "")}, "a", 60},
		"tie":                        {[]Target{t1("a", 50, ""), t1("b", 50, "")}, "", 50},
		"latest":                     {[]Target{{Latest: true, Percent: 100}}, "b", 100},
		"an empty list means latest": {nil, "b", 100},
	} {
		revision, percent := web().Largest(test.list)
		assert.Equal(t, test.want, revision, name)
		assert.Equal(t, test.percent, percent, name)
	}
	revision, percent := Service{}.Largest(nil)
	assert.Equal(t, "", revision)
	assert.Equal(t, 0, percent)
}

func TestRead(t *testing.T) {
	t.Parallel()
	diverged := func(s Service, effective ...Target) Service { s.Effective = effective; return s }
	for name, test := range map[string]struct {
		service Service
		want    State
	}{
		"first revision by name": {web(t1("a", 100, "")), State{Phase: Idle, Stable: "a"}},
		"follows the latest":     {web(Target{Latest: true, Percent: 100}), State{Phase: Idle, Stable: "b"}},
		"after a rollout": {web(t1("b", 100, "stable"), t1("a", 0, "previous"), t1("r", 0, "rejected")),
			State{Phase: Idle, Stable: "b", Previous: "a", Rejected: []string{"r"}}},
		"nothing serves yet": {diverged(Service{Desired: []Target{t1("a", 100, "")}}), State{Phase: Idle, Stable: "a", Diverged: true}},
		"prepared": {web(t1("a", 100, "stable"), t1("b", 0, "candidate")),
			State{Phase: Prepared, Stable: "a", Candidate: "b"}},
		"shifting": {web(t1("a", 90, "stable"), t1("b", 10, "candidate"), t1("b", 0, "shifted")),
			State{Phase: Shifting, Stable: "a", Candidate: "b", Percent: 10}},
		"full": {web(t1("a", 0, "stable"), t1("b", 100, "candidate"), t1("b", 0, "shifted")),
			State{Phase: Full, Stable: "a", Candidate: "b", Percent: 100}},
		"written apart, as gcloud does": {web(t1("a", 90, ""), t1("b", 10, ""), t1("a", 0, "stable"), t1("b", 0, "candidate"),
			t1("b", 0, "shifted")),
			State{Phase: Shifting, Stable: "a", Candidate: "b", Percent: 10}},
		"taken back with gcloud": {web(t1("a", 100, ""), t1("a", 0, "stable"), t1("b", 0, "candidate"), t1("b", 0, "shifted")),
			State{Phase: Withdrawn, Stable: "a", Candidate: "b"}},
		"shift that did not take effect": {
			diverged(web(t1("a", 90, "stable"), t1("b", 10, "candidate"), t1("b", 0, "shifted")), t1("a", 100, "stable"), t1("b", 0, "candidate")),
			State{Phase: Shifting, Stable: "a", Candidate: "b", Percent: 10, Diverged: true}},
		"a percent by hand without a gate": {web(t1("a", 90, "stable"), t1("b", 10, "candidate")),
			State{Phase: Unknown, Stable: "a", Candidate: "b", Percent: 10}},
		"a third revision": {web(t1("a", 80, "stable"), t1("b", 10, "candidate"), t1("b", 0, "shifted"), t1("c", 10, "")),
			State{Phase: Unknown, Stable: "a", Candidate: "b", Percent: 10}},
		"candidate without stable": {web(t1("a", 100, ""), t1("b", 0, "candidate")), State{Phase: Unknown, Candidate: "b"}},
		"candidate tagged stable too": {web(t1("b", 100, "stable"), t1("b", 0, "candidate")),
			State{Phase: Unknown, Stable: "b", Candidate: "b", Percent: 100}},
		"split by hand": {web(t1("a", 60, ""), t1("b", 40, "")), State{Phase: Unknown, Stable: "a"}},
		"rolled back with gcloud after the end": {web(t1("a", 100, ""), t1("b", 0, "stable"), t1("a", 0, "previous")),
			State{Phase: Idle, Stable: "a", Previous: "a", Displaced: "b"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, Read(test.service))
		})
	}
}

func TestFindings(t *testing.T) {
	t.Parallel()
	written := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	shifting := []Target{t1("a", 90, "stable"), t1("b", 10, "candidate"), t1("b", 0, "shifted")}
	for name, test := range map[string]struct {
		desired, effective []Target // effective is nil if it equals desired
		failure            string
		age                time.Duration
		want               []string
	}{
		"after a rollout, long ago":     {desired: []Target{t1("b", 100, "stable"), t1("a", 0, "previous")}, age: 1000 * time.Hour},
		"rolled back with another tool": {desired: []Target{t1("a", 100, ""), t1("b", 0, "stable")}, age: 1000 * time.Hour},
		"a rollout of today":            {desired: shifting, age: 24 * time.Hour},
		"a split that a rollout left for over a day": {desired: shifting, age: 24*time.Hour + 1,
			want: []string{"a rollout of b stands at 10 % since 2026-11-25T12:00:00Z: go on with `release rollout web`, or end it with " +
				"`release rollback web`"}},
		"a candidate at 0 % for over a day": {desired: []Target{t1("a", 100, "stable"), t1("b", 0, "candidate")}, age: 25 * time.Hour,
			want: []string{"a rollout of b stands at 0 % since 2026-11-25T12:00:00Z: go on with `release rollout web`, or end it with " +
				"`release rollback web`"}},
		"taken back with another tool": {desired: []Target{t1("a", 100, "stable"), t1("b", 0, "candidate"), t1("b", 0, "shifted")},
			age: 25 * time.Hour,
			want: []string{"the traffic of b was taken back by hand: end its rollout with `release rollback web`, or start it again " +
				"with `release rollout web --retry`"}},
		"split by hand": {desired: []Target{t1("a", 60, ""), t1("b", 40, "")},
			want: []string{"requests are split by hand (a 60 %, b 40 %): end that with `release rollback web`"}},
		"split evenly by hand": {desired: []Target{t1("a", 50, ""), t1("b", 50, "")},
			want: []string{"requests are split by hand (a 50 %, b 50 %): end that with `release rollback web --to a` or " +
				"`release rollback web --to b`"}},
		"a shift without effect": {desired: shifting, effective: []Target{t1("a", 100, "stable")}, failure: "no capacity",
			want: []string{"it was told a 90 %, b 10 % and serves a 100 % (no capacity): wait if that was just now, else `release rollback web`"}},
		"tags without effect": {desired: []Target{t1("a", 100, "stable"), t1("b", 0, "rejected"), t1("z", 0, "previous")},
			effective: []Target{t1("a", 100, "stable"), t1("z", 0, "previous")},
			failure:   "no capacity", want: []string{"it was told a 100 % (stable), b 0 % (rejected), z 0 % (previous) and serves a 100 % " +
				"(stable), z 0 % (previous) (no capacity): " +
				"wait if that was just now, else `release rollback web --to a`"}},
		"no revision ever served": {desired: []Target{t1("a", 100, "")}, effective: []Target{}, failure: "the image does not start",
			want: []string{"it was told a 100 % and serves nothing (the image does not start): read the logs of that revision"}},
		"the image does not start, for two days": {desired: shifting, effective: []Target{t1("a", 100, "stable")}, age: 48 * time.Hour,
			want: []string{
				"it was told a 90 %, b 10 % and serves a 100 %: wait if that was just now, else `release rollback web`",
				"a rollout of b stands at 10 % since 2026-11-25T12:00:00Z: go on with `release rollout web`, or end it with `release rollback web`"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := web(test.desired...)
			s.Failure, s.Updated = test.failure, written
			if test.effective != nil {
				s.Effective = test.effective
			}
			assert.Equal(t, test.want, Findings(s, written.Add(test.age)))
		})
	}
}

func TestBarred(t *testing.T) {
	t.Parallel()
	assert.True(t, State{Rejected: []string{"z", "b"}}.Barred("b"))
	assert.False(t, State{Rejected: []string{"z", "b"}}.Barred("a"))
	assert.False(t, State{Phase: Withdrawn, Candidate: "b"}.Barred("a"))
	assert.True(t, State{Displaced: "b"}.Barred("b"))
	assert.True(t, State{Phase: Withdrawn, Candidate: "b"}.Barred("b"))
	assert.False(t, State{Phase: Prepared, Candidate: "b"}.Barred("b"))
	assert.False(t, State{}.Barred(""))
}

func TestPin(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		service Service
		pinned  bool
		want    []Target
	}{
		"untagged":  {web(t1("a", 100, "")), false, []Target{t1("a", 100, "stable")}},
		"by latest": {web(Target{Latest: true, Percent: 100}), false, []Target{t1("b", 100, "stable")}},
		"empty":     {web(), false, []Target{t1("b", 100, "stable")}},
		"already":   {web(t1("a", 100, "stable"), t1("x", 0, "pr-1")), true, []Target{t1("a", 100, "stable"), t1("x", 0, "pr-1")}},
		"latest tag": {web(t1("a", 100, ""), Target{Latest: true, Tag: "head"}), false,
			[]Target{t1("a", 100, "stable"), {Latest: true, Tag: "head"}}},
		"moved back": {web(t1("a", 100, ""), t1("b", 0, "stable"), t1("a", 0, "previous")), false,
			[]Target{t1("a", 100, "stable"), t1("b", 0, "rejected")}},
		"moved ahead": {web(t1("b", 100, ""), t1("a", 0, "stable"), t1("z", 0, "previous")), false,
			[]Target{t1("b", 100, "stable"), t1("a", 0, "previous")}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stable := Read(test.service).Stable
			assert.Equal(t, test.pinned, Pinned(test.service))
			assert.Equal(t, test.want, Pin(test.service, stable))
		})
	}
}

func TestBeginShiftFinish(t *testing.T) {
	t.Parallel()
	s := web(t1("a", 100, "stable"), t1("z", 0, "previous"), t1("b", 0, "rejected"), t1("x", 0, "pr-1"))
	step := func(list []Target, err error) []Target {
		t.Helper()
		assert.NoError(t, err)
		s.Desired, s.Effective = list, list
		return list
	}
	assert.Equal(t, []Target{t1("a", 100, "stable"), t1("b", 0, "candidate"), t1("x", 0, "pr-1"), t1("z", 0, "previous")}, step(Begin(s, "b")))
	assert.Equal(t, []Target{t1("a", 90, "stable"), t1("b", 10, "candidate"), t1("b", 0, "shifted"), t1("x", 0, "pr-1"),
		t1("z", 0, "previous")}, step(Shift(s, 10)))
	assert.Equal(t, []Target{t1("a", 0, "stable"), t1("b", 100, "candidate"), t1("b", 0, "shifted"), t1("x", 0, "pr-1"),
		t1("z", 0, "previous")}, step(Shift(s, 100)))
	assert.Equal(t, []Target{t1("b", 100, "stable"), t1("a", 0, "previous"), t1("x", 0, "pr-1")}, step(Finish(s)))
}

func TestRefusedMoves(t *testing.T) {
	t.Parallel()
	shifting := web(t1("a", 90, "stable"), t1("b", 10, "candidate"), t1("b", 0, "shifted"))
	withdrawn := web(t1("a", 100, "stable"), t1("b", 0, "candidate"), t1("b", 0, "shifted"))
	long := web(t1("a", 100, "stable"))
	long.Name = "a-service-name-of-thirty-eight-letters" // 38 + len("candidate") = 47
	for name, test := range map[string]struct {
		move func() ([]Target, error)
		want string
	}{
		"begin while active": {func() ([]Target, error) { return Begin(shifting, "c") },
			"refused: a rollout of b is active"},
		"begin with a revision other than the withdrawn one": {func() ([]Target, error) { return Begin(withdrawn, "c") },
			"refused: a rollout of b is active"},
		"begin on a split": {func() ([]Target, error) { return Begin(web(t1("a", 60, ""), t1("b", 40, "")), "c") },
			"refused: requests are split by hand (a 60 %, b 40 %): end that with `release rollback web`"},
		"begin with the revision that serves": {func() ([]Target, error) { return Begin(web(t1("a", 100, "stable")), "a") },
			"refused: a already serves everything"},
		"name too long": {func() ([]Target, error) { return Begin(long, "b") },
			`refused: the service's name is 38 characters long; with the tag "candidate" Cloud Run allows 46 together: use a shorter name`},
		"shift when idle": {func() ([]Target, error) { return Shift(web(t1("a", 100, "stable")), 10) },
			"refused: no rollout can be continued here, because the service is idle (a 100 %): look with `release status web`"},
		"shift when withdrawn": {func() ([]Target, error) { return Shift(withdrawn, 10) },
			"refused: no rollout can be continued here, because the service is withdrawn (a 100 %): look with `release status web`"},
		"shift to 0":   {func() ([]Target, error) { return Shift(shifting, 0) }, "refused: a shift to 0 % is not between 1 and 100"},
		"shift to 101": {func() ([]Target, error) { return Shift(shifting, 101) }, "refused: a shift to 101 % is not between 1 and 100"},
		"finish before the candidate serves everything": {func() ([]Target, error) { return Finish(shifting) },
			"refused: the candidate does not serve everything yet: a 90 %, b 10 %"},
	} {
		_, err := test.move()
		assert.EqualError(t, err, test.want, name)
		assert.True(t, errors.Is(err, ErrRefused), name)
	}
}

func TestRollback(t *testing.T) {
	t.Parallel()
	diverged := func(s Service, effective ...Target) Service { s.Effective = effective; return s }
	for name, test := range map[string]struct {
		service Service
		to      string
		want    []Target
		err     string
	}{
		"active": {service: web(t1("a", 90, "stable"), t1("b", 10, "candidate"), t1("b", 0, "shifted"), t1("z", 0, "previous"),
			t1("r", 0, "rejected")),
			want: []Target{t1("a", 100, "stable"), t1("b", 0, "rejected"), t1("r", 0, "rejected2"), t1("z", 0, "earlier")}},
		"prepared": {service: web(t1("a", 100, "stable"), t1("b", 0, "candidate")),
			want: []Target{t1("a", 100, "stable"), t1("b", 0, "rejected")}},
		"withdrawn": {service: web(t1("a", 100, "stable"), t1("b", 0, "candidate"), t1("b", 0, "shifted")),
			want: []Target{t1("a", 100, "stable"), t1("b", 0, "rejected")}},
		"shift that did not take effect": {
			service: diverged(web(t1("a", 90, "stable"), t1("b", 10, "candidate")), t1("a", 100, "stable"), t1("b", 0, "candidate")),
			want:    []Target{t1("a", 100, "stable"), t1("b", 0, "rejected")}},
		"stable tag lost": {service: web(t1("a", 90, ""), t1("b", 10, "candidate")),
			want: []Target{t1("a", 100, "stable"), t1("b", 0, "rejected")}},
		"stable tag lost, candidate has all": {service: web(t1("b", 100, "candidate")),
			err: "refused: a rollout of b is active, and the tags do not say which revision served before: name it with `release " +
				"rollback web --to REVISION`"},
		"to a revision other than stable": {service: web(t1("a", 90, "stable"), t1("b", 10, "candidate"), t1("z", 0, "previous")), to: "z",
			want: []Target{t1("z", 100, "stable"), t1("b", 0, "rejected")}},
		"after a rollout": {service: web(t1("b", 100, "stable"), t1("a", 0, "previous"), t1("x", 0, "pr-1")),
			want: []Target{t1("a", 100, "stable"), t1("b", 0, "rejected"), t1("x", 0, "pr-1")}},
		"a step back that failed": {service: web(t1("a", 90, "stable"), t1("z", 10, "candidate"), t1("z", 0, "shifted"), t1("z", 0, "previous")),
			want: []Target{t1("a", 100, "stable"), t1("z", 0, "rejected")}},
		"to a rejected revision": {service: web(t1("a", 100, "stable"), t1("b", 0, "rejected")), to: "b",
			want: []Target{t1("b", 100, "stable"), t1("a", 0, "rejected")}},
		"to the revision that serves already": {service: web(t1("a", 100, "stable"), t1("b", 0, "rejected")), to: "a",
			want: []Target{t1("a", 100, "stable"), t1("b", 0, "rejected")}},
		"idle, latest": {service: web(Target{Latest: true, Percent: 100}), to: "a",
			want: []Target{t1("a", 100, "stable"), t1("b", 0, "rejected")}},
		"split by hand": {service: web(t1("a", 60, ""), t1("b", 40, "")),
			want: []Target{t1("a", 100, "stable"), t1("b", 0, "rejected")}},
		"split evenly": {service: web(t1("a", 50, ""), t1("b", 50, "")),
			err: "refused: the tags do not say which revision served before this split (a 50 %, b 50 %): name it with `release rollback " +
				"web --to a` or `release rollback web --to b`"},
		"desired by hand, without effect": {service: diverged(web(t1("b", 100, "")), t1("a", 100, "")),
			want: []Target{t1("a", 100, "stable"), t1("b", 0, "rejected")}},
		"a rollback that did not take effect": {
			service: diverged(web(t1("a", 100, "stable"), t1("b", 0, "rejected")), t1("b", 100, "stable"), t1("a", 0, "previous")),
			want:    []Target{t1("a", 100, "stable"), t1("b", 0, "rejected")}},
		"the end of a rollout that is not in effect yet": {
			service: diverged(web(t1("b", 100, "stable"), t1("a", 0, "previous")), t1("a", 0, "stable"), t1("b", 100, "candidate"),
				t1("b", 0, "shifted")),
			want: []Target{t1("a", 100, "stable"), t1("b", 0, "rejected")}},
		"a rollback by hand that did not take effect": {
			service: diverged(web(t1("a", 100, ""), t1("b", 0, "stable"), t1("a", 0, "previous")), t1("b", 100, "stable"), t1("a", 0, "previous")),
			want:    []Target{t1("a", 100, "stable"), t1("b", 0, "rejected")}},
		"nothing to go back to": {service: web(t1("a", 100, "stable")),
			err: "refused: a serves everything and no tag says which revision served before it: name it with `release rollback web " +
				"--to REVISION` (`release status web` lists them)"},
		"nothing serves": {service: diverged(web(t1("a", 100, ""))),
			err: "refused: nothing serves: name the revision with `release rollback web --to REVISION`"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			list, target, err := Rollback(test.service, test.to)
			if test.err != "" {
				assert.EqualError(t, err, test.err)
				return
			}
			assert.NoError(t, err)
			assert.Equal(t, test.want, list)
			assert.Equal(t, test.want[0].Revision, target)
		})
	}
}

func TestTakenBack(t *testing.T) {
	t.Parallel()
	before := web(t1("b", 100, "stable"), t1("a", 0, "previous"), Target{Latest: true, Tag: "head"})
	for name, test := range map[string]struct {
		before Service
		after  []Target
		want   bool
	}{
		"nothing":                   {before, before.Desired, false},
		"by this program":           {before, []Target{t1("a", 100, "stable"), t1("b", 0, "rejected"), {Latest: true, Tag: "head"}}, true},
		"by this program, to older": {before, []Target{t1("z", 100, "stable"), t1("b", 0, "rejected"), t1("a", 0, "previous")}, true},
		"by gcloud": {before, []Target{t1("a", 100, ""), t1("b", 0, "stable"), t1("a", 0, "previous"),
			{Latest: true, Tag: "head"}}, true},
		"by gcloud, to the latest": {before, []Target{{Latest: true, Percent: 100}, t1("b", 0, "stable"), t1("a", 0, "previous"),
			{Latest: true, Tag: "head"}}, false},
		"by gcloud, in part":     {before, []Target{t1("a", 90, ""), t1("b", 10, "stable"), t1("a", 0, "previous")}, false},
		"whole, without tags":    {before, []Target{t1("a", 100, "")}, false},
		"whole, with stale tags": {before, []Target{t1("a", 100, "stable")}, false},
		"whole, to the latest":   {before, []Target{{Latest: true, Percent: 100}}, false},
		"nothing says who":       {web(t1("b", 100, "")), []Target{t1("a", 100, "")}, false},
		"rejected before, and stale": {web(t1("b", 100, "stable"), t1("b", 0, "rejected")),
			[]Target{t1("a", 100, "stable"), t1("b", 0, "rejected")}, false},
	} {
		after := web(test.after...)
		after.LatestReady, after.LatestCreated = "c", "c"
		assert.Equal(t, test.want, TakenBack(test.before, after), name)
	}
}

// TestRollbackOfAServiceWithALongName checks a name that Cloud Run allows and for which this program's tags are too long. Its
// traffic goes back without them.
func TestRollbackOfAServiceWithALongName(t *testing.T) {
	t.Parallel()
	for length, want := range map[int][]Target{
		38: {t1("a", 100, "stable"), t1("b", 0, "rejected")},
		39: {t1("a", 100, "stable")},
		40: {t1("a", 100, "stable")},
		41: {t1("a", 100, "")},
		49: {t1("a", 100, "")},
	} {
		s := web(t1("b", 100, ""))
		s.Name = strings.Repeat("n", length)
		list, _, err := Rollback(s, "a")
		assert.NoError(t, err)
		assert.Equal(t, want, list, length)
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "LATEST 100 %", Describe(nil))
	assert.Equal(t, "nothing", Describe([]Target{t1("a", 0, "x")}))
	assert.Equal(t, "b 90 %, a 10 %", Describe([]Target{t1("a", 0, "x"), t1("a", 10, ""), t1("b", 90, "")}))
	assert.Equal(t, "LATEST 100 %", Describe([]Target{{Latest: true, Percent: 100, Revision: "b"}}))
}

// TestMovesKeepTheInvariants runs every move on random services. Each list sums to 100, names each tag once, and keeps the tags of
// others. After a rollback no rollout is active, and the same rollback changes nothing.
func TestMovesKeepTheInvariants(t *testing.T) {
	t.Parallel()
	revisions := rapid.SampledFrom([]string{"a", "b", "c", "z"})
	tags := rapid.SampledFrom([]string{"", TagStable, TagCandidate, TagShifted, TagPrevious, TagRejected, "pr-1", "pr-2"})
	rapid.Check(t, func(t *rapid.T) {
		list := func(label string) []Target {
			var list []Target
			used, left := map[string]bool{}, 100
			for i, count := 0, rapid.IntRange(1, 5).Draw(t, label); i < count; i++ {
				tag, percent := tags.Draw(t, "tag"), rapid.IntRange(0, left).Draw(t, "percent")
				if used[tag] {
					tag = ""
				}
				used[tag], left = true, left-percent
				list = append(list, t1(revisions.Draw(t, "revision"), percent, tag))
			}
			list[0].Percent += left
			return list
		}
		s := web()
		s.Desired, s.Effective = list("desired"), list("effective")
		check := func(list []Target) {
			sum, seen := 0, map[string]string{}
			for _, target := range list {
				sum += target.Percent
				if _, twice := seen[target.Tag]; twice && target.Tag != "" {
					t.Fatalf("tag %s twice in %v", target.Tag, list)
				}
				seen[target.Tag] = target.Revision
			}
			if sum != 100 {
				t.Fatalf("%v sums to %d", list, sum)
			}
			for _, target := range s.Desired {
				if (target.Tag == "pr-1" || target.Tag == "pr-2") && seen[target.Tag] != target.Revision {
					t.Fatalf("%v lost the tag %s", list, target.Tag)
				}
			}
		}
		if list, err := Begin(s, "b"); err == nil {
			check(list)
		}
		if list, err := Shift(s, rapid.IntRange(1, 100).Draw(t, "shift")); err == nil {
			check(list)
		}
		if list, err := Finish(s); err == nil {
			check(list)
		}
		check(Pin(s, "a"))
		list1, target, err := Rollback(s, "")
		if err != nil {
			return
		}
		check(list1)
		after := web(list1...)
		if state := Read(after); state.Phase != Idle || state.Stable != target {
			t.Fatalf("after a rollback to %s: %+v", target, state)
		}
		again, _, err := Rollback(after, target)
		if err != nil || !after.Same(again, list1) {
			t.Fatalf("the same rollback again: %v, %v", again, err)
		}
	})
}
