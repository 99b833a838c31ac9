package plan

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"
)

// ErrRefused marks a move that the service's present traffic forbids. The message says why and what to do.
var ErrRefused = errors.New("refused")

func refuse(format string, arguments ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrRefused}, arguments...)...)
}

// Pinned says whether the desired traffic names one revision for everything and tags it stable, so that a new revision changes nothing.
func Pinned(s Service) bool {
	stable, _ := s.Largest(s.Desired)
	return stable != "" && !s.Diverged() && s.Same(s.Desired, Pin(s, stable)) && !follows(s.Desired)
}

// Follows says whether a new revision would get requests at once, without a rollout.
func Follows(s Service) bool { return follows(s.Desired) }

func follows(list []Target) bool {
	for _, target := range list {
		if target.Latest && target.Percent > 0 {
			return true
		}
	}
	return len(list) == 0
}

// Pin gives one revision all requests, by name, as stable. If the revision tagged stable no longer serves, a person moved away from it.
// After a step back it becomes rejected, so that no rollout undoes the manual rollback. After a step ahead it becomes previous.
func Pin(s Service, stable string) []Target {
	list := []Target{{Revision: stable, Percent: 100, Tag: TagStable}}
	drop := []string{TagStable, TagCandidate, TagShifted}
	displaced := s.tagged(TagStable)
	switch s.moved(displaced, stable) {
	case back:
		list, drop = append(list, s.rejections(stable, displaced)...), append(drop, TagRejected, TagPrevious)
	case ahead:
		list, drop = append(list, Target{Revision: displaced, Tag: TagPrevious}), append(drop, TagPrevious, TagEarlier)
	}
	return append(list, s.keep(drop...)...)
}

// direction says which way a person moved the traffic with another tool.
type direction int

const (
	unclear direction = iota
	back
	ahead
)

// moved returns the direction from one revision to another. Names say nothing about age, so it goes by two rules: the revision that the
// service asks for is the newest, and the one that a rollback would go to is older than the one that serves.
func (s Service) moved(from, to string) direction {
	switch {
	case from == "" || to == "" || from == to:
		return unclear
	case from == s.Wanted() || to == s.tagged(TagPrevious) || to == s.tagged(TagEarlier):
		return back
	case to == s.Wanted() || to == s.LatestCreated || to == s.LatestReady:
		return ahead
	}
	return unclear
}

// Begin tags the candidate, which gets its own URL and no percent. A candidate that a person took back starts again.
func Begin(s Service, candidate string) ([]Target, error) {
	state := Read(s)
	switch {
	case len(TagCandidate)+len(s.Name) > maxTagAndService:
		return nil, refuse("the service's name is %d characters long; with the tag %q Cloud Run allows %d together: use a shorter name",
			len(s.Name), TagCandidate, maxTagAndService)
	case state.Active() && (state.Phase != Withdrawn || candidate != state.Candidate):
		return nil, refuse("a rollout of %s is active", state.Candidate)
	case state.Phase == Unknown:
		return nil, refuse("%s", SplitByHand(s))
	case candidate == state.Stable:
		return nil, refuse("%s already serves everything", candidate)
	}
	list := []Target{{Revision: state.Stable, Percent: 100, Tag: TagStable}, {Revision: candidate, Tag: TagCandidate}}
	list = append(list, s.rejections(candidate)...) // Somebody asked for a rejected candidate to be tried again.
	return append(list, s.keep(TagStable, TagCandidate, TagShifted, TagRejected)...), nil
}

// Shift gives the active rollout's candidate a percent, 1 to 100, and stable the rest.
func Shift(s Service, percent int) ([]Target, error) {
	state := Read(s)
	if state.Phase != Prepared && state.Phase != Shifting && state.Phase != Full {
		return nil, refuse("no rollout can be continued here, because the service is %s (%s): look with %s", state.Phase, Describe(s.Desired),
			s.Command("status"))
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

// Finish makes the candidate, which serves everything, the stable revision. The former stable one stays reachable as previous.
func Finish(s Service) ([]Target, error) {
	state := Read(s)
	if state.Phase != Full {
		return nil, refuse("the candidate does not serve everything yet: %s", Describe(s.Desired))
	}
	return append([]Target{
		{Revision: state.Candidate, Percent: 100, Tag: TagStable},
		{Revision: state.Stable, Tag: TagPrevious},
	}, s.keep(TagStable, TagCandidate, TagShifted, TagPrevious, TagEarlier)...), nil
}

// TakenBack says whether a person took everything back between two reads, by this program's rollback or with gcloud. This program's
// rollback tags the revision that it takes requests from as rejected. gcloud moves the percents and leaves every tag in place. A tool that
// writes the whole service, such as Pulumi, does neither. A list that follows the latest revision is not a rollback.
func TakenBack(before, after Service) bool {
	from, _ := before.Largest(before.Desired)
	if from == "" || after.Percents(after.Desired)[from] > 0 || follows(after.Desired) {
		return false
	}
	if slices.Contains(desired(after).rejected(), from) && !slices.Contains(desired(before).rejected(), from) {
		return true
	}
	for _, target := range before.Desired {
		if target.Tag != "" && !target.Latest && after.desiredTag(target.Tag) != target.Revision {
			return false
		}
	}
	return before.desiredTag(TagStable) == from
}

// keep returns what a write leaves alone: every tag but the named ones, each without a percent.
func (s Service) keep(except ...string) []Target {
	var kept []Target
	for _, target := range s.Desired {
		tag := target.Tag
		if rejectedNumber(tag) > 0 {
			tag = TagRejected // The older rejected tags go together with the newest.
		}
		if tag == "" || slices.Contains(except, tag) {
			continue
		}
		kept = append(kept, Target{Revision: target.Revision, Latest: target.Latest, Tag: target.Tag})
	}
	sort.Slice(kept, func(i, j int) bool { return kept[i].Tag < kept[j].Tag })
	return kept
}

// Describe words a traffic list for people: "web-a 90 %, web-b 10 %".
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

// Apart describes two lists so that their difference shows. It adds the tags if the percents are the same.
func Apart(a, b []Target) (string, string) {
	left, right := Describe(a), Describe(b)
	if left == right {
		left, right = describeTags(a), describeTags(b)
	}
	return left, right
}

// describeTags words a list with its tags: "web-a 100 % (stable), web-b 0 % (previous)".
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
