package report

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/guiofsaints/procureflow-platform/internal/webpage"
	"github.com/guiofsaints/procureflow-platform/release/health"
	"github.com/guiofsaints/procureflow-platform/release/plan"
	"github.com/guiofsaints/procureflow-platform/release/rollout"
)

// view holds what the template of a release's page shows.
type view struct {
	webpage.Head
	Now                       *Now
	Index                     string // The index's file, one folder up; empty if there is none.
	Heading                   string
	Verdict                   verdict
	Service, Project, Region  string
	Environment               string
	Candidate, CandidateImage string
	Stable, StableImage       string
	Commit                    string
	Who, ApprovedBy           []string
	Begun                     time.Time
	Begin, Duration           string
	Why                       []string
	Gates                     []Number
	Links                     []link
	Figures                   []figure
	Steps                     []step
	Moments                   []moment
}

// verdict is how a release ended: a class of the style sheet, a sign and words.
type verdict struct{ Class, Sign, Words string }

// verdicts are the words for the outcomes. They follow the name of the candidate.
var verdicts = map[rollout.Outcome]verdict{
	rollout.Released:    {"good", "✓", "released"},
	rollout.Nothing:     {"plain", "–", "nothing to do"},
	rollout.RolledBack:  {"bad", "↩", "rolled back"},
	rollout.Held:        {"warn", "‖", "held: a person has to decide"},
	rollout.Superseded:  {"warn", "⇄", "ended by someone else's change of the traffic"},
	rollout.Refused:     {"warn", "⊘", "refused, nothing was changed"},
	rollout.Failed:      {"bad", "✕", "failed"},
	rollout.Interrupted: {"warn", "…", "interrupted"},
	rollout.Unconfirmed: {"bad", "!", "rollback not confirmed: look at once"},
}

// unended is the verdict for a journal without an end.
var unended = verdict{"warn", "…", "no end in the journal: still running, or cut off"}

// Verdict returns an outcome's class and words, for other places that show it.
func Verdict(outcome rollout.Outcome) (class, words string) {
	v, known := verdicts[outcome]
	if !known {
		v = unended
	}
	return v.Class, v.Words
}

type link struct{ Text, Href string }

// step is one row of the table of steps.
type step struct {
	Name, Probes, ProbeP95, Requests, P95, Stable, Verdict, Class string
}

// moment is one entry of the timeline.
type moment struct {
	Time, After, Class, What, Traffic string
	Why                               []string
}

var serviceName = regexp.MustCompile(`^projects/([a-z0-9:.-]+)/locations/([a-z0-9-]+)/services/([a-z0-9-]+)$`)

func newView(release Release) (view, error) {
	events := release.Events()
	if len(events) == 0 {
		return view{Heading: "Release"}, nil
	}
	first, last := events[0].At, events[len(events)-1].At
	v := view{Begun: first, Begin: first.UTC().Format("2006-01-02 15:04:05 UTC"), Duration: webpage.Span(last.Sub(first)), Verdict: unended}
	outcome := rollout.Outcome("")
	images := map[string]string{}
	for _, event := range events {
		v.Candidate, v.Stable = cmp.Or(event.Candidate, v.Candidate), cmp.Or(event.Stable, v.Stable)
		if event.Kind == "end" {
			outcome, v.Why = event.Outcome, event.Why
		}
		maps.Copy(images, event.Images)
	}
	if known, ok := verdicts[outcome]; ok {
		v.Verdict = known
	}
	v.CandidateImage, v.StableImage = images[v.Candidate], images[v.Stable]
	command := ""
	for _, run := range release.Runs {
		command = run.Command
		v.Environment, v.Commit = cmp.Or(run.Environment, v.Environment), cmp.Or(run.Commit, v.Commit)
		if !slices.Contains(v.Who, run.Who) {
			v.Who = append(v.Who, run.Who)
		}
		for _, name := range run.ApprovedBy {
			if !slices.Contains(v.ApprovedBy, name) {
				v.ApprovedBy = append(v.ApprovedBy, name)
			}
		}
		if href := web(run.Link); href != "" {
			v.Links = append(v.Links, link{"Workflow run", href})
		}
		v.Service = run.Service
	}
	if part := serviceName.FindStringSubmatch(v.Service); part != nil {
		v.Project, v.Region, v.Service = part[1], part[2], part[3]
		v.Links = append(v.Links, v.consoleLinks()...)
	}
	if command == "rollback" && outcome == rollout.RolledBack {
		v.Verdict = verdict{"warn", "↩", "rolled back by a person"}
	}
	v.Heading = cmp.Or(v.Candidate, v.Service) + ": " + v.Verdict.Words
	s := newStory(events)
	v.Gates, v.Steps, v.Moments = s.gates(), s.steps(), moments(events)
	var err error
	v.Figures, err = s.figures()
	return v, err
}

// web returns an address that is safe to link to, and nothing for any other text.
func web(address string) string {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Host == "" || parsed.Scheme != "https" && parsed.Scheme != "http" {
		return ""
	}
	return parsed.String()
}

// consoleLinks returns the service's pages in Google's console. A service in the emulated cloud has no such pages.
func (v view) consoleLinks() []link {
	if v.Environment == "sandbox" {
		return nil
	}
	query := url.Values{"project": {v.Project}}.Encode()
	of := "https://console.cloud.google.com/run/detail/" + v.Region + "/" + v.Service
	filter := fmt.Sprintf("resource.type=\"cloud_run_revision\"\nresource.labels.service_name=%q", v.Service)
	if v.Candidate != "" {
		filter += fmt.Sprintf("\nresource.labels.revision_name=%q", v.Candidate)
	}
	return []link{
		{"Logs of the candidate", "https://console.cloud.google.com/logs/query;query=" + url.PathEscape(filter) + "?" + query},
		{"Metrics of the service", of + "/metrics?" + query},
		{"Revisions", of + "/revisions?" + query},
		{"Dashboards", "https://console.cloud.google.com/monitoring/dashboards?" + query},
	}
}

var unfit = regexp.MustCompile(`[^a-z0-9-]+`)

// file returns the page's name, which sorts by time.
func (v view) file() string {
	return v.Begun.UTC().Format("20060102-150405-") + unfit.ReplaceAllString(strings.ToLower(cmp.Or(v.Candidate, v.Service)), "-") + ".html"
}

// moments returns the entries of the timeline: the writes of the traffic, and the decisions. Probes are in the charts.
func moments(events []rollout.Event) (list []moment) {
	var sent []string // The reasons of the write whose answer comes next.
	for i, event := range events {
		if event.Kind == "probes" {
			continue
		}
		why := event.Why
		if event.Answer == "sent" {
			if sent = event.Why; answered(events[i+1:], event.Kind) {
				continue
			}
		} else if event.Answer != "" {
			why, sent = slices.Concat(sent, why), nil
		}
		m := moment{Time: event.At.UTC().Format("15:04:05"), After: "+" + webpage.Span(event.At.Sub(events[0].At)), Why: why}
		m.What, m.Class = what(event)
		if event.Kind == "decide" && len(why) > 0 {
			m.Why = why[1:] // The first word is the verdict, which the title shows already.
		}
		if event.Kind != "decide" && len(event.After) > 0 {
			m.Traffic = plan.Describe(event.After)
		}
		list = append(list, m)
	}
	return list
}

// answered says whether the next line about a write is its answer.
func answered(rest []rollout.Event, kind string) bool {
	for _, event := range rest {
		if event.Kind == kind {
			return event.Answer != "" && event.Answer != "sent"
		}
	}
	return false
}

// kinds are the words for the kinds of writes, and of what a person has to know.
var kinds = map[string]string{
	"window":   "Started outside of the release windows",
	"affinity": "Session affinity overrides the split",
	"pin":      "Pinned the traffic, so that a new revision gets no requests",
	"begin":    "Tagged the candidate, without any traffic",
	"resume":   "Went on with a rollout that had stopped",
	"finish":   "Made the candidate stable",
	"rollback": "Gave all requests back to the revision that served before",
	"restore":  "Put back the traffic that a guarded command had changed",
}

// what returns an event's words and class.
func what(event rollout.Event) (words, class string) {
	switch event.Kind {
	case "shift":
		words = fmt.Sprintf("Shifted %d %% to the candidate", event.Percent)
	case "decide":
		outcome := health.Outcome("")
		if len(event.Why) > 0 {
			outcome = health.Outcome(event.Why[0])
		}
		gate := fmt.Sprintf("Gate at %d %%", event.Percent)
		if event.Percent == 0 {
			gate = "Gate before traffic"
		}
		known := map[health.Outcome][2]string{health.Pass: {"passed", "good"}, health.Fail: {"failed", "bad"},
			health.Inconclusive: {"says too little", "warn"}}[outcome]
		return gate + ": " + cmp.Or(known[0], string(outcome)), cmp.Or(known[1], "plain")
	case "end":
		class, words = Verdict(event.Outcome)
		return "End: " + words, class
	case "hook":
		if event.Hook != nil {
			words = fmt.Sprintf("Hook %s traffic, job %s: %s", event.Hook.Phase, event.Hook.Job, event.Hook.State)
			class = map[string]string{"succeeded": "good", "failed": "bad", "cancelled": "bad", "timed out": "bad"}[event.Hook.State]
			return words, cmp.Or(class, "plain")
		}
	default:
		words = cmp.Or(kinds[event.Kind], event.Kind)
	}
	switch {
	case event.Answer == "sent":
		return words + " (sent; the journal has no answer)", "warn"
	case event.Answer != "" && event.Answer != "accepted":
		return words + " (the API: " + event.Answer + ")", "warn"
	case event.Kind == "rollback":
		return words, "bad"
	case event.Kind == "window" || event.Kind == "affinity":
		return words, "warn"
	}
	return words, "plain"
}
