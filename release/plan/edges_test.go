package plan

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// These tests cover conditions and limits that `go run ./cmd/mutate ./release/plan` found untested.

func TestPinned(t *testing.T) {
	t.Parallel()
	settled := web(t1("a", 100, "stable"))
	diverged, failed := settled, settled
	diverged.Effective = []Target{t1("c", 100, "")}
	failed.Effective = nil
	for name, test := range map[string]struct {
		service Service
		want    bool
	}{
		"one revision by name, tagged": {settled, true},
		"another revision serves":      {diverged, false},
		"not tagged":                   {web(t1("a", 100, "")), false},
		"a split with a candidate":     {web(t1("a", 90, "stable"), t1("b", 10, "")), false},
		"the latest, without a name":   {web(Target{Latest: true, Percent: 100, Tag: "stable"}), false},
		"tied":                         {web(t1("a", 50, "stable"), t1("b", 50, "")), false},
		"no traffic":                   {Service{}, false},
	} {
		assert.Equal(t, test.want, Pinned(test.service), name)
	}
}

func TestMoved(t *testing.T) {
	t.Parallel()
	s := web(t1("m", 100, "stable"), t1("p", 0, "previous"), t1("e", 0, "earlier"))
	s.Asked, s.LatestCreated, s.LatestReady = "asked", "created", "ready"
	wanted := s.Wanted()
	for _, test := range []struct {
		from, to string
		want     direction
	}{
		{"", "p", unclear}, {"", wanted, unclear}, {wanted, "", unclear}, {wanted, wanted, unclear}, {"p", "p", unclear}, {"m", "x", unclear},
		{wanted, "m", back}, {"m", "p", back}, {"m", "e", back},
		{"m", wanted, ahead}, {"m", "created", ahead}, {"m", "ready", ahead},
	} {
		assert.Equal(t, test.want, s.moved(test.from, test.to), "%q to %q", test.from, test.to)
	}
}

// TestBeginAndShiftAtTheirLimits uses the longest service name that fits, and the smallest shift.
func TestBeginAndShiftAtTheirLimits(t *testing.T) {
	t.Parallel()
	fits := web(t1("a", 100, "stable"))
	fits.Name = strings.Repeat("n", maxTagAndService-len(TagCandidate))
	_, err := Begin(fits, "b")
	require.NoError(t, err)
	fits.Name += "n"
	_, err = Begin(fits, "b")
	require.ErrorIs(t, err, ErrRefused)

	shifted, err := Shift(web(t1("a", 100, "stable"), t1("b", 0, "candidate")), 1)
	require.NoError(t, err)
	assert.Contains(t, shifted, t1("b", 1, "candidate"))
	shifted, err = Shift(web(t1("a", 100, "stable"), t1("b", 0, "candidate")), 100)
	require.NoError(t, err)
	assert.Contains(t, shifted, t1("b", 100, "candidate"))
}

// TestBeginAnew checks that a rollout may begin again only after a person took the candidate back, and only with the same candidate.
func TestBeginAnew(t *testing.T) {
	t.Parallel()
	prepared := web(t1("a", 100, "stable"), t1("b", 0, "candidate"))
	withdrawn := web(t1("a", 100, "stable"), t1("b", 0, "candidate"), t1("b", 0, "shifted"))
	for name, test := range map[string]struct {
		service   Service
		candidate string
		refused   bool
	}{
		"withdrawn, the same":    {withdrawn, "b", false},
		"withdrawn, another one": {withdrawn, "c", true},
		"prepared, the same":     {prepared, "b", true},
		"prepared, another one":  {prepared, "c", true},
	} {
		_, err := Begin(test.service, test.candidate)
		assert.Equal(t, test.refused, err != nil, name)
	}
}

func TestReadOfUnclearTraffic(t *testing.T) {
	t.Parallel()
	split := web(t1("a", 100, "stable"))
	split.Effective = []Target{t1("a", 60, "stable"), t1("c", 40, "")}
	untagged := web(t1("b", 100, "candidate"), t1("b", 0, "shifted"))
	assert.Equal(t, Unknown, Read(split).Phase, "one revision is desired and two serve")
	assert.Equal(t, Unknown, Read(untagged).Phase, "the candidate serves everything and no revision is tagged stable")
}

func TestMisdirected(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		desired, effective []Target
		command            string
	}{
		"tags alone differ": {[]Target{t1("a", 100, "stable")}, []Target{t1("a", 100, "")}, "release rollback web --to a"},
		"another serves":    {[]Target{t1("a", 100, "stable")}, []Target{t1("c", 100, "")}, "release rollback web"},
		"a split, whose tags differ": {[]Target{t1("a", 60, "stable"), t1("b", 40, "")}, []Target{t1("a", 60, ""), t1("b", 40, "")},
			"release rollback web"},
	} {
		s := web(test.desired...)
		s.Effective = test.effective
		_, command := Misdirected(s)
		assert.Equal(t, "`"+test.command+"`", command, name)
	}
}

// TestRollbackFrom checks which revision a rollback takes requests from: the one that has them, or else a stable one that is newer
// than the target.
func TestRollbackFrom(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		service Service
		target  string
		want    string
	}{
		"the candidate":                 {web(t1("a", 90, "stable"), t1("b", 10, "candidate")), "a", "b"},
		"the candidate is the target":   {web(t1("a", 90, "stable"), t1("b", 10, "candidate")), "b", "a"},
		"the revision that serves":      {web(t1("b", 100, "stable"), t1("a", 0, "previous")), "a", "b"},
		"stable, newer than the target": {web(t1("a", 100, ""), t1("b", 0, "stable"), t1("a", 0, "previous")), "a", "b"},
		"stable, older than the target": {web(t1("b", 100, ""), t1("a", 0, "stable")), "b", ""},
	} {
		assert.Equal(t, test.want, rollbackFrom(test.service, test.target), name)
	}
	left := web(t1("a", 60, ""), t1("c", 40, ""), t1("b", 0, "stable"), t1("a", 0, "previous"))
	assert.Equal(t, "b", leftByHand(left, "a", "c"))
	assert.Empty(t, leftByHand(left, "a", "b"), "the rollback takes requests from it anyway")
	aside := web(t1("a", 60, ""), t1("c", 40, ""), t1("m", 0, "stable"))
	assert.Empty(t, leftByHand(aside, "a", "c"), "the target is not older")
	served := web(t1("a", 60, ""), t1("b", 40, "stable"), t1("a", 0, "previous"))
	assert.Empty(t, leftByHand(served, "a", "c"), "stable still has requests")
	begun := web(t1("a", 100, ""), t1("b", 0, "stable"), t1("a", 0, "previous"), t1("c", 0, "candidate"))
	assert.Empty(t, leftByHand(begun, "a", "c"), "a rollout is active")
}

// TestRejections checks that each rejected revision keeps only its newest tag, and that a tag without a revision is dropped, because
// the API refuses it.
func TestRejections(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		service Service
		newest  []string
		want    []Target
	}{
		"one revision by two tags": {service: web(t1("b", 0, "rejected"), t1("c", 0, "rejected2"), t1("b", 0, "rejected3")),
			want: []Target{t1("b", 0, "rejected"), t1("c", 0, "rejected2")}},
		"the newest one had an older tag": {service: web(t1("c", 0, "rejected"), t1("b", 0, "rejected2")), newest: []string{"b"},
			want: []Target{t1("b", 0, "rejected"), t1("c", 0, "rejected2")}},
		"the latest, where no revision is ready": {service: Service{Desired: []Target{{Latest: true, Tag: "rejected"}, t1("b", 0, "rejected2")}},
			want: []Target{t1("b", 0, "rejected2")}},
	} {
		assert.Equal(t, test.want, test.service.rejections("a", test.newest...), name)
	}
}
