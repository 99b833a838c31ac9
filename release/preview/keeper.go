package preview

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/guiofsaints/procureflow-platform/release/rollout"
)

// Slots reads and writes the slots of a project.
type Slots interface {
	// Read returns a slot as it is now, by the short name of its service.
	Read(ctx context.Context, name string) (Slot, error)
	// Write gives the slot its image and its pull request. The error wraps rollout.ErrConflict when somebody else wrote since the slot was
	// read.
	Write(ctx context.Context, slot Slot) error
}

const (
	// attempts is how often a write is tried while others keep writing first.
	attempts = 10
	// pace is the pause between two reads of a slot while its revision starts, and patience the time after which the wait ends.
	// Cloud Run itself gives a start four minutes.
	pace     = time.Second
	patience = 6 * time.Minute
)

// Keeper gives out the slots of one service.
type Keeper struct {
	// Slots reads and writes the slots, and Clock is the time.
	Slots Slots
	Clock rollout.Clock
	// Names are the short names of all slots.
	Names []string
	// Look requests a slot's address and returns an error if the answer is not fit to be shown.
	Look func(ctx context.Context, url string) error
}

// Request says which image a pull request wants to show, and for how long.
type Request struct {
	// PullRequest is the pull request's number.
	PullRequest int
	// Commit is the full commit that Image, an image by digest, was built from.
	Commit, Image string
	// TimeToLive is how long the slot stays the pull request's without another push.
	TimeToLive time.Duration
}

// Up makes a slot run the image. If the pull request has a slot already, Up changes its image and extends its time. If the image does
// not start, or Look refuses its answer, Up frees the slot again and returns an error.
func (k *Keeper) Up(ctx context.Context, request Request) (Slot, error) {
	slot, err := k.claim(ctx, request)
	if err != nil {
		return Slot{}, err
	}
	slot, err = k.settle(ctx, slot.Name)
	if err == nil {
		err = k.look(ctx, slot.URL)
	}
	if err == nil || ctx.Err() != nil {
		return slot, err
	}
	if _, downErr := k.Down(ctx, request.PullRequest); downErr != nil {
		return Slot{}, fmt.Errorf("%w; taking it out failed as well: %w", err, downErr)
	}
	return Slot{}, fmt.Errorf("%w; the slot is free again", err)
}

// claim writes the pull request and its image into a slot. If two claim the same slot, the etag refuses the second write, and the
// second chooses again.
func (k *Keeper) claim(ctx context.Context, request Request) (Slot, error) {
	for range attempts {
		slots, err := k.List(ctx)
		if err != nil {
			return Slot{}, err
		}
		slot, err := choose(slots, request.PullRequest, k.Clock.Now())
		if err != nil {
			return Slot{}, err
		}
		slot.PullRequest, slot.Commit, slot.Image = request.PullRequest, request.Commit, request.Image
		slot.Expires = k.Clock.Now().Add(request.TimeToLive)
		if err := k.Slots.Write(ctx, slot); !errors.Is(err, rollout.ErrConflict) {
			return slot, err
		}
	}
	return Slot{}, fmt.Errorf("others wrote into the slots %d times in a row: %w: run it again", attempts, rollout.ErrConflict)
}

// settle waits until the newest revision has all requests.
func (k *Keeper) settle(ctx context.Context, name string) (Slot, error) {
	until := k.Clock.Now().Add(patience)
	for {
		slot, err := k.Slots.Read(ctx, name)
		switch {
		case err == nil && slot.Failure != "":
			return slot, fmt.Errorf("the image does not start in %s: %s", name, slot.Failure)
		case err == nil && slot.Ready:
			return slot, nil
		case err != nil && !errors.Is(err, rollout.ErrUnavailable):
			return slot, err
		case k.Clock.Now().After(until):
			return slot, fmt.Errorf("%s has no new revision after %s: look with `gcloud run services describe %s`", name, patience, name)
		}
		if err := k.Clock.Sleep(ctx, pace); err != nil {
			return slot, err
		}
	}
}

// look tries a few times, because the first answers of a new revision may come from its front alone.
func (k *Keeper) look(ctx context.Context, url string) (err error) {
	for range attempts {
		if err = k.Look(ctx, url); err == nil {
			return nil
		}
		if err := k.Clock.Sleep(ctx, pace); err != nil {
			return err
		}
	}
	return err
}

// List reads all slots.
func (k *Keeper) List(ctx context.Context) ([]Slot, error) {
	var slots []Slot
	for _, name := range k.Names {
		slot, err := k.Slots.Read(ctx, name)
		if err != nil {
			return nil, err
		}
		slots = append(slots, slot)
	}
	return slots, nil
}

// Down frees the slots that a pull request has, and returns them as they were before.
func (k *Keeper) Down(ctx context.Context, pullRequest int) ([]Slot, error) {
	return k.release(ctx, func(s Slot) bool { return s.PullRequest == pullRequest })
}

// Expire frees the slots whose time has passed, and returns them as they were before.
func (k *Keeper) Expire(ctx context.Context) ([]Slot, error) {
	return k.release(ctx, func(s Slot) bool { return s.expired(k.Clock.Now()) })
}

// release frees the slots for which goes is true. If one fails, it goes on with the others.
func (k *Keeper) release(ctx context.Context, goes func(Slot) bool) (freed []Slot, err error) {
	var failed []error
	for _, name := range k.Names {
		slot, err := k.releaseOne(ctx, name, goes)
		if err != nil {
			failed = append(failed, err)
		} else if slot != nil {
			freed = append(freed, *slot)
		}
	}
	return freed, errors.Join(failed...)
}

func (k *Keeper) releaseOne(ctx context.Context, name string, goes func(Slot) bool) (*Slot, error) {
	for range attempts {
		slot, err := k.Slots.Read(ctx, name)
		if err != nil {
			return nil, err
		}
		if !goes(slot) {
			return nil, nil
		}
		if err := k.Slots.Write(ctx, slot.free()); errors.Is(err, rollout.ErrConflict) {
			continue // somebody took or freed it: look again whether it still goes
		} else if err != nil {
			return nil, err
		}
		if _, err := k.settle(ctx, name); err != nil {
			return nil, err
		}
		return &slot, nil
	}
	return nil, fmt.Errorf("others wrote into %s %d times in a row: %w: run it again", name, attempts, rollout.ErrConflict)
}
