package adopt

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
)

// Write puts the import file at path and tells on out, for people, what is adopted and what comes next.
func Write(path string, planned []Planned, adoptions []Adoption, later []string, out io.Writer) error {
	file, err := NewFile(planned, adoptions)
	if err != nil {
		return err
	}
	content, err := json.MarshalIndent(file, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, append(content, '\n'), 0o644); err != nil {
		return err
	}
	resources := 0
	for _, p := range planned {
		if !isProvider(p.Type) {
			resources++
		}
	}
	if len(adoptions) == 0 {
		fmt.Fprintf(out, "None of the %d planned resources exists already: %s imports nothing.\n", resources, path)
	} else {
		fmt.Fprintf(out, "%d of the %d planned resources exist already and are named in %s:\n", len(adoptions), resources, path)
	}
	for _, adoption := range adoptions {
		fmt.Fprintf(out, "  %-28s %s\n", adoption.Name(), adoption.ID)
	}
	var pins []string
	for _, adoption := range adoptions {
		if adoption.Pin != "" {
			pins = append(pins, "  "+adoption.Pin+"\n")
		}
	}
	if len(pins) > 0 {
		fmt.Fprintf(out, "Requests go to whichever revision is the newest, and the first `up` makes a newer one, which nobody tested. "+
			"Before it, give them to "+
			"what serves now:\n%s", strings.Join(pins, ""))
	}
	if len(later) > 0 {
		fmt.Fprintf(out, "Not looked for, because what they stand in is not in the state yet: %s. Ask again after the import.\n",
			strings.Join(later, ", "))
	}
	return nil
}
