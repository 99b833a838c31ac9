// Package report draws the journal of releases as pages: one page a release, and an index. The top of a page says how the release ended.
// Below are the traffic, errors and latency of its revisions with their limits, the probes, and the decisions with their reasons. A page
// is one file. It needs no network and no script, fits a phone and paper, and never relies on colour or a pointer alone. Everything that
// comes from the journal is escaped.
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

// Run is the part of the journal that one command wrote.
type Run struct {
	// Command is rollout, rollback or guard; Service and Environment say where, and Who started it.
	Command, Service, Environment, Who string
	// Commit is the commit that the candidate was built from, and Link the page of the workflow's run. Either may be empty.
	Commit, Link string
	// ApprovedBy are the people who approved the run.
	ApprovedBy []string
	// Events are the lines of the journal, the oldest first.
	Events []rollout.Event
}

// Release is one release: the command that began it, and the commands that resumed or ended it.
type Release struct{ Runs []Run }

// Releases groups commands into releases, the oldest first. A command belongs to the release before it if that release
// has the same service and candidate and had not ended.
func Releases(runs []Run) (releases []Release) {
	last := map[string]int{} // The index of each service's last release.
	for _, run := range runs {
		if len(run.Events) == 0 {
			continue
		}
		if at, known := last[run.Service]; known && goesOn(releases[at], run) {
			releases[at].Runs = append(releases[at].Runs, run)
			continue
		}
		if run.Command != "guard" { // A guard may run between two commands of a release.
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

// Candidate is the revision that is released; empty if no command found it.
func (r Release) Candidate() string { return candidate(r.Events()) }

// candidate returns the last candidate that the events name.
func candidate(events []rollout.Event) (name string) {
	for _, event := range events {
		if event.Candidate != "" {
			name = event.Candidate
		}
	}
	return name
}

// Events returns the events of all commands, in order.
func (r Release) Events() (events []rollout.Event) {
	for _, run := range r.Runs {
		events = append(events, run.Events...)
	}
	return events
}

//go:embed page.html index.html
var sources embed.FS

var pages = template.Must(template.ParseFS(sources, "*.html"))

// Now is the live part, at the top of a page that is served while the release goes on.
type Now struct {
	// Title is the page's heading while there is no release to name.
	Title string
	// Steps are the policy's steps.
	Steps []NowStep
	// Split says how the requests are shared.
	Split []Share
	// Waiting says what the release waits for, Until says for how long, and Note says what else a person has to know.
	Waiting, Until, Note string
	// Buttons are the actions that the person may take.
	Buttons []Button
	// Told is the answer to the last action.
	Told string
	// Ended says that nothing is going on.
	Ended bool
}

// NowStep is one step of the policy, as words. Done says that it is over, and Present that the release is there now.
type NowStep struct {
	Text          string
	Done, Present bool
}

// Share is a revision's share of the requests in percent, with its tags in words.
type Share struct {
	Revision, Tags string
	Percent        int
}

// Button sends a form to the page's own server.
type Button struct {
	// Action is the path that the form is sent to, and Text what the button says. Danger draws it in red.
	Action, Text string
	Danger       bool
	// Revision is the candidate that the person saw when they pressed the button.
	Revision string
}

// Live draws the page of a release that is still going on. now may be nil. A release without events gets the live part alone.
func Live(release Release, now *Now) ([]byte, error) {
	v, err := newView(release)
	if err != nil {
		return nil, err
	}
	v.Now = now
	return render("page.html", v)
}

// File is one page: its file's name and its HTML.
type File struct {
	// Name is the file's name without a folder. Content is a whole HTML page.
	Name    string
	Content []byte
}

// Site draws a page for each release, and their index, the newest first. The caller stores the index as a file of the name home, and the
// pages in the folder next to it.
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
