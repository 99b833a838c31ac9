package preview

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/release/rollout"
)

var noon = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

// world has slots, and a clock that moves when somebody sleeps.
type world struct {
	now   time.Time
	slots map[string]Slot
	// before runs once, before a write. after changes the slot that a write leaves. looked is Look's answer.
	before func()
	after  func(*Slot)
	looked error
	writes []string
	slept  int
	cancel context.CancelFunc
}

func (w *world) Now() time.Time { return w.now }

func (w *world) Sleep(ctx context.Context, d time.Duration) error {
	w.now, w.slept = w.now.Add(d), w.slept+1
	if w.cancel != nil {
		w.cancel()
	}
	return ctx.Err()
}

func (w *world) Read(_ context.Context, name string) (Slot, error) {
	slot, there := w.slots[name]
	if !there {
		return Slot{}, fmt.Errorf("read %s: %w", name, rollout.ErrNotFound)
	}
	return slot, nil
}

func (w *world) Write(_ context.Context, slot Slot) error {
	if before := w.before; before != nil {
		w.before = nil
		before()
	}
	if w.slots[slot.Name].Etag != slot.Etag {
		return fmt.Errorf("write %s: %w", slot.Name, rollout.ErrConflict)
	}
	slot.Etag, slot.Ready, slot.Failure = slot.Etag+"+", true, ""
	if w.after != nil {
		w.after(&slot)
	}
	w.slots[slot.Name] = slot
	w.writes = append(w.writes, fmt.Sprintf("%s #%d %s", slot.Name, slot.PullRequest, slot.Image))
	return nil
}

// two returns two slots. The first is the given pull request's until an hour after noon.
func two(pullRequest int) *world {
	w := &world{now: noon, slots: map[string]Slot{}}
	for i, name := range []string{"a", "b"} {
		slot := Slot{Name: name, URL: "https://" + name, Image: "free", FreeImage: "free", Ready: true, Etag: name}
		if i == 0 && pullRequest != 0 {
			slot.PullRequest, slot.Expires, slot.Image, slot.Commit = pullRequest, noon.Add(time.Hour), "old", "c0"
		}
		w.slots[name] = slot
	}
	return w
}

func (w *world) keeper() *Keeper {
	return &Keeper{Slots: w, Clock: w, Names: []string{"a", "b"}, Look: func(context.Context, string) error { return w.looked }}
}

func request(pullRequest int) Request {
	return Request{PullRequest: pullRequest, Commit: "c1", Image: "new", TimeToLive: 2 * time.Hour}
}

func TestSlotChoice(t *testing.T) {
	t.Parallel()
	held, expired := two(3).slots["a"], two(3).slots["a"]
	expired.Expires = noon
	spoiled := expired
	spoiled.PullRequest, spoiled.Expires = -1, time.Time{}
	free := two(0).slots["b"]
	for name, test := range map[string]struct {
		slots []Slot
		want  string
		etag  string
	}{
		"the slot that the pull request has": {[]Slot{free, func() Slot { s := held; s.PullRequest, s.Etag = 7, "own"; return s }()}, "",
			"own"},
		"its own slot, though expired": {[]Slot{free, func() Slot { s := expired; s.PullRequest, s.Etag = 7, "own"; return s }()}, "",
			"own"},
		"a free slot before an expired one":  {[]Slot{expired, free}, "", "b"},
		"a slot that expires at this moment": {[]Slot{held, func() Slot { s := expired; s.Etag = "expired"; return s }()}, "", "expired"},
		"a slot with an unreadable holder":   {[]Slot{held, func() Slot { s := spoiled; s.Etag = "spoiled"; return s }()}, "", "spoiled"},
		"the first of two free slots":        {[]Slot{free, two(0).slots["a"]}, "", "b"},
		"another's": {[]Slot{held}, "no slot is free: a by #3 until 2026-11-27T13:00:00Z is held; take the label off one of these pull " +
			"requests, wait, or raise previews.slots in the settings of dev", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := choose(test.slots, 7, noon)
			assert.Equal(t, test.etag, got.Etag)
			if test.want != "" {
				assert.EqualError(t, err, test.want)
			}
		})
	}
}

func TestUp(t *testing.T) {
	t.Parallel()
	ctx := t.Context()

	w := two(0)
	slot, err := w.keeper().Up(ctx, request(7))
	require.NoError(t, err)
	assert.Equal(t, []string{"a #7 new"}, w.writes)
	assert.Equal(t, Slot{Name: "a", URL: "https://a", PullRequest: 7, Commit: "c1", Expires: noon.Add(2 * time.Hour), Image: "new",
		FreeImage: "free", Ready: true, Etag: "a+"}, slot)

	// A repeated up prolongs the same slot.
	w.now = noon.Add(time.Hour)
	slot, err = w.keeper().Up(ctx, request(7))
	require.NoError(t, err)
	assert.Equal(t, []any{"a", noon.Add(3 * time.Hour)}, []any{slot.Name, slot.Expires})

	// Two choose the same slot. The etag refuses the second, which takes the other slot.
	w = two(0)
	w.before = func() {
		taken := w.slots["a"]
		taken.PullRequest, taken.Etag, taken.Expires = 8, "other", noon.Add(time.Hour)
		w.slots["a"] = taken
	}
	slot, err = w.keeper().Up(ctx, request(7))
	require.NoError(t, err)
	assert.Equal(t, "b", slot.Name)
	assert.Equal(t, 8, w.slots["a"].PullRequest)

	// If the last slot was taken in between, the error names its holder.
	w = two(3)
	w.before = func() {
		taken := w.slots["b"]
		taken.PullRequest, taken.Etag, taken.Expires = 8, "other", noon.Add(time.Hour)
		w.slots["b"] = taken
	}
	_, err = w.keeper().Up(ctx, request(7))
	var held *HeldError
	require.ErrorAs(t, err, &held)
	assert.ErrorContains(t, err, "a by #3 until 2026-11-27T13:00:00Z, b by #8 until 2026-11-27T13:00:00Z is held")
	assert.Empty(t, w.writes)
}

// TestFailedPreviewIsTakenOut covers an image that does not start, and one that search engines would list. The address then shows
// what a free slot shows.
func TestFailedPreviewIsTakenOut(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		spoil func(*world)
		want  string
	}{
		"an image that does not start": {func(w *world) {
			w.after = func(s *Slot) {
				if s.Image == "new" {
					s.Ready, s.Failure = false, "it exits with 1"
				}
			}
		}, "the image does not start in a: it exits with 1; the slot is free again"},
		"a revision that never appears": {func(w *world) { w.after = func(s *Slot) { s.Ready = s.Image != "new" } },
			"a has no new revision after 6m0s: look with `gcloud run services describe a`; the slot is free again"},
		"an answer that search engines may list": {func(w *world) { w.looked = errors.New("it is listed") },
			"it is listed; the slot is free again"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := two(7)
			test.spoil(w)
			_, err := w.keeper().Up(t.Context(), request(7))
			assert.EqualError(t, err, test.want)
			assert.Equal(t, []string{"a #7 new", "a #0 free"}, w.writes)
			assert.Equal(t, Slot{Name: "a", URL: "https://a", Image: "free", FreeImage: "free", Ready: true, Etag: "a++"}, w.slots["a"])
		})
	}
	w := two(0)
	w.after = func(s *Slot) { s.Ready, s.Failure = false, "no" }
	_, err := w.keeper().Up(t.Context(), request(7))
	assert.EqualError(t, err, "the image does not start in a: no; taking it out failed as well: the image does not start in a: no")
}

// TestInterruptedUpIsResumed checks that an interrupted run leaves the slot to the pull request's next run, and takes nothing out,
// because the image may be about to start.
func TestInterruptedUpIsResumed(t *testing.T) {
	t.Parallel()
	w := two(0)
	ctx, cancel := context.WithCancel(t.Context())
	w.cancel = cancel
	w.after = func(s *Slot) { s.Ready = false }
	_, err := w.keeper().Up(ctx, request(7))
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, []string{"a #7 new"}, w.writes)

	w.cancel, w.after = nil, nil
	slot, err := w.keeper().Up(t.Context(), request(7))
	require.NoError(t, err)
	assert.Equal(t, "a", slot.Name)
}

func TestDownAndExpire(t *testing.T) {
	t.Parallel()
	w := two(7)
	freed, err := w.keeper().Down(t.Context(), 8)
	require.NoError(t, err)
	assert.Empty(t, freed, "the pull request has no slot")
	freed, err = w.keeper().Down(t.Context(), 7)
	require.NoError(t, err)
	require.Len(t, freed, 1)
	assert.Equal(t, []any{"a", 7}, []any{freed[0].Name, freed[0].PullRequest})
	freed, err = w.keeper().Down(t.Context(), 7)
	require.NoError(t, err)
	assert.Empty(t, freed, "a second run has nothing to do")
	assert.Equal(t, []string{"a #0 free"}, w.writes)

	// expire frees a slot at its time, unless a push has prolonged it meanwhile.
	w = two(7)
	w.now = noon.Add(time.Hour - time.Second)
	freed, err = w.keeper().Expire(t.Context())
	require.NoError(t, err)
	assert.Empty(t, freed)
	w.now = noon.Add(time.Hour)
	w.before = func() {
		pushed := w.slots["a"]
		pushed.Expires, pushed.Etag = noon.Add(3*time.Hour), "pushed"
		w.slots["a"] = pushed
	}
	freed, err = w.keeper().Expire(t.Context())
	require.NoError(t, err)
	assert.Empty(t, freed, "the slot was prolonged between the read and the write")
	w.now = noon.Add(3 * time.Hour)
	freed, err = w.keeper().Expire(t.Context())
	require.NoError(t, err)
	assert.Len(t, freed, 1)

	// A slot that is gone does not keep the others from being freed.
	w = two(7)
	keeper := w.keeper()
	keeper.Names = []string{"gone", "a"}
	freed, err = keeper.Down(t.Context(), 7)
	require.ErrorIs(t, err, rollout.ErrNotFound)
	assert.Len(t, freed, 1)
}

// unsteady are slots whose first reads fail.
type unsteady struct {
	*world
	failures []error
}

func (u *unsteady) Read(ctx context.Context, name string) (Slot, error) {
	if len(u.failures) > 0 {
		err := u.failures[0]
		u.failures = u.failures[1:]
		return Slot{Failure: "of a slot that was not read", Ready: true}, err
	}
	return u.world.Read(ctx, name)
}

// TestUnsteadyReads checks that waiting for a revision goes on while Cloud Run cannot answer, and ends with any other failure.
func TestUnsteadyReads(t *testing.T) {
	t.Parallel()
	refused := errors.New("refused")
	for name, test := range map[string]struct {
		failures []error
		slept    int
		want     error
	}{
		"it answers":             {nil, 0, nil},
		"it cannot answer twice": {[]error{rollout.ErrUnavailable, fmt.Errorf("read a: %w", rollout.ErrUnavailable)}, 2, nil},
		"it refuses":             {[]error{rollout.ErrUnavailable, refused, refused}, 1, refused},
	} {
		w := two(0)
		keeper := w.keeper()
		keeper.Slots = &unsteady{w, test.failures}
		_, err := keeper.settle(t.Context(), "a")
		assert.Equal(t, test.want, err, name)
		assert.Equal(t, test.slept, w.slept, name)
	}
}
