package plan

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

// TestTagsDecideBeforeShares checks that a split made by hand does not change what the tags say, and that a rejected revision serves
// again only by name.
func TestTagsDecideBeforeShares(t *testing.T) {
	t.Parallel()
	const byHand = "refused: someone moved the traffic from a to z by hand, and nothing says which of them is the older one: name the " +
		"revision with `release rollback web --to a` or `release rollback web --to z`"
	for name, test := range map[string]struct {
		list []Target
		want string
		err  string
	}{
		"the rejected one has the larger share": {list: []Target{t1("a", 40, "stable"), t1("b", 60, "rejected")}, want: "a"},
		"the rejected one has half":             {list: []Target{t1("a", 50, "stable"), t1("b", 50, "rejected")}, want: "a"},
		"the rejected one has everything":       {list: []Target{t1("a", 0, "stable"), t1("b", 100, "rejected")}, want: "a"},
		"split in the form that gcloud writes": {list: []Target{t1("a", 40, ""), t1("b", 60, ""), t1("a", 0, "stable"),
			t1("b", 0, "rejected")}, want: "a"},
		"rejected before the last one": {list: []Target{t1("a", 40, "stable"), t1("b", 60, "rejected2"),
			t1("c", 0, "rejected")}, want: "a"},
		"half each, one of them stable":            {list: []Target{t1("a", 50, "stable"), t1("b", 50, "")}, want: "a"},
		"the stable one has the smaller share":     {list: []Target{t1("a", 10, "stable"), t1("b", 90, "")}, want: "a"},
		"the stable one has nothing":               {list: []Target{t1("c", 50, ""), t1("b", 50, ""), t1("a", 0, "stable")}, want: "a"},
		"the way back to the previous one at 50 %": {list: []Target{t1("b", 50, "stable"), t1("a", 50, "previous")}, want: "a"},
		"the way back to the previous one at 1 %":  {list: []Target{t1("b", 99, "stable"), t1("a", 1, "previous")}, want: "a"},
		"a split with a newer untagged revision":   {list: []Target{t1("a", 60, "stable"), t1("b", 40, ""), t1("z", 0, "previous")}, want: "a"},
		"two of three rejected": {list: []Target{t1("a", 20, ""), t1("b", 40, "rejected"), t1("c", 40, "rejected2")},
			want: "a"},
		"untagged, one larger": {list: []Target{t1("a", 60, ""), t1("b", 40, "")}, want: "a"},
		"two untagged revisions and a rejected one": {list: []Target{t1("a", 40, ""), t1("c", 40, ""), t1("b", 20, "rejected")},
			err: "refused: the tags do not say which revision served before this split (a 40 %, c 40 %, b 20 %): name it with `release " +
				"rollback web --to a` or `release rollback web --to b` or `release rollback web --to c`"},
		"only rejected ones serve, previous known": {list: []Target{t1("c", 50, "rejected2"), t1("b", 50, "rejected"),
			t1("a", 0, "previous")}, want: "a"},
		"everything to a rejected one, no stable": {list: []Target{t1("b", 100, "rejected"), t1("a", 0, "previous")}, want: "a"},
		"everything to a rejected one, no other revision": {list: []Target{t1("b", 100, "rejected")},
			err: "refused: b was rolled back before and serves everything, and no tag says which revision served before it: name it " +
				"with `release rollback web --to REVISION`"},
		"everything to the previous one, no other revision": {list: []Target{t1("a", 100, "previous")},
			err: "refused: a serves everything and no tag says which revision served before it: name it with " +
				"`release rollback web --to REVISION` (`release status web` lists them)"},
		"during a rollout, half each": {list: []Target{t1("a", 50, "stable"), t1("b", 50, "candidate"),
			t1("b", 0, "shifted")}, want: "a"},
		"during a rollout, stable is rejected": {list: []Target{t1("a", 50, "stable"), t1("a", 0, "rejected"),
			t1("b", 50, "candidate")}, err: "refused: a rollout of b is active, and the tags do not say which revision served before: name it " +
			"with `release rollback web --to REVISION`"},
		"taken back by hand after the end": {list: []Target{t1("a", 100, ""), t1("b", 0, "stable"), t1("a", 0, "previous")},
			want: "a"},
		"taken back by hand, to before the previous one": {list: []Target{t1("z", 100, ""), t1("b", 0, "stable"), t1("a", 0, "previous")},
			want: "z"},
		"taken ahead by hand": {list: []Target{t1("b", 100, ""), t1("a", 0, "stable"), t1("z", 0, "previous")},
			want: "a"},
		"moved by hand in an unknown direction": {list: []Target{t1("z", 100, ""), t1("a", 0, "stable")}, err: byHand},
		"the previous one is rejected": {list: []Target{t1("c", 100, "stable"), t1("a", 0, "previous"),
			t1("a", 0, "rejected")}, want: "c"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			list, target, err := Rollback(web(test.list...), "")
			if test.err != "" {
				assert.EqualError(t, err, test.err)
				return
			}
			assert.NoError(t, err)
			assert.Equal(t, test.want, target)
			assert.Equal(t, Target{Revision: test.want, Percent: 100, Tag: TagStable}, list[0])
		})
	}
}

// after applies a move and lets it take effect.
func (s Service) after(t *testing.T, list []Target, err error) Service {
	t.Helper()
	assert.NoError(t, err)
	s.Desired, s.Effective = list, list
	return s
}

// released takes a service through a whole rollout.
func released(t *testing.T, s Service, candidate string) Service {
	t.Helper()
	s.Asked, s.LatestCreated, s.LatestReady = candidate, candidate, candidate
	list, err := Begin(s, candidate)
	s = s.after(t, list, err)
	list, err = Shift(s, 100)
	s = s.after(t, list, err)
	list, err = Finish(s)
	return s.after(t, list, err)
}

// TestRepeatedRollback repeats a rollback, which finds nothing to do. Going further back takes a name, and no rejection is
// forgotten.
func TestRepeatedRollback(t *testing.T) {
	t.Parallel()
	s := released(t, released(t, web(t1("y", 100, "stable")), "z"), "a")
	s.Asked, s.LatestCreated, s.LatestReady = "b", "b", "b"
	list, err := Begin(s, "b")
	s = s.after(t, list, err)
	list, err = Shift(s, 10)
	s = s.after(t, list, err)
	list, target, err := Rollback(s, "a") // The automatic one.
	assert.Equal(t, "a", target)
	s = s.after(t, list, err)
	assert.Equal(t, []Target{t1("a", 100, "stable"), t1("b", 0, "rejected"), t1("z", 0, "earlier")}, s.Desired)

	list, target, err = Rollback(s, "") // The runbook's first command.
	assert.NoError(t, err)
	assert.Equal(t, "a", target)
	assert.True(t, s.Same(list, s.Desired), "the repeated rollback changes nothing")
	assert.Equal(t, "a already serves everything: b was taken back. To go further back, `release rollback web --to z`", Already(s, target, ""))
	assert.Equal(t, "a already serves everything", Already(s, target, "a"))

	list, target, err = Rollback(s, "z")
	assert.Equal(t, "z", target)
	s = s.after(t, list, err)
	assert.Equal(t, []Target{t1("z", 100, "stable"), t1("a", 0, "rejected"), t1("b", 0, "rejected2")}, s.Desired)
	assert.Equal(t, "z already serves everything: a was taken back. To go further back, name it: `release rollback web --to REVISION` "+
		"(`release status web` lists them)", Already(s, "z", ""))
	state := Read(s)
	assert.Equal(t, []string{"a", "b"}, state.Rejected)
	assert.True(t, state.Barred("a") && state.Barred("b"))

	// The next rollback undoes the last successful rollout, whatever was rejected before it.
	s = released(t, s, "c")
	list, target, err = Rollback(s, "")
	assert.Equal(t, "z", target)
	s = s.after(t, list, err)
	assert.Equal(t, []Target{t1("z", 100, "stable"), t1("c", 0, "rejected"), t1("a", 0, "rejected3"), t1("b", 0, "rejected2")}, s.Desired)

	// A revision that is tried again and fails again is listed once, as the last rejected one.
	list, err = Begin(s, "b")
	s = s.after(t, list, err)
	assert.Equal(t, []string{"c", "a"}, Read(s).Rejected)
	list, _, err = Rollback(s, "")
	s = s.after(t, list, err)
	assert.Equal(t, []string{"b", "c", "a"}, Read(s).Rejected)
}

// TestRollbackOfASplitRejectsStableToo checks a split made by hand that leaves out the revision tagged stable. The rollback rejects
// both that revision and the one that had the requests.
func TestRollbackOfASplitRejectsStableToo(t *testing.T) {
	t.Parallel()
	service := web(t1("a", 17, ""), t1("b", 83, ""), t1("c", 0, "stable"), t1("a", 0, "previous"), t1("b", 0, "rejected"))
	list, target, err := Rollback(service, "")
	assert.NoError(t, err)
	assert.Equal(t, "a", target)
	assert.Equal(t, []Target{t1("a", 100, "stable"), t1("b", 0, "rejected"), t1("c", 0, "rejected2")}, list)
	service.Desired, service.Effective = list, list
	assert.Equal(t, []string{"b", "c"}, Read(service).Rejected)
}

// TestRejectedRevisionsHaveALimit checks that the oldest rejected revision is forgotten first.
func TestRejectedRevisionsHaveALimit(t *testing.T) {
	t.Parallel()
	s := web(t1("a", 100, "stable"))
	var want []string
	for i := range maxRejected + 3 {
		name := fmt.Sprint("bad-", i)
		list, err := Begin(s, name)
		s = s.after(t, list, err)
		list, _, err = Rollback(s, "")
		s = s.after(t, list, err)
		want = append([]string{name}, want...)
	}
	assert.Equal(t, want[:maxRejected], Read(s).Rejected)
}

func TestRejectedNumber(t *testing.T) {
	t.Parallel()
	for tag, want := range map[string]int{"rejected": 1, "rejected2": 2, "rejected50": 50, "rejected1": 0, "rejected02": 0,
		"rejected0": 0, "rejected-1": 0, "rejected-2": 0, "rejected+2": 0, "rejectedx": 0, "unrejected2": 0, "7": 0, "stable": 0, "": 0} {
		assert.Equal(t, want, rejectedNumber(tag), tag)
	}
}

// TestRollbackNeverGoesToARejectedRevision checks random services: no rollback goes to a rejected revision unless a person names it,
// and a repeated rollback changes nothing.
func TestRollbackNeverGoesToARejectedRevision(t *testing.T) {
	t.Parallel()
	revisions := rapid.SampledFrom([]string{"a", "b", "c", "z"})
	tags := []string{"", TagStable, TagCandidate, TagShifted, TagPrevious, TagEarlier, "rejected", "rejected2", "rejected7"}
	rapid.Check(t, func(t *rapid.T) {
		s := web()
		s.Asked, s.LatestReady = revisions.Draw(t, "asked"), revisions.Draw(t, "ready")
		left := 100
		for _, tag := range rapid.SliceOfNDistinct(rapid.SampledFrom(tags), 1, 6, rapid.ID).Draw(t, "tags") {
			percent := rapid.IntRange(0, left).Draw(t, "percent")
			left -= percent
			s.Desired = append(s.Desired, t1(revisions.Draw(t, "revision"), percent, tag))
		}
		s.Desired[0].Percent += left
		s.Effective = s.Desired
		rejected := Read(s).Rejected
		list, target, err := Rollback(s, "")
		if err != nil {
			return
		}
		if slices.Contains(rejected, target) {
			t.Fatalf("%v goes back to %s, one of %v", s.Desired, target, rejected)
		}
		after := web(list...)
		after.Asked, after.LatestReady = s.Asked, s.LatestReady
		for _, revision := range rejected {
			if !slices.Contains(Read(after).Rejected, revision) {
				t.Fatalf("%v became %v, which forgot %s", s.Desired, list, revision)
			}
		}
		again, second, err := Rollback(after, "")
		if err != nil || second != target || !after.Same(again, list) {
			if len(Read(after).Rejected) > 0 {
				t.Fatalf("%v became %v, and the same command again %v (%v)", s.Desired, list, again, err)
			}
		}
	})
}
