package adopt

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// Report is what is there before the first `up`.
type Report struct {
	// Planned is how many resources `up` would make.
	Planned int `json:"planned"`
	// Exist are those that are there already.
	Exist []Adoption `json:"exist"`
	// Later are the names of those that cannot be looked for, because they stand in something that is not in the state yet: ask
	// again after the import.
	Later []string `json:"later"`
	// Refused is what `up` would fail on half-way, or replace.
	Refused []Refusal `json:"refused"`
	// Changes are what `up` would take away from what is there, or set otherwise.
	Changes []Change `json:"changes"`
	// Added is what it would set that was not set.
	Added []Addition `json:"added"`
	// Pins are the commands that keep services' requests where they are, to be given before the first `up`.
	Pins []string `json:"pins"`
	// Unknown is what is there and stays as it is, because the settings do not know it.
	Unknown []Unknown `json:"unknown"`
}

// Adoption is a resource that exists already.
type Adoption struct {
	Planned
	// ID is what `pulumi import` takes.
	ID string
}

// MarshalJSON writes what a script needs to know: inputs may hold what is nobody's business.
func (a Adoption) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]string{"name": a.Name(), "type": a.Type, "id": a.ID})
}

// Refusal is something that `up` could not do.
type Refusal struct {
	// Resource is what it is about, Why what is wrong with it, and Do what helps.
	Resource string `json:"resource"`
	Why      string `json:"why"`
	Do       string `json:"do"`
}

// Addition is what a resource gets that it did not have.
type Addition struct {
	Resource string   `json:"resource"`
	What     []string `json:"what"`
}

// Unknown is something that the settings do not know.
type Unknown struct {
	Resource string `json:"resource"`
	What     string `json:"what"`
}

// Good says that the next `up` neither fails nor takes anything from what runs.
func (r Report) Good() bool { return len(r.Refused) == 0 && len(r.Changes) == 0 && len(r.Pins) == 0 }

// Write puts the import file at path.
func (r Report) Write(path string, plan []Planned) error {
	file, err := NewFile(plan, r.Exist)
	if err != nil {
		return err
	}
	content, err := json.MarshalIndent(file, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(content, '\n'), 0o644)
}

// Text is the report for people; path is where the import file is.
func (r Report) Text(path string) string {
	var out strings.Builder
	if len(r.Exist) == 0 {
		fmt.Fprintf(&out, "None of the %d planned resources exists already: %s imports nothing.\n", r.Planned, path)
	} else {
		fmt.Fprintf(&out, "%d of the %d planned resources exist already and are named in %s:\n", len(r.Exist), r.Planned, path)
	}
	for _, adoption := range r.Exist {
		fmt.Fprintf(&out, "  %-28s %s\n", adoption.Name(), adoption.ID)
	}
	if len(r.Later) > 0 {
		fmt.Fprintf(&out, "Not looked for, because what they stand in is not in the state yet: %s. Ask again after the import.\n",
			strings.Join(r.Later, ", "))
	}
	if len(r.Refused) > 0 {
		out.WriteString("Put these right first. `up` would fail on them half-way, or replace them:\n")
	}
	for _, refusal := range r.Refused {
		fmt.Fprintf(&out, "  %s: %s.\n    %s.\n", refusal.Resource, refusal.Why, strings.ToUpper(refusal.Do[:1])+refusal.Do[1:])
	}
	resource := ""
	for _, change := range r.Changes {
		if change.Resource != resource {
			resource = change.Resource
			fmt.Fprintf(&out, "`up` changes %s:\n", resource)
		}
		fmt.Fprintf(&out, "  %s\n", change)
	}
	for _, added := range r.Added {
		fmt.Fprintf(&out, "It adds to %s: %s.\n", added.Resource, strings.Join(added.What, ", "))
	}
	if len(r.Pins) > 0 {
		fmt.Fprintf(&out, "Requests go to whichever revision is the newest, and the first `up` makes a newer one, which nobody tested. "+
			"Before it, give them to what serves now:\n  %s\n", strings.Join(r.Pins, "\n  "))
	}
	if len(r.Unknown) > 0 {
		out.WriteString("The settings do not know these, and `up` leaves them as they are:\n")
	}
	for _, unknown := range r.Unknown {
		fmt.Fprintf(&out, "  %s: %s\n", unknown.Resource, unknown.What)
	}
	if r.Good() {
		out.WriteString("`up` would fail on none of it and takes nothing away.\n")
	}
	return out.String()
}
