package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Rollback gives one revision all requests and marks the revision that it takes them from as rejected. If requests are back already, it
// moves nothing. With an empty to, the tags say which revision served before, and the largest share counts only where they say nothing:
//
//   - while a rollout is active, it goes to stable;
//   - if a change did not take effect, it goes to that change's target if the change was a way back, else to what still serves;
//   - on a split made by hand, it goes to previous if that has a share, else to stable;
//   - after a finished rollout, it goes to previous;
//   - after a rollback with any tool, it stays with what serves: going further back takes a to.
//
// A rejected revision serves again only if to names it. Rollback never guesses that the second newest revision is the right one.
func Rollback(s Service, to string) (list []Target, target string, err error) {
	target = to
	if target == "" {
		if target, err = rollbackTarget(s); err != nil {
			return nil, "", err
		}
	}
	list = []Target{{Revision: target, Percent: 100, Tag: TagStable}}
	rejected := rollbackFrom(s, target)
	list = append(list, s.rejections(target, leftByHand(s, target, rejected), rejected)...)
	// Messages suggest "earlier" as the next step back. It must be neither the revision just rejected nor the one that serves now.
	if earlier := cmp.Or(s.tagged(TagPrevious), s.tagged(TagEarlier)); earlier != "" && earlier != target && earlier != rejected {
		list = append(list, Target{Revision: earlier, Tag: TagEarlier})
	}
	return append(s.fitting(list), s.keep(TagStable, TagCandidate, TagShifted, TagRejected, TagPrevious, TagEarlier)...), target, nil
}

// Already says in words that a rollback has nothing to do and, if nobody named a revision, how to go further back.
func Already(s Service, target, to string) string {
	rejected := s.rejected()
	if to != "" || len(rejected) == 0 {
		return fmt.Sprintf("%s already serves everything", target)
	}
	further := "name it: " + s.Command("rollback", "--to REVISION") + " (" + s.Command("status") + " lists them)"
	if earlier := s.tagged(TagEarlier); earlier != "" && !slices.Contains(rejected, earlier) {
		further = s.Command("rollback", "--to", earlier)
	}
	return fmt.Sprintf("%s already serves everything: %s was taken back. To go further back, %s", target, rejected[0], further)
}

// fitting leaves out tags that are too long for the service's name: going back matters more than a tag.
func (s Service) fitting(list []Target) (fit []Target) {
	for _, target := range list {
		if len(target.Tag)+len(s.Name) > maxTagAndService {
			target.Tag = ""
		}
		if target.Tag != "" || target.Percent > 0 {
			fit = append(fit, target)
		}
	}
	return fit
}

// rollbackTarget returns the revision that a rollback goes back to when nobody names one.
func rollbackTarget(s Service) (string, error) {
	rejected := s.rejected()
	good := func(revision string) bool { return revision != "" && !slices.Contains(rejected, revision) }
	// A person's write may have removed the candidate's tag without taking effect. Then only the effective traffic has the tag.
	if candidate := s.tagged(TagCandidate); candidate != "" {
		return beforeRollout(s, candidate, good)
	}
	effective, percent := s.Largest(s.Effective)
	if len(s.Effective) == 0 {
		return "", refuse("nothing serves: name the revision with %s", s.Command("rollback", "--to REVISION"))
	}
	wanted, share := s.Largest(s.Desired)
	previous := s.tagged(TagPrevious)
	switch {
	case share == 100 && wanted != effective && good(wanted) && (!good(effective) || previous == wanted):
		return wanted, nil // The change that did not take effect was itself a way back.
	case percent < 100:
		return beforeSplit(s, good)
	case !s.SamePercents(s.Desired, s.Effective) && good(effective):
		return effective, nil // The change that did not take effect was not a way back.
	}
	return beforeRelease(s, effective, good)
}

// beforeRollout returns the revision that served before the active rollout.
func beforeRollout(s Service, candidate string, good func(string) bool) (string, error) {
	stable := s.tagged(TagStable)
	if stable == candidate { // The rollout's end was written but is not in effect, so the effective traffic says which revision served before.
		stable = Service{LatestReady: s.LatestReady, Desired: s.Effective}.tagged(TagStable)
	}
	other := func(revision string) bool { return revision != candidate && good(revision) }
	if other(stable) {
		return stable, nil
	}
	if largest := s.largestOf(s.Effective, other); largest != "" {
		return largest, nil
	}
	return "", refuse("a rollout of %s is active, and the tags do not say which revision served before: name it with %s", candidate,
		s.Command("rollback", "--to REVISION"))
}

// beforeSplit returns the revision that a split made by hand came from, or goes back to.
func beforeSplit(s Service, good func(string) bool) (string, error) {
	stable, previous := s.tagged(TagStable), s.tagged(TagPrevious)
	if good(previous) && s.Percents(s.Effective)[previous] > 0 {
		return previous, nil // A person has begun to go back from stable.
	}
	if good(stable) {
		return stable, nil
	}
	if largest := s.largestOf(s.Effective, good); largest != "" {
		return largest, nil
	}
	if good(previous) {
		return previous, nil
	}
	return "", refuse("the tags do not say which revision served before this split (%s): name it with %s", Describe(s.Effective),
		s.choices(s.Effective))
}

// beforeRelease returns the revision that served before the one revision that serves everything now.
func beforeRelease(s Service, serving string, good func(string) bool) (string, error) {
	stable, previous := s.tagged(TagStable), s.tagged(TagPrevious)
	if !good(serving) { // A person gave all requests to a rejected revision.
		if target := cmp.Or(only(stable, good), only(previous, good)); target != "" {
			return target, nil
		}
		return "", refuse("%s was rolled back before and serves everything, and no tag says which revision served before it: name it "+
			"with %s", serving,
			s.Command("rollback", "--to REVISION"))
	}
	if stable != "" && stable != serving {
		switch s.moved(stable, serving) {
		case back:
			return serving, nil
		case ahead:
			if good(stable) {
				return stable, nil
			}
		}
		return "", refuse("someone moved the traffic from %s to %s by hand, and nothing says which of them is the older one: name the "+
			"revision with %s",
			stable, serving, s.choices([]Target{{Revision: stable, Percent: 1}, {Revision: serving, Percent: 1}}))
	}
	switch {
	case good(previous) && previous != serving:
		return previous, nil
	case len(s.rejected()) > 0:
		return serving, nil
	}
	return "", refuse("%s serves everything and no tag says which revision served before it: name it with %s (%s lists them)", serving,
		s.Command("rollback", "--to REVISION"), s.Command("status"))
}

func only(revision string, good func(string) bool) string {
	if good(revision) {
		return revision
	}
	return ""
}

// rollbackFrom returns the revision that a rollback takes requests from, or that a person took them from; empty if there is none.
func rollbackFrom(s Service, target string) string {
	if candidate := s.tagged(TagCandidate); candidate != "" && candidate != target {
		return candidate
	}
	for _, list := range [][]Target{s.Desired, s.Effective} {
		if largest := s.largestOf(list, func(revision string) bool { return revision != target }); largest != "" {
			return largest
		}
	}
	if stable := s.tagged(TagStable); s.moved(stable, target) == back {
		return stable
	}
	return ""
}

// leftByHand returns the revision tagged stable if a person moved requests away from it to others. The rollback completes that move and
// remembers where it came from. Empty if the rollback takes requests from that revision anyway.
func leftByHand(s Service, target, from string) string {
	stable := s.tagged(TagStable)
	if s.tagged(TagCandidate) == "" && stable != from && s.Percents(s.Desired)[stable] == 0 && s.moved(stable, target) == back {
		return stable
	}
	return ""
}

// SplitByHand words how to end a split that no rollout leaves: by the command that goes where the tags say, or by one command for each
// revision.
func SplitByHand(s Service) string {
	command := s.Command("rollback")
	if _, _, err := Rollback(s, ""); err != nil {
		command = s.choices(s.Desired)
	}
	return fmt.Sprintf("requests are split by hand (%s): end that with %s", Describe(s.Desired), command)
}

// choices lists the commands that give all requests to one of the revisions that a list serves.
func (s Service) choices(list []Target) string {
	var commands []string
	for _, revision := range s.serving(list) {
		commands = append(commands, s.Command("rollback", "--to", revision))
	}
	return strings.Join(commands, " or ")
}
