package watch

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/guiofsaints/procureflow-platform/internal/webpage"
	"github.com/guiofsaints/procureflow-platform/release/report"
)

// Action is what a button does.
type Action string

const (
	// Rollback ends the release.
	Rollback Action = "rollback"
	// Proceed goes on at the step at which a person has to decide.
	Proceed Action = "proceed"
)

// Page serves the report's page of the release, kept up to date. Serve it through webpage.Private only, because its
// buttons act.
type Page struct {
	// State returns the newest state.
	State func() State
	// May says whether the person's own credentials let them act, and if not, why.
	May func() (may bool, whyNot string)
	// Act begins an action on the release that the state shows. It may be called while another action runs.
	Act func(action Action, state State)
	// Told returns the answer to the last action.
	Told func() string
}

// ServeHTTP answers with the page, and takes the actions that its buttons send.
func (p Page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/" && (r.Method == http.MethodGet || r.Method == http.MethodHead):
		p.show(w)
	case r.Method == http.MethodPost && (r.URL.Path == "/rollback" || r.URL.Path == "/proceed"):
		p.act(w, r, Action(strings.TrimPrefix(r.URL.Path, "/")))
	default:
		http.NotFound(w, r)
	}
}

func (p Page) show(w http.ResponseWriter) {
	s := p.State()
	now := report.Now{Title: s.Headline(), Waiting: s.Waiting, Told: p.Told(), Ended: s.Ended}
	if s.Waiting != "" {
		now.Waiting = "Waiting: " + s.Waiting + "."
	}
	if s.Until != nil {
		now.Until = fmt.Sprintf("Until %s UTC, %s.", s.Until.UTC().Format("15:04:05"), s.Left())
	}
	if len(s.Steps) > 0 {
		now.Steps = append(now.Steps, report.NowStep{Text: "before traffic", Done: s.Percent > 0, Present: s.Percent == 0})
	}
	for _, step := range s.Steps {
		now.Steps = append(now.Steps, report.NowStep{Text: fmt.Sprintf("%d %% for %s", step.Percent, step.Bake), Done: step.Done,
			Present: step.Current})
	}
	for _, share := range s.Split {
		now.Split = append(now.Split, report.Share{Revision: share.Revision, Percent: share.Percent, Tags: strings.Join(share.Tags, ", ")})
	}
	notes := append([]string{}, s.Findings...)
	if s.Journal != "" {
		notes = append(notes, s.Journal)
	}
	may, whyNot := p.May()
	if may {
		now.Buttons = s.buttons()
	} else if len(s.buttons()) > 0 {
		notes = append(notes, whyNot)
	}
	now.Note = strings.Join(notes, ". ")
	page, err := report.Live(s.release, &now)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(page) // This fails only if the reader is gone.
}

// buttons returns the actions that this state offers.
func (s State) buttons() (list []report.Button) {
	if s.Ended {
		return nil
	}
	if s.NeedsDecision && s.Percent > 0 {
		list = append(list, report.Button{Action: string(Proceed), Text: fmt.Sprintf("Proceed with %s", s.Candidate), Revision: s.Candidate})
	}
	return append(list, report.Button{Action: string(Rollback), Text: fmt.Sprintf("Roll back to %s", s.Stable), Danger: true,
		Revision: s.Candidate})
}

func (p Page) act(w http.ResponseWriter, r *http.Request, action Action) {
	s := p.State()
	if may, whyNot := p.May(); !may {
		http.Error(w, whyNot, http.StatusForbidden)
		return
	}
	offered := false
	for _, button := range s.buttons() {
		offered = offered || button.Action == string(action) && button.Revision == r.PostFormValue("revision")
	}
	if !offered { // Something happened since the person loaded the page.
		http.Error(w, "the release has moved on since this page was made: go back and look again", http.StatusConflict)
		return
	}
	p.Act(action, s)
	webpage.Back(w)
}
