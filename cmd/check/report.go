package main

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

// report turns the events of `go test -json` into what a person reads: a line per package, everything that a failing test
// said, and in the end the tests that did not run, with their reasons. Without -v `go test` keeps those to itself.
type report struct {
	out                   io.Writer
	mutex                 sync.Mutex          // Of what follows: several streams are read at once.
	said                  map[string][]string // Output by package and test, of tests that have not ended.
	skipped               []string
	passed, failed, unrun int
}

// read takes the events until the stream ends. Lines that are no events are a build's, and are shown as they are.
func (r *report) read(events io.Reader) error {
	lines := bufio.NewReader(events)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			var e event
			if json.Unmarshal([]byte(line), &e) != nil {
				fmt.Fprint(r.out, line)
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

func (r *report) take(e event) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.said == nil {
		r.said = map[string][]string{}
	}
	key := e.Package + " " + e.Test
	switch {
	case e.Action == "build-output", e.Action == "output" && e.Test == "":
		// A package without tests, and the lines that frame a package's tests, say nothing.
		if !strings.Contains(e.Output, "[no test files]") && e.Output != "PASS\n" {
			fmt.Fprint(r.out, e.Output)
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
		fmt.Fprint(r.out, strings.Join(r.said[key], ""))
		delete(r.said, key)
	}
}

// flush shows what tests said that never ended: the process died under them.
func (r *report) flush(pkg string) {
	var keys []string
	for key := range r.said {
		if strings.HasPrefix(key, pkg+" ") {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	for _, key := range keys {
		fmt.Fprint(r.out, strings.Join(r.said[key], ""))
		delete(r.said, key)
	}
}

// reason is what a test said before it was skipped, without the lines that go test adds.
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

// summary ends the report.
func (r *report) summary() {
	if len(r.skipped) > 0 {
		fmt.Fprintln(r.out, "Did not run:")
		for _, line := range r.skipped {
			fmt.Fprintln(r.out, "  "+line)
		}
	}
	fmt.Fprintf(r.out, "%d passed, %d failed, %d skipped\n", r.passed, r.failed, r.unrun)
}
