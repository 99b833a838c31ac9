package adopt

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/guiofsaints/procureflow-platform/internal/plural"
)

// Report says what exists before the first `up`, and what that `up` would do to it.
type Report struct {
	// Planned is how many resources `up` would make.
	Planned int `json:"planned"`
	// Existing are the planned resources that exist already.
	Existing []Adoption `json:"existing"`
	// Later are the names of resources that cannot be looked for, because the resource around them is not in the state yet. Run
	// adopt again after the import.
	Later []string `json:"later"`
	// Refused are the resources that `up` would fail on half-way, or replace.
	Refused []Refusal `json:"refused"`
	// Changes are the values of existing resources that `up` would remove or change.
	Changes []Change `json:"changes"`
	// Added are the values that `up` would set for the first time.
	Added []Addition `json:"added"`
	// Pins are the commands that keep services' requests with their present revisions. They have to be run before the
	// first `up`.
	Pins []string `json:"pins"`
	// Unknown are the resources and grants that the settings do not know. `up` leaves them alone.
	Unknown []Unknown `json:"unknown"`
}

// Adoption is a resource that exists already.
type Adoption struct {
	Planned
	// ID is the resource's id for `pulumi import`.
	ID string
}

// MarshalJSON writes only what a script needs, because inputs may hold private values.
func (a Adoption) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]string{"name": a.Name(), "type": a.Type, "id": a.ID})
}

// Refusal is a resource that `up` cannot handle.
type Refusal struct {
	// Resource is the resource's name, Why says what is wrong with it, and Fix what to do about it.
	Resource string `json:"resource"`
	Why      string `json:"why"`
	Fix      string `json:"fix"`
}

// Addition is a value that a resource gets for the first time.
type Addition struct {
	// Resource is the name of the resource. What are the values that it gets, one in each text.
	Resource string   `json:"resource"`
	What     []string `json:"what"`
}

// Unknown is a resource or grant that the settings do not know.
type Unknown struct {
	// Resource is the name of the resource. What says what it is, or who holds which role on it.
	Resource string `json:"resource"`
	What     string `json:"what"`
}

// Good reports whether the next `up` neither fails nor takes anything away from running services.
func (r Report) Good() bool { return len(r.Refused) == 0 && len(r.Changes) == 0 && len(r.Pins) == 0 }

// Write writes the import file to path.
func (r Report) Write(path string, plan []Planned) error {
	file, err := NewFile(plan, r.Existing)
	if err != nil {
		return err
	}
	content, err := json.MarshalIndent(file, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(content, '\n'), 0o644)
}

// Text returns the report for people; path is the import file's.
func (r Report) Text(path string) string {
	var out strings.Builder
	planned := plural.Of(r.Planned, "planned resource", "planned resources")
	switch {
	case r.Planned == 0:
		fmt.Fprintf(&out, "The plan makes nothing: what the settings ask for is in the state already. %s imports nothing.\n", path)
	case len(r.Existing) == 0:
		fmt.Fprintf(&out, "None of the %s exists already: %s imports nothing.\n", planned, path)
	default:
		fmt.Fprintf(&out, "%d of the %s %s in %s:\n", len(r.Existing), planned,
			plural.Word(len(r.Existing), "exists already and is named", "exist already and are named"), path)
	}
	for _, adoption := range r.Existing {
		fmt.Fprintf(&out, "  %-28s %s\n", adoption.Name(), adoption.ID)
	}
	if len(r.Later) > 0 {
		fmt.Fprintf(&out, "Not looked for, because their parent resources are not in the state yet: %s. Ask again after the import.\n",
			strings.Join(r.Later, ", "))
	}
	if len(r.Refused) > 0 {
		out.WriteString("Put these right first. `up` would fail on them half-way, or replace them:\n")
	}
	for _, refusal := range r.Refused {
		fmt.Fprintf(&out, "  %s: %s.\n    %s.\n", refusal.Resource, refusal.Why, strings.ToUpper(refusal.Fix[:1])+refusal.Fix[1:])
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
		fmt.Fprintf(&out, "Requests go to the newest revision, and the first `up` makes a newer one that nobody has tested. "+
			"First give the requests to the revision that serves now:\n  %s\n", strings.Join(r.Pins, "\n  "))
	}
	if len(r.Unknown) > 0 {
		out.WriteString("The settings do not know these, and `up` leaves them as they are:\n")
	}
	for _, unknown := range r.Unknown {
		fmt.Fprintf(&out, "  %s: %s\n", unknown.Resource, unknown.What)
	}
	if r.Good() {
		out.WriteString("`up` would not fail, and takes nothing away.\n")
	}
	return out.String()
}
