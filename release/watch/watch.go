// Package watch says what a release is doing: its steps, who serves, what the gates have seen, what it waits for and until when. It
// decides this from the live service and the journal, so that a terminal, JSON and a page show the same. A release may be driven from
// another machine. Its journal is then not here, and only the service can be read.
package watch

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/guiofsaints/procureflow-platform/internal/webpage"
	"github.com/guiofsaints/procureflow-platform/release/plan"
	"github.com/guiofsaints/procureflow-platform/release/report"
	"github.com/guiofsaints/procureflow-platform/release/rollout"
)

// Observation holds everything that can be read at one time.
type Observation struct {
	// At is the time of the look, and Status what the service said then.
	At     time.Time
	Status rollout.Status
	// Runs are the journal's commands about the service, the oldest first.
	Runs []report.Run
	// Rules are the rules of the policy on this machine. The journal's own rules take precedence.
	Rules rollout.Rules
	// Rollback is the command that takes the release back, and Resume the one that goes on with it.
	Rollback, Resume string
}

// State says what a release is doing.
type State struct {
	// At is when the service was looked at. Service is its short name.
	At      time.Time `json:"at"`
	Service string    `json:"service"`
	// Phase is a phase of package plan: idle, prepared, shifting, full, withdrawn or unknown.
	Phase string `json:"phase"`
	// Candidate and Stable are the names of the two revisions. Percent is the candidate's share of the requests.
	Candidate string `json:"candidate,omitempty"`
	Stable    string `json:"stable,omitempty"`
	Percent   int    `json:"percent"`
	// Step is the number of the present step out of Steps, from 1; 0 before traffic.
	Step  int    `json:"step"`
	Steps []Step `json:"steps"`
	// Split is how requests are split now.
	Split []Share `json:"split"`
	// Gates are the newest numbers with their limits.
	Gates []report.Number `json:"gates"`
	// Waiting says what the release waits for, and Until for how long, if that is known.
	Waiting string     `json:"waiting,omitempty"`
	Until   *time.Time `json:"until,omitempty"`
	// NeedsDecision says that a person has to decide. Ended says that nothing is going on. Outcome is how the release ended, and Why
	// gives the reasons, if these are known.
	NeedsDecision bool            `json:"needsDecision"`
	Ended         bool            `json:"ended"`
	Outcome       rollout.Outcome `json:"outcome,omitempty"`
	Why           []string        `json:"why,omitempty"`
	// Rollback says what a rollback would do.
	Rollback string `json:"rollback"`
	// Findings are what a person should look at; see plan.Findings.
	Findings []string `json:"findings"`
	// Journal says that this machine has no journal of the release; empty if it has.
	Journal string `json:"journal,omitempty"`

	release report.Release
}

// Step is one share of the requests, and how long the candidate has to stay healthy at it.
type Step struct {
	// Percent is the candidate's share of the requests, 1 to 100.
	Percent int `json:"percent"`
	// Bake is the time in words, such as 5 min. Done and Current say where the release stands.
	Bake    string `json:"bake"`
	Done    bool   `json:"done"`
	Current bool   `json:"current"`
}

// Share is a revision's effective share of the requests.
type Share struct {
	// Revision is the revision's name, and Tags are its tags in the service.
	Revision string `json:"revision"`
	// Percent is the share, 0 to 100.
	Percent int      `json:"percent"`
	Tags    []string `json:"tags"`
}

// quiet is how long a journal may stay without a new line before the release counts as no longer driven. Probes are written every five
// seconds, but a wait for a revision or a hook writes nothing.
const quiet = 2 * time.Minute

// Read works out what the release is doing.
func Read(seen Observation) State {
	status := seen.Status
	s := State{At: seen.At, Service: status.Service, Phase: string(status.State.Phase), Candidate: status.State.Candidate,
		Stable:  status.State.Stable,
		Percent: status.State.Percent, Findings: status.Findings, Steps: []Step{}, Gates: []report.Number{}}
	s.Rollback = fmt.Sprintf("%s goes to %s", seen.Rollback, status.RollbackTo)
	if status.RollbackTo == "" {
		s.Rollback = status.NoRollback
	}
	s.Split = split(status)
	release, found := newest(seen.Runs, status)
	rules := seen.Rules
	if found {
		s.release = release
		s.Gates = append(s.Gates, report.Numbers(release)...)
		for _, event := range release.Events() {
			if event.Rules != nil {
				rules = *event.Rules
			}
		}
	}
	active := s.Candidate != ""
	if active {
		s.steps(rules)
	}
	switch {
	case !active:
		s.idle(release, found)
	case !found:
		s.Journal = "this machine has no journal of this release: it runs on another machine, and only the service is known"
		s.Waiting = fmt.Sprintf("%s has %d %%", s.Candidate, s.Percent)
	default:
		s.active(seen, release, rules)
	}
	return s
}

// split returns the revisions that serve, the largest share first, and then the tagged ones.
func split(status rollout.Status) []Share {
	list := []Share{}
	at := map[string]int{}
	for _, target := range status.Effective {
		revision := cmp.Or(target.Revision, status.LatestReady)
		i, known := at[revision]
		if !known {
			i, at[revision] = len(list), len(list)
			list = append(list, Share{Revision: revision, Tags: []string{}})
		}
		list[i].Percent += target.Percent
		if target.Tag != "" {
			list[i].Tags = append(list[i].Tags, target.Tag)
		}
	}
	slices.SortStableFunc(list, func(a, b Share) int { return b.Percent - a.Percent })
	return list
}

// newest returns the release in the journal to which the service's state belongs.
func newest(runs []report.Run, status rollout.Status) (report.Release, bool) {
	releases := report.Releases(runs)
	for i := len(releases) - 1; i >= 0; i-- {
		name := releases[i].Candidate()
		if status.State.Candidate != "" && name == status.State.Candidate {
			return releases[i], true
		}
		if status.State.Candidate == "" && name != "" {
			last, _ := end(releases[i])
			// The service's present state has to be what this release left.
			return releases[i], last.Kind != "end" || name == status.State.Stable || status.State.Barred(name) || last.Outcome != rollout.Released
		}
	}
	return report.Release{}, false
}

// end returns the last event of a release, and says whether its last command has ended.
func end(release report.Release) (last rollout.Event, ended bool) {
	for _, event := range release.Events() {
		last = event
	}
	return last, last.Kind == "end"
}

func (s *State) steps(rules rollout.Rules) {
	for _, step := range rules.Steps {
		one := Step{Percent: step.Percent, Bake: webpage.Span(step.Bake), Done: step.Percent < s.Percent, Current: step.Percent == s.Percent}
		if s.Percent > 0 && step.Percent <= s.Percent {
			s.Step++
		}
		s.Steps = append(s.Steps, one)
	}
}

func (s *State) idle(release report.Release, found bool) {
	s.Ended = true
	if found {
		last, _ := end(release)
		s.Candidate, s.Outcome, s.Why = release.Candidate(), last.Outcome, last.Why
		return
	}
	s.Journal = "this machine has no journal of what the service shows"
}

func (s *State) active(seen Observation, release report.Release, rules rollout.Rules) {
	last, ended := end(release)
	switch {
	case ended && last.Outcome == rollout.Held:
		s.NeedsDecision, s.Outcome, s.Why = true, last.Outcome, last.Why
		s.Waiting = "a person has to decide: go on with " + seen.Resume + ", or end it with " + seen.Rollback
		return
	case ended:
		s.NeedsDecision, s.Outcome, s.Why = true, last.Outcome, last.Why
		s.Waiting = fmt.Sprintf("the last command ended (%s) and nobody drives the release: go on with %s, or end it with %s",
			last.Outcome, seen.Resume, seen.Rollback)
		return
	case seen.At.Sub(last.At) > quiet:
		s.Waiting = fmt.Sprintf("the journal has no line since %s: if nobody drives the release any more, go on with %s, or end it with %s",
			last.At.UTC().Format("15:04:05"), seen.Resume, seen.Rollback)
		return
	}
	s.Waiting, s.Until = waiting(release.Events(), rules, s.Percent)
	if s.Until != nil && !seen.At.Before(*s.Until) {
		s.Until = nil // The look that decides comes at any moment.
	}
}

// waiting says what a running rollout waits for.
func waiting(events []rollout.Event, rules rollout.Rules, percent int) (what string, until *time.Time) {
	bake := time.Duration(0)
	for _, step := range rules.Steps {
		if step.Percent == percent {
			bake = step.Bake
		}
	}
	healthy := fmt.Sprintf("%d %% has to stay healthy for %s", percent, webpage.Span(bake))
	for i := len(events) - 1; i >= 0; i-- {
		event := events[i]
		switch {
		case event.Kind == "hook" && event.Hook != nil && (event.Hook.State == "starting" || event.Hook.State == "started" ||
			event.Hook.State == "found"):
			return fmt.Sprintf("the hook %s traffic: job %s", event.Hook.Phase, event.Hook.Job), nil
		case event.Kind == "probes" && event.Percent == percent && percent > 0 && event.Until != nil:
			if shifted := shiftedAt(events, percent); !shifted.IsZero() && event.Until.Sub(shifted) > bake+rules.HoldFor {
				return "too little is known to pass or fail: more data", event.Until
			}
			return healthy, event.Until
		case event.Kind == "shift" && event.Answer == "accepted":
			end := event.At.Add(bake)
			return healthy, &end
		case event.Kind == "shift", event.Kind == "rollback", event.Kind == "finish":
			return "the change of the traffic takes effect", nil
		case event.Kind == "begin", event.Kind == "resume", event.Kind == "probes":
			if percent == 0 {
				return "probes of the candidate's own URL, before anybody is served by it", nil
			}
			return healthy, nil
		}
	}
	return "the candidate to be ready", nil
}

func shiftedAt(events []rollout.Event, percent int) (at time.Time) {
	for _, event := range events {
		if event.Kind == "shift" && event.Answer == "accepted" && event.Percent == percent {
			at = event.At
		}
	}
	return at
}

// Headline words the state in one line.
func (s State) Headline() string {
	switch {
	case !s.Ended && s.Percent == 0:
		return fmt.Sprintf("%s is the candidate, and serves nobody yet", s.Candidate)
	case !s.Ended:
		text := fmt.Sprintf("%s has %d %%", s.Candidate, s.Percent)
		if s.Step > 0 {
			text += fmt.Sprintf(", step %d of %d", s.Step, len(s.Steps))
		}
		return text
	case s.Outcome != "":
		_, words := report.Verdict(s.Outcome)
		return strings.TrimSpace(s.Candidate + " " + words)
	case s.Phase == string(plan.Idle):
		return s.Stable + " serves everything; no release is active"
	}
	return "no release is active, and the traffic is split by hand"
}

// Left words how much longer the release waits; empty if that is unknown.
func (s State) Left() string {
	if s.Until == nil {
		return ""
	}
	return webpage.Span(s.Until.Sub(s.At)) + " more"
}
