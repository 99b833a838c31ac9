package plan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// The tags this program owns. Every other tag belongs to someone else and is kept.
const (
	TagStable    = "stable"
	TagCandidate = "candidate"
	TagShifted   = "shifted"
	TagPrevious  = "previous"
	TagEarlier   = "earlier"
	TagRejected  = "rejected" // The newest; older ones are rejected2, rejected3, ...: see rejected.go.
)

// maxTagAndService is Cloud Run's limit for the length of a tag and its service's name together.
const maxTagAndService = 46

// Target is one entry of a traffic list, desired or effective.
type Target struct {
	// Revision names the revision. It is empty only with Latest, where the API leaves it out.
	Revision string `json:"revision,omitempty"`
	// Latest says that the entry follows the latest ready revision instead of naming one.
	Latest bool `json:"latest,omitempty"`
	// Percent is the share of requests, 0 to 100. An entry with a tag and 0 % is reachable only by the tag's URL.
	Percent int `json:"percent"`
	// Tag gives the revision its own URL; empty for no tag.
	Tag string `json:"tag,omitempty"`
	// URI is the tag's URL; only in the effective list.
	URI string `json:"uri,omitempty"`
}

// Service is the result of one read of a service, as far as its traffic goes.
type Service struct {
	// Name is the short name: procureflow-web.
	Name string
	// Program is the command that starts this program, for command lines that a reader pastes; empty for release. Where holds the flags
	// that reach this service, such as "--region us-central1 --project p".
	Program, Where string
	// URL is the service's own URL, over which requests are split.
	URL string
	// Etag lets a write fail if anything changed since this read.
	Etag string
	// Generation counts writes. Observed is the generation that the effective fields belong to.
	Generation, Observed int64
	// Reconciling says that the effective fields may still change without another write.
	Reconciling bool
	// LatestReady and LatestCreated are short revision names. They differ while the newest revision is not ready yet, or when it never
	// will be.
	LatestReady, LatestCreated string
	// Asked is the revision that the service's template names. It is older than LatestCreated when an earlier template was deployed
	// again. Empty if the API chooses the names; it then makes a new revision for every change.
	Asked string
	// Failure is the API's message when the service's last change failed; empty otherwise.
	Failure string
	// Updated is the time of the last write.
	Updated time.Time
	// Desired is the list that was written last. Effective is how requests are split now.
	Desired, Effective []Target
}

// Revision is the result of one read of a revision.
type Revision struct {
	// Name is the revision's short name, SERVICE-SUFFIX.
	Name string `json:"name"`
	// Created is when the API made it.
	Created time.Time `json:"created"`
	// Image is the image by digest.
	Image string `json:"image,omitempty"`
	// Ready says that it can serve; Failed says that it never will. If neither is true, it is not ready yet.
	Ready  bool `json:"ready"`
	Failed bool `json:"failed,omitempty"`
	// Sticky says that it has session affinity: Cloud Run sends a visitor whom it answered to it again, whatever the split is.
	Sticky bool `json:"sessionAffinity,omitempty"`
	// Message is the API's reason why it is not ready.
	Message string `json:"message,omitempty"`
}

// Wanted returns the revision that the service asks for, which is not always the newest.
func (s Service) Wanted() string { return cmp.Or(s.Asked, s.LatestCreated) }

// Command returns a command line about this service that a reader can paste: "`release rollback web --region us-central1`".
func (s Service) Command(verb string, flags ...string) string {
	words := append([]string{cmp.Or(s.Program, "release"), verb, s.Name, s.Where}, flags...)
	return fmt.Sprintf("`%s`", strings.Join(strings.Fields(strings.Join(words, " ")), " "))
}

// Settled says whether the service splits its requests as wanted, and will not change that without another write.
func (s Service) Settled(want []Target) bool {
	return !s.Reconciling && s.Observed >= s.Generation && s.Serves(want) && s.Same(s.Desired, want)
}

// Serves says whether requests are split as wanted, tags included, even if the service is still reconciling.
func (s Service) Serves(want []Target) bool { return s.Same(s.Effective, want) }

// Diverged says that the effective traffic is not the desired traffic.
func (s Service) Diverged() bool { return !s.Same(s.Desired, s.Effective) }

// TagURL returns the URL at which a tag reaches a revision. It is empty while the tag is not in effect or belongs to another revision.
func (s Service) TagURL(tag, revision string) string {
	for _, target := range s.Effective {
		if target.Tag == tag && s.resolve(target) == revision {
			return target.URI
		}
	}
	return ""
}

// Same compares two traffic lists by meaning: the percent of each revision and the revision of each tag. The order of entries does
// not matter. A tag and a percent may share an entry or not: gcloud writes them as two entries, and this program as one.
func (s Service) Same(a, b []Target) bool {
	left, right := s.meaning(a), s.meaning(b)
	if len(left) != len(right) {
		return false
	}
	for key, value := range left {
		if other, ok := right[key]; !ok || other != value {
			return false
		}
	}
	return true
}

// SamePercents compares each revision's percent in two lists, and ignores tags.
func (s Service) SamePercents(a, b []Target) bool { return maps.Equal(s.Percents(a), s.Percents(b)) }

type key struct{ kind, name string }

type value struct {
	percent  int
	revision string
}

func (s Service) meaning(list []Target) map[key]value {
	meaning := map[key]value{}
	for revision, percent := range s.Percents(list) {
		meaning[key{"revision", revision}] = value{percent: percent}
	}
	for _, target := range list {
		if target.Tag != "" {
			meaning[key{"tag", target.Tag}] = value{revision: s.resolve(target)}
		}
	}
	return meaning
}

// resolve returns an entry's revision. If the entry follows the latest ready revision, it returns that revision's name.
func (s Service) resolve(target Target) string {
	if target.Revision == "" {
		return s.LatestReady
	}
	return target.Revision
}

// Percents sums a list's positive percents by revision. To the API, an empty list means 100 % to the latest ready revision.
func (s Service) Percents(list []Target) map[string]int {
	percents := map[string]int{}
	if len(list) == 0 && s.LatestReady != "" {
		percents[s.LatestReady] = 100
	}
	for _, target := range list {
		if target.Percent > 0 {
			percents[s.resolve(target)] += target.Percent
		}
	}
	return percents
}

// Largest returns the revision with the largest percent, wherever it stands in the list. It is empty if nothing serves, or if two share
// the largest percent.
func (s Service) Largest(list []Target) (revision string, percent int) {
	return largest(s.Percents(list))
}

// largestOf returns the largest among the revisions that may allows. It is empty if there is none, or if two share the largest percent.
func (s Service) largestOf(list []Target, may func(revision string) bool) string {
	percents := s.Percents(list)
	maps.DeleteFunc(percents, func(revision string, _ int) bool { return !may(revision) })
	chosen, _ := largest(percents)
	return chosen
}

// serving returns the revisions of a list that get requests, by name.
func (s Service) serving(list []Target) []string {
	return slices.Sorted(maps.Keys(s.Percents(list)))
}

func largest(percents map[string]int) (revision string, percent int) {
	var tied bool
	for name, share := range percents {
		switch {
		case share > percent:
			revision, percent, tied = name, share, false
		case share == percent:
			tied = true
		}
	}
	if tied {
		return "", percent
	}
	return revision, percent
}

func (s Service) tagged(tag string) string {
	// The desired list comes first, because a tag that was just written is not effective yet.
	for _, list := range [][]Target{s.Desired, s.Effective} {
		for _, target := range list {
			if target.Tag == tag {
				return s.resolve(target)
			}
		}
	}
	return ""
}
