package preview

import (
	"cmp"
	"fmt"
	"strings"
	"time"
)

// Slot is a slot as it is now.
type Slot struct {
	// Name is the short name of the slot's service, and URL its address.
	Name string `json:"name"`
	URL  string `json:"url"`
	// PullRequest is the number of the pull request that has the slot until Expires; 0 for a free slot. Commit is the commit that
	// its image was built from.
	PullRequest int       `json:"pullRequest,omitempty"`
	Commit      string    `json:"commit,omitempty"`
	Expires     time.Time `json:"expires,omitzero"`
	// Image is what the slot runs, and FreeImage what it runs while it is free.
	Image     string `json:"image"`
	FreeImage string `json:"-"`
	// Ready says that the newest revision has all requests. Failure says why it never will.
	Ready   bool   `json:"ready"`
	Failure string `json:"failure,omitempty"`
	// Etag is the version that was read. A write with an old one is refused.
	Etag string `json:"-"`
}

// expired says whether the slot's time has passed, so that another pull request may have it.
func (s Slot) expired(now time.Time) bool { return s.PullRequest != 0 && !s.Expires.After(now) }

// free returns the slot without a pull request.
func (s Slot) free() Slot {
	s.PullRequest, s.Commit, s.Expires, s.Image = 0, "", time.Time{}, s.FreeImage
	return s
}

// HeldError says that other pull requests have all slots.
type HeldError struct {
	// Slots are the slots with the pull requests that have them.
	Slots []Slot
}

func (e *HeldError) Error() string {
	var holders []string
	for _, s := range e.Slots {
		holders = append(holders, fmt.Sprintf("%s by #%d until %s", s.Name, s.PullRequest, s.Expires.UTC().Format(time.RFC3339)))
	}
	return fmt.Sprintf("no slot is free: %s is held; take the label off one of these pull requests, wait, or raise previews.slots in the "+
		"settings of dev", strings.Join(holders, ", "))
}

// choose returns the slot for a pull request: the one that it has, else a free one, else one whose time has passed.
func choose(slots []Slot, pullRequest int, now time.Time) (Slot, error) {
	best, rank := Slot{}, 0
	for _, s := range slots {
		fits := 0
		switch {
		case s.PullRequest == pullRequest:
			fits = 3
		case s.PullRequest == 0:
			fits = 2
		case s.expired(now):
			fits = 1
		}
		if cmp.Compare(fits, rank) > 0 {
			best, rank = s, fits
		}
	}
	if rank == 0 {
		return Slot{}, &HeldError{Slots: slots}
	}
	return best, nil
}
