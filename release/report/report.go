// Package report draws the journal of releases: one page a release, and an index. On top of a page stands how the release ended; below it
// the traffic, errors and latency of its revisions with their limits, the probes, and the decisions with their reasons. A page is one
// file: it needs no network and no script, fits a phone and paper, and says nothing by colour or pointer alone. Whatever the journal
// holds is text on it.
package report

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/internal/webpage"
	"github.com/guiofsaints/procureflow-platform/release/rollout"
)

// Run is one command's part of the journal.
type Run struct {
	Command, Service, Environment, Who string
	// Commit is what the candidate was built of, and Link the page of the workflow's run; either may be empty.
	Commit, Link string
	// ApprovedBy are the people who approved the run.
	ApprovedBy []string
	Events     []rollout.Event
}

// Release is one release: the command that began it, and those that went on with it or ended it.
type Release struct{ Runs []Run }

// Releases joins the commands of each release, the oldest first. A command belongs to the release before it when that one is of the same
// service and candidate and had not come to an end.
func Releases(runs []Run) (releases []Release) {
	last := map[string]int{} // By service.
	for _, run := range runs {
		if len(run.Events) == 0 {
			continue
		}
		if at, known := last[run.Service]; known && goesOn(releases[at], run) {
			releases[at].Runs = append(releases[at].Runs, run)
			continue
		}
		if run.Command != "guard" { // A guarded command may stand between two parts of a release.
			last[run.Service] = len(releases)
		}
		releases = append(releases, Release{Runs: []Run{run}})
	}
	return releases
}

func goesOn(r Release, next Run) bool {
	before := r.Runs[len(r.Runs)-1]
	ended := slices.ContainsFunc(before.Events, func(e rollout.Event) bool {
		return e.Outcome != "" && e.Outcome != rollout.Held && e.Outcome != rollout.Interrupted
	})
	name := candidate(before.Events)
	return !ended && next.Command != "guard" && name != "" && name == candidate(next.Events)
}

// Candidate is the revision that is released; empty where no command got as far as to know it.
func (r Release) Candidate() string { return candidate(r.Events()) }

// candidate is the newest one that the events name.
func candidate(events []rollout.Event) (name string) {
	for _, event := range events {
		if event.Candidate != "" {
			name = event.Candidate
		}
	}
	return name
}

// Events are those of all commands, in order.
func (r Release) Events() (events []rollout.Event) {
	for _, run := range r.Runs {
		events = append(events, run.Events...)
	}
	return events
}

//go:embed page.html index.html
var sources embed.FS

var pages = template.Must(template.ParseFS(sources, "*.html"))

// Page is the page of one release.
func Page(release Release) ([]byte, error) { return Live(release, nil) }

// Now is what a page that is served live says on top.
type Now struct {
	// Title heads the page while there is no release to name.
	Title string
	// Steps are the policy's.
	Steps []NowStep
	// Split is who serves what share of the requests.
	Split []Share
	// Waiting says what for, and Until for how long; Note what else a person has to know.
	Waiting, Until, Note string
	// Buttons are what the person may do.
	Buttons []Button
	// Told is the answer to the last button.
	Told string
	// Ended says that nothing is going on.
	Ended bool
}

// NowStep is one step of the policy: done, or the present one.
type NowStep struct {
	Text          string
	Done, Present bool
}

// Share is a revision's share of the requests.
type Share struct {
	Revision, Tags string
	Percent        int
}

// Button sends a form to the page's own server.
type Button struct {
	Action, Text string
	Danger       bool
	// Revision is what the button is about, as the person sees it.
	Revision string
}

// Live is the page of a release that is served while it goes on. now may be nil; a release without events has the live part alone.
func Live(release Release, now *Now) ([]byte, error) {
	v, err := newView(release)
	if err != nil {
		return nil, err
	}
	v.Now = now
	return render("page.html", v)
}

// File is one page by its name.
type File struct {
	Name    string
	Content []byte
}

// Site makes a page for each release and the index of them, the newest first. The index is to be kept as a file of the name home, and the
// pages in the folder beside it.
func Site(runs []Run, home, folder string) (index []byte, files []File, err error) {
	type entry struct {
		view
		Href string
	}
	var entries []entry
	names := map[string]bool{}
	for _, release := range Releases(runs) {
		v, err := newView(release)
		if err != nil {
			return nil, nil, err
		}
		v.Index = home
		name := v.file()
		for n := 2; names[name]; n++ {
			name = fmt.Sprintf("%s-%d.html", strings.TrimSuffix(v.file(), ".html"), n)
		}
		names[name] = true
		content, err := render("page.html", v)
		if err != nil {
			return nil, nil, err
		}
		files = append(files, File{name, content})
		entries = append(entries, entry{v, folder + "/" + name})
	}
	slices.Reverse(entries)
	index, err = render("index.html", struct {
		webpage.Head
		Entries []entry
	}{Entries: entries})
	return index, files, err
}

func render(name string, data any) ([]byte, error) {
	var out bytes.Buffer
	if err := pages.ExecuteTemplate(&out, name, data); err != nil {
		return nil, fmt.Errorf("render the report: %w", err)
	}
	return out.Bytes(), nil
}
