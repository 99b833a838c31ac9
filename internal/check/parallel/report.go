package parallel

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
)

// event is a line of `go test -json` (go doc cmd/test2json).
type event struct {
	Action, Package, Test, Output string
}

// Report turns the events of `go test -json` into text for people: a line per package, the whole output of each failing
// test and, at the end, the tests that did not run, with their reasons. Without -v, `go test` hides those reasons.
type Report struct {
	Out                   io.Writer
	mutex                 sync.Mutex          // It guards the fields below, because several streams are read at once.
	said                  map[string][]string // The output of tests that have not ended, by package and test.
	skipped               []string
	passed, failed, unrun int
}

// Read reads events until the stream ends. A line that is not an event comes from a build, and is shown as it is.
func (r *Report) Read(events io.Reader) error {
	lines := bufio.NewReader(events)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			var e event
			if json.Unmarshal([]byte(line), &e) != nil {
				fmt.Fprint(r.Out, line)
			} else {
				r.take(e)
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the tests' events: %w", err)
		}
	}
}

func (r *Report) take(e event) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.said == nil {
		r.said = map[string][]string{}
	}
	key := e.Package + " " + e.Test
	switch {
	case e.Action == "build-output", e.Action == "output" && e.Test == "":
		// A package without tests and the lines that frame a package's tests are left out.
		if !strings.Contains(e.Output, "[no test files]") && e.Output != "PASS\n" {
			fmt.Fprint(r.Out, e.Output)
		}
	case e.Action == "output":
		r.said[key] = append(r.said[key], e.Output)
	case e.Action == "fail" && e.Test == "":
		r.flush(e.Package)
	case e.Test == "":
	case e.Action == "pass":
		r.passed++
		delete(r.said, key)
	case e.Action == "skip":
		r.unrun++
		r.skipped = append(r.skipped, fmt.Sprintf("%s: %s", e.Test, reason(r.said[key])))
		delete(r.said, key)
	case e.Action == "fail":
		r.failed++
		fmt.Fprint(r.Out, strings.Join(r.said[key], ""))
		delete(r.said, key)
	}
}

// flush shows the output of tests that never ended because their process died.
func (r *Report) flush(pkg string) {
	var keys []string
	for key := range r.said {
		if strings.HasPrefix(key, pkg+" ") {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	for _, key := range keys {
		fmt.Fprint(r.Out, strings.Join(r.said[key], ""))
		delete(r.said, key)
	}
}

// reason returns a skipped test's own output, without the lines that go test adds.
func reason(said []string) string {
	var words []string
	for _, line := range said {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "=== ") && !strings.HasPrefix(line, "--- SKIP") && line != "" {
			_, text, found := strings.Cut(line, ".go:")
			if found {
				_, line, _ = strings.Cut(text, ": ")
			}
			words = append(words, line)
		}
	}
	return strings.Join(words, " ")
}

// Summary writes the end of the report.
func (r *Report) Summary() {
	if len(r.skipped) > 0 {
		fmt.Fprintln(r.Out, "Did not run:")
		for _, line := range r.skipped {
			fmt.Fprintln(r.Out, "  "+line)
		}
	}
	fmt.Fprintf(r.Out, "%d passed, %d failed, %d skipped\n", r.passed, r.failed, r.unrun)
}
