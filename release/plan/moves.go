package plan

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"
)

// ErrRefused marks a move that the service's present traffic forbids; its message says why and what to do.
var ErrRefused = errors.New("refused")

func refuse(format string, arguments ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrRefused}, arguments...)...)
}

// Pinned says whether the desired traffic names one revision for everything and tags it stable, so that a new revision changes nothing.
func Pinned(s Service) bool {
	stable, _ := s.Largest(s.Desired)
	return stable != "" && !s.Diverged() && s.Same(s.Desired, Pin(s, stable)) && !follows(s.Desired)
}

func follows(list []Target) bool {
	for _, target := range list {
		if target.Latest && target.Percent > 0 {
			return true
		}
	}
	return len(list) == 0
}

// Pin gives one revision everything, by name, as stable. What was tagged stable but no longer serves was moved away from by hand:
// the newest revision becomes rejected, so that a manual rollback is not rolled out again; an older one becomes previous.
func Pin(s Service, stable string) []Target {
	list := []Target{{Revision: stable, Percent: 100, Tag: TagStable}}
	drop := []string{TagStable, TagCandidate, TagShifted}
	if displaced := s.tagged(TagStable); displaced != "" && displaced != stable {
		tag := TagPrevious
		if displaced == s.LatestCreated {
			tag = TagRejected
		}
		list, drop = append(list, Target{Revision: displaced, Tag: tag}), append(drop, tag)
	}
	return append(list, s.keep(drop...)...)
}

// Begin tags the candidate, which gets a URL of its own and no percent. A candidate that was taken back by hand begins anew.
func Begin(s Service, candidate string) ([]Target, error) {
	state := Read(s)
	switch {
	case len(TagCandidate)+len(s.Name) > MaxTagAndService:
		return nil, refuse("the service's name is %d characters long; with the tag %q Cloud Run allows %d together: use a shorter name",
			len(s.Name), TagCandidate, MaxTagAndService)
	case state.Active() && (state.Phase != Withdrawn || candidate != state.Candidate):
		return nil, refuse("a rollout of %s is active", state.Candidate)
	case state.Phase == Unknown:
		return nil, refuse("requests are split by hand (%s): end that with `release rollback --to REVISION`", Describe(s.Desired))
	case candidate == state.Stable:
		return nil, refuse("%s already serves everything", candidate)
	}
	drop := []string{TagStable, TagCandidate, TagShifted}
	if state.Rejected == candidate { // Someone asked to try it again.
		drop = append(drop, TagRejected)
	}
	return append([]Target{
		{Revision: state.Stable, Percent: 100, Tag: TagStable},
		{Revision: candidate, Tag: TagCandidate},
	}, s.keep(drop...)...), nil
}

// Shift gives the candidate of the active rollout a percent, 1 to 100, and stable the rest.
func Shift(s Service, percent int) ([]Target, error) {
	state := Read(s)
	if state.Phase != Prepared && state.Phase != Shifting && state.Phase != Full {
		return nil, refuse("no rollout can be continued here: the service is %s (%s)", state.Phase, Describe(s.Desired))
	}
	if percent < 1 || percent > 100 {
		return nil, refuse("a shift to %d %% is not between 1 and 100", percent)
	}
	return append([]Target{
		{Revision: state.Stable, Percent: 100 - percent, Tag: TagStable},
		{Revision: state.Candidate, Percent: percent, Tag: TagCandidate},
		{Revision: state.Candidate, Tag: TagShifted},
	}, s.keep(TagStable, TagCandidate, TagShifted)...), nil
}

// Finish makes the candidate, which has everything, the stable revision; what was stable stays reachable as previous.
func Finish(s Service) ([]Target, error) {
	state := Read(s)
	if state.Phase != Full {
		return nil, refuse("the candidate does not serve everything yet: %s", Describe(s.Desired))
	}
	return append([]Target{
		{Revision: state.Candidate, Percent: 100, Tag: TagStable},
		{Revision: state.Stable, Tag: TagPrevious},
	}, s.keep(TagStable, TagCandidate, TagShifted, TagPrevious)...), nil
}

// Rollback gives everything to one revision and marks the one it takes it from as rejected. An empty to means, in this order: the
// revision that served before the active rollout; where a change did not take effect, what it went back to if it was a rollback, else
// what still serves; the largest part of a split made by hand; what was stable before the last finished rollout. It never guesses the
// second newest.
func Rollback(s Service, to string) (list []Target, target string, err error) {
	target = to
	if target == "" {
		if target, err = rollbackTarget(s); err != nil {
			return nil, "", err
		}
	}
	list = []Target{{Revision: target, Percent: 100, Tag: TagStable}}
	drop := []string{TagStable, TagCandidate, TagShifted}
	rejected := rollbackFrom(s, target)
	if rejected != "" {
		list = append(list, Target{Revision: rejected, Tag: TagRejected})
		drop = append(drop, TagRejected)
	} else if s.tagged(TagRejected) == target {
		drop = append(drop, TagRejected)
	}
	if previous := s.tagged(TagPrevious); previous == target || previous == rejected {
		drop = append(drop, TagPrevious) // Nobody should be sent back to what was just taken back.
	}
	return append(s.fitting(list), s.keep(drop...)...), target, nil
}

// fitting leaves out tags that are too long for the service's name: going back matters more than what it is called.
func (s Service) fitting(list []Target) (fit []Target) {
	for _, target := range list {
		if len(target.Tag)+len(s.Name) > MaxTagAndService {
			target.Tag = ""
		}
		if target.Tag != "" || target.Percent > 0 {
			fit = append(fit, target)
		}
	}
	return fit
}

func rollbackTarget(s Service) (string, error) {
	state := Read(s)
	// The candidate may be known from the effective traffic only, when a person's write removed its tag but did not take effect.
	candidate, stable := s.tagged(TagCandidate), s.tagged(TagStable)
	if candidate != "" {
		if stable == candidate { // The rollout's end is written and not in effect: what is in effect says what served before.
			stable = Service{LatestReady: s.LatestReady, Desired: s.Effective}.tagged(TagStable)
		}
		if stable != "" && stable != candidate {
			return stable, nil
		}
		if largest := s.largestBut(s.Effective, candidate); largest != "" {
			return largest, nil
		}
		return "", refuse("a rollout of %s is active, but nothing is tagged %q: name the revision with --to", candidate, TagStable)
	}
	effective, percent := s.Largest(s.Effective)
	if len(s.Effective) == 0 {
		return "", refuse("nothing serves: name the revision with --to")
	}
	if effective == "" {
		return "", refuse("requests are split evenly (%s): name the revision with --to", Describe(s.Effective))
	}
	wanted, share := s.Largest(s.Desired)
	if share == 100 && wanted != effective && (state.Rejected == effective || state.Previous == wanted) {
		return wanted, nil // The change that did not take effect was a rollback already.
	}
	if percent < 100 || wanted != effective || len(s.Percents(s.Desired)) > 1 {
		return effective, nil
	}
	if state.Previous != "" && state.Previous != effective {
		return state.Previous, nil
	}
	return "", refuse("%s serves everything and nothing says what served before it: name the revision with --to (`release status` lists them)", effective)
}

// rollbackFrom is the revision a rollback takes requests from, if there is one.
func rollbackFrom(s Service, target string) string {
	if candidate := s.tagged(TagCandidate); candidate != "" && candidate != target {
		return candidate
	}
	for _, list := range [][]Target{s.Desired, s.Effective} {
		if largest := s.largestBut(list, target); largest != "" {
			return largest
		}
	}
	return ""
}

// TakenBack says whether a person took everything back between two reads: this program's rollback tags what it takes it from as
// rejected, and gcloud moves the percents and leaves every tag where it was. What writes the service as a whole, as Pulumi does,
// leaves neither. Nobody goes back to whatever is the latest.
func TakenBack(before, after Service) bool {
	from, _ := before.Largest(before.Desired)
	if from == "" || after.Percents(after.Desired)[from] > 0 || follows(after.Desired) {
		return false
	}
	if after.desiredTag(TagRejected) == from && before.desiredTag(TagRejected) != from {
		return true
	}
	for _, target := range before.Desired {
		if target.Tag != "" && !target.Latest && after.desiredTag(target.Tag) != target.Revision {
			return false
		}
	}
	return before.desiredTag(TagStable) == from
}

// keep is what a write leaves alone: every tag but the named ones, without a percent.
func (s Service) keep(except ...string) []Target {
	var kept []Target
	for _, target := range s.Desired {
		if target.Tag == "" || slices.Contains(except, target.Tag) {
			continue
		}
		kept = append(kept, Target{Revision: target.Revision, Latest: target.Latest, Tag: target.Tag})
	}
	sort.Slice(kept, func(i, j int) bool { return kept[i].Tag < kept[j].Tag })
	return kept
}

// Describe writes a traffic list for people: "web-a 90 %, web-b 10 %".
func Describe(list []Target) string {
	percents, order := map[string]int{}, []string{}
	for _, target := range list {
		name := target.Revision
		if name == "" || target.Latest {
			name = "LATEST"
		}
		if percents[name] == 0 && target.Percent > 0 {
			order = append(order, name)
		}
		percents[name] += target.Percent
	}
	if len(list) == 0 {
		return "LATEST 100 %"
	}
	if len(order) == 0 {
		return "nothing"
	}
	sort.SliceStable(order, func(i, j int) bool { return percents[order[i]] > percents[order[j]] })
	for i, name := range order {
		order[i] = fmt.Sprintf("%s %d %%", name, percents[name])
	}
	return strings.Join(order, ", ")
}

// Apart describes two lists so that their difference shows: with the tags where the percents read the same.
func Apart(a, b []Target) (string, string) {
	left, right := Describe(a), Describe(b)
	if left == right {
		left, right = describeTags(a), describeTags(b)
	}
	return left, right
}

// describeTags writes a list with its tags: "web-a 100 % (stable), web-b 0 % (previous)".
func describeTags(list []Target) string {
	var words []string
	for _, target := range list {
		word := fmt.Sprintf("%s %d %%", cmp.Or(target.Revision, "LATEST"), target.Percent)
		if target.Tag != "" {
			word += " (" + target.Tag + ")"
		}
		words = append(words, word)
	}
	return cmp.Or(strings.Join(words, ", "), "nothing")
}
