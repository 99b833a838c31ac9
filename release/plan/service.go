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

// MaxTagAndService is what Cloud Run allows for the length of a tag and its service's name together.
const MaxTagAndService = 46

// Target is one entry of a traffic list, desired or effective.
type Target struct {
	// Revision names the revision; empty only with Latest, where the API leaves it out.
	Revision string `json:"revision,omitempty"`
	// Latest says that the entry follows the latest ready revision instead of naming one.
	Latest bool `json:"latest,omitempty"`
	// Percent of requests, 0 to 100. An entry with a tag and 0 % is reachable by its tag's URL only.
	Percent int `json:"percent"`
	// Tag gives the revision a URL of its own; empty for none.
	Tag string `json:"tag,omitempty"`
	// URI is the tag's URL; only in the effective list.
	URI string `json:"uri,omitempty"`
}

// Service is what one read of a service says about its traffic.
type Service struct {
	// Name is the short name: procureflow-web.
	Name string
	// Program is how release was started, for commands that a reader can paste; empty for release. Where are the flags with which it
	// reaches this service, such as "--region us-central1 --project p".
	Program, Where string
	// URL is the service's own URL, over which requests are split.
	URL string
	// Etag guards a write against everything that happened since this read.
	Etag string
	// Generation counts writes; Observed is the one that the effective fields belong to.
	Generation, Observed int64
	// Reconciling says that the effective fields may still change by themselves.
	Reconciling bool
	// LatestReady and LatestCreated are short revision names; they differ while the newest revision is not, or never, ready.
	LatestReady, LatestCreated string
	// Asked is the revision that the service's template names: an older one than LatestCreated after a template was put back that was
	// deployed before. Empty where the API chooses the names, which makes a new revision of every change.
	Asked string
	// Failure is the API's message when the service's last change failed; empty otherwise.
	Failure string
	// Updated is the time of the last write.
	Updated time.Time
	// Desired is what was asked for; Effective is how requests are split now.
	Desired, Effective []Target
}

// Revision is what one read of a revision says.
type Revision struct {
	Name    string    `json:"name"`
	Created time.Time `json:"created"`
	// Image is the image by digest.
	Image string `json:"image,omitempty"`
	// Ready says that it can serve; Failed that it never will. Neither means: not yet.
	Ready  bool `json:"ready"`
	Failed bool `json:"failed,omitempty"`
	// Message is the API's reason when it is not ready.
	Message string `json:"message,omitempty"`
}

// Wanted is the revision that the service asks for, which is not always the newest.
func (s Service) Wanted() string { return cmp.Or(s.Asked, s.LatestCreated) }

// Command writes a command line about this service that a reader can paste: "`release rollback web --region us-central1`".
func (s Service) Command(verb string, flags ...string) string {
	words := append([]string{cmp.Or(s.Program, "release"), verb, s.Name, s.Where}, flags...)
	return fmt.Sprintf("`%s`", strings.Join(strings.Fields(strings.Join(words, " ")), " "))
}

// Settled says whether the service splits its requests as wanted and will not change that by itself.
func (s Service) Settled(want []Target) bool {
	return !s.Reconciling && s.Observed >= s.Generation && s.Serves(want) && s.Same(s.Desired, want)
}

// Serves says whether requests are split as wanted, tags included, whatever else is going on.
func (s Service) Serves(want []Target) bool { return s.Same(s.Effective, want) }

// Diverged says that the service does not serve what it was told to serve.
func (s Service) Diverged() bool { return !s.Same(s.Desired, s.Effective) }

// TagURL is the URL under which a revision answers by a tag; empty while the tag is not in effect, or is another revision's.
func (s Service) TagURL(tag, revision string) string {
	for _, target := range s.Effective {
		if target.Tag == tag && s.resolve(target) == revision {
			return target.URI
		}
	}
	return ""
}

// Same compares two traffic lists by what they mean: the percent of each revision and the revision of each tag. The order of the
// entries and whether a tag shares its entry with a percent mean nothing; gcloud writes them apart, this program together.
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

// SamePercents compares what the lists give each revision, whatever their tags.
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

// resolve names the revision of an entry that follows the latest ready one.
func (s Service) resolve(target Target) string {
	if target.Revision == "" {
		return s.LatestReady
	}
	return target.Revision
}

// Percents sums a list's positive percents by revision. An empty list is, to the API, 100 % to the latest ready revision.
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

// Largest is the revision with the largest percent of a list, never simply its first entry. It is empty when nothing serves or when
// two share the largest percent.
func (s Service) Largest(list []Target) (revision string, percent int) {
	return largest(s.Percents(list))
}

// largestOf is the largest among the revisions that may be chosen, empty when there is none or two share it.
func (s Service) largestOf(list []Target, may func(revision string) bool) string {
	percents := s.Percents(list)
	maps.DeleteFunc(percents, func(revision string, _ int) bool { return !may(revision) })
	chosen, _ := largest(percents)
	return chosen
}

// serving are the revisions of a list that get requests, by name.
func (s Service) serving(list []Target) []string {
	return slices.Sorted(maps.Keys(s.Percents(list)))
}

func largest(percents map[string]int) (revision string, percent int) {
	tied := false
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
	// What was asked for comes first: a tag that was just written is not effective yet.
	for _, list := range [][]Target{s.Desired, s.Effective} {
		for _, target := range list {
			if target.Tag == tag {
				return s.resolve(target)
			}
		}
	}
	return ""
}
