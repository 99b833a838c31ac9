package stacks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/internal/plural"
)

// Problem is one thing that is wrong with the settings.
type Problem struct {
	// Path leads to the value from the settings' root, for example services.web.memory or github.environments[0].name.
	Path string
	// Message says what is wrong. It holds no value of the document.
	Message string
	// Fix says what to write instead, or where to find it.
	Fix string
}

// String returns the problem as one line.
func (p Problem) String() string { return p.Path + ": " + p.Message + "; " + p.Fix }

// Problems lists all problems of one stack's settings.
type Problems struct {
	// Stack is the stack's name, and with it the file's: Pulumi.<stack>.yaml.
	Stack string
	// List has the problems sorted by path. It is never empty.
	List []Problem
}

// Error names the stack and the file, then each problem on its own line.
func (p *Problems) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "stack %s: %s in Pulumi.%s.yaml under %s:", p.Stack,
		plural.Of(len(p.List), "problem", "problems"), p.Stack, settingsKey)
	for _, problem := range p.List {
		text.WriteString("\n  " + problem.String())
	}
	return text.String()
}

// findings collects problems while the settings are read and judged.
type findings struct {
	list []Problem
	// unread are the paths whose values could not be read. No further problem is reported about them, because the value is Go's zero
	// value, and not that of the file.
	unread map[string]bool
}

// cannotRead reports a value that has no meaning for the type expected at path.
func (f *findings) cannotRead(path, message, fix string) {
	f.unreadable(path)
	f.list = append(f.list, Problem{path, message, fix})
}

// unreadable suppresses further problems about the value at path.
func (f *findings) unreadable(path string) {
	if f.unread == nil {
		f.unread = map[string]bool{}
	}
	f.unread[path] = true
}

// add reports a value that was read and is wrong.
func (f *findings) add(path, message, fix string) {
	if f.readable(path) {
		f.list = append(f.list, Problem{path, message, fix})
	}
}

// readable reports whether the values at the paths, and everything above them, could be read.
func (f *findings) readable(paths ...string) bool {
	for _, path := range paths {
		for prefix := path; ; prefix = prefix[:strings.LastIndexAny(prefix, ".[")] {
			if f.unread[prefix] {
				return false
			}
			if !strings.ContainsAny(prefix, ".[") {
				break
			}
		}
	}
	return !f.unread[settingsKey]
}

// err returns the findings as a *Problems sorted by path, or nil when there are none.
func (f *findings) err(stack string) error {
	if len(f.list) == 0 {
		return nil
	}
	slices.SortFunc(f.list, func(a, b Problem) int {
		if order := strings.Compare(a.Path, b.Path); order != 0 {
			return order
		}
		return strings.Compare(a.Message, b.Message)
	})
	return &Problems{Stack: stack, List: f.list}
}
