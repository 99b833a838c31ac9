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
	fmt.Fprintf(out, "%d of %d planned resources exist already and are named in %s:\n", len(adoptions), len(planned), path)
	for _, adoption := range adoptions {
		fmt.Fprintf(out, "  %-28s %s\n", adoption.Name(), adoption.ID)
	}
	if len(later) > 0 {
		fmt.Fprintf(out, "Not looked for, because what they stand in is not in the state yet: %s. Ask again after the import.\n", strings.Join(later, ", "))
	}
	return nil
}
