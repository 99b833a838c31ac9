// Package golden compares a text that a test made with the recorded one.
package golden

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// mostLines is how many lines of a difference a failure shows.
const mostLines = 200

// Check fails unless the file holds what the test made. A failure shows the lines that differ, because a whole text of thousands of lines
// hides them. With update it writes the file.
func Check(t testing.TB, file, made string, update bool) {
	t.Helper()
	if update {
		if err := os.WriteFile(file, []byte(made), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	recorded, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v: run %s with -update to write it", err, t.Name())
	}
	if string(recorded) != made {
		t.Errorf("%s is not what the test made now. Read the difference, and run %s with -update to accept it:\n%s", file, t.Name(),
			difference(t, file, made))
	}
}

// difference returns the lines that differ, as git shows them.
func difference(t testing.TB, file, made string) string {
	t.Helper()
	now := filepath.Join(t.TempDir(), filepath.Base(file))
	if err := os.WriteFile(now, []byte(made), 0o600); err != nil {
		t.Fatal(err)
	}
	// It ends with 1 because they differ. Attributes of the repository may call the file binary, so --text.
	output, err := exec.Command("git", "diff", "--no-index", "--no-color", "--no-ext-diff", "--text", "-U2", "--", file, now).Output()
	_, hunks, found := strings.Cut(string(output), "\n@@")
	if !found {
		return "git did not show it: " + err.Error()
	}
	lines := strings.Split("@@"+strings.TrimRight(hunks, "\n"), "\n")
	if len(lines) > mostLines {
		lines = append(lines[:mostLines], "… and more")
	}
	return strings.Join(lines, "\n")
}
