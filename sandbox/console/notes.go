package console

import (
	"bytes"
	"encoding/json"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/guiofsaints/procureflow-platform/sandbox/statedir"
)

// Note has the results of a stack's last preview or up that the page shows.
type Note struct {
	// Stack is the name of the stack. Operation is preview or up, and At is when it ended.
	Stack, Operation string
	At               time.Time
	// Findings are what the policies reported.
	Findings []Finding
	// Idle, Expected and Worst are the costs of a month in dollars. Budget is the amount at which an alert is sent. Dearest are the
	// resources that cost most at worst. Unknown values are zero.
	Idle, Expected, Worst, Budget float64
	Dearest                       []Cost
}

// Finding is the message of one policy about one resource.
type Finding struct {
	// Policy is the policy's name, Level its enforcement level, Resource the resource's name in the program, and Message what is wrong.
	Policy, Level, Resource, Message string
}

// Cost is the cost of a resource in the dearest month.
type Cost struct {
	// Resource is the resource's name in the program. Worst is in dollars a month.
	Resource string
	Worst    float64
}

// Class is the style of the finding's level.
func (f Finding) Class() string {
	if f.Level == "mandatory" {
		return "bad"
	}
	return "warn"
}

// Over reports whether the dearest month costs more than the budget. A budget only alerts; it stops nothing.
func (n Note) Over() bool { return n.Budget > 0 && n.Worst > n.Budget }

// When formats the time for the page.
func (n Note) When() string { return n.At.UTC().Format("15:04:05 UTC") }

// folder is the folder of the notes.
const folder = "console"

// Keep stores the results of a stack's preview or up.
func Keep(dir statedir.Dir, note Note) error {
	data, err := json.Marshal(note)
	if err != nil {
		return err
	}
	return statedir.WriteFile(dir.Path(folder, note.Stack+".json"), data, 0o600)
}

// notes returns the notes of all stacks. It leaves out a note that it cannot read, because the next preview writes it again.
func notes(dir statedir.Dir) (list []Note) {
	files, err := filepath.Glob(dir.Path(folder, "*.json"))
	if err != nil {
		return nil
	}
	slices.Sort(files)
	for _, file := range files {
		var note Note
		if data, err := os.ReadFile(file); err == nil && json.Unmarshal(data, &note) == nil {
			list = append(list, note)
		}
	}
	return list
}

// JournalFile returns the file in which release keeps its journal when it uses the variables of `sandbox env`. The demonstration uses
// the same name in its own folder.
func JournalFile(dir statedir.Dir) string { return dir.Path("release-audit.jsonl") }

// release has the fields of one command of the journal that the page shows.
type release struct {
	Begin, Command, Service, Candidate, Outcome, Class, Why string
}

// releases returns the newest commands of the journal, the newest first. It decodes only the fields that the page shows, so that the
// journal may get more.
func (c *Console) releases() []release {
	const most = 8
	data, err := os.ReadFile(JournalFile(c.Dir))
	if err != nil {
		return nil
	}
	var order []string
	found := map[string]*release{}
	for text := range bytes.Lines(data) {
		var line struct {
			Command, Service, Run, Kind, Candidate, Outcome string
			At                                              time.Time
			Why                                             []string
		}
		if json.Unmarshal(text, &line) != nil || line.Run == "" {
			continue
		}
		r := found[line.Run]
		if r == nil {
			r = &release{Begin: line.At.UTC().Format("15:04:05"), Command: line.Command, Service: path.Base(line.Service), Outcome: "going on",
				Class: "plain"}
			found[line.Run], order = r, append(order, line.Run)
		}
		if line.Candidate != "" {
			r.Candidate = line.Candidate
		}
		switch line.Kind {
		case "end":
			r.Outcome, r.Class = line.Outcome, class(line.Outcome, line.Command)
			r.Why = strings.Join(line.Why, "; ")
		case "decide", "shift", "hook":
			if len(line.Why) > 0 {
				r.Why = strings.Join(line.Why, "; ")
			}
		}
	}
	var list []release
	for i := len(order) - 1; i >= 0 && len(list) < most; i-- {
		list = append(list, *found[order[i]])
	}
	return list
}

func class(outcome, command string) string {
	switch outcome {
	case "released", "nothing":
		return "good"
	case "rolled back":
		if command == "rollback" {
			return "warn"
		}
		return "bad"
	case "failed", "unconfirmed":
		return "bad"
	}
	return "warn"
}
