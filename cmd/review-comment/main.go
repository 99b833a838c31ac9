// Command review-comment reads a report of `sandbox review --json` and writes the comment of a pull request. The job that may write
// comments runs this and nothing of the pull request's; the report it reads was made where the pull request's code ran, so nothing in it
// is trusted to be harmless.
//
// Exit codes: 0 written; 2 the report or the call is none.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"regexp"

	"github.com/guiofsaints/procureflow-platform/sandbox/review"
)

// mostReport is far beyond any report.
const mostReport = 32 << 20

// runPage is the address of a run, and nothing that markdown reads differently.
var runPage = regexp.MustCompile(`^https://[A-Za-z0-9.-]+(/[A-Za-z0-9._-]+)*$`)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

func run(arguments []string, in io.Reader, out, problems io.Writer) int {
	if len(arguments) != 1 || !runPage.MatchString(arguments[0]) {
		fmt.Fprintln(problems, "usage: review-comment https://github.com/OWNER/NAME/actions/runs/ID < report.json")
		return 2
	}
	var report review.Report
	if err := json.NewDecoder(io.LimitReader(in, mostReport)).Decode(&report); err != nil {
		fmt.Fprintf(problems, "standard input is no report of `sandbox review --json`: %v\n", err)
		return 2
	}
	if _, err := io.WriteString(out, report.Comment(arguments[0])); err != nil {
		fmt.Fprintln(problems, err)
		return 2
	}
	return 0
}
