// Command review-comment reads a report of `sandbox review --json` and writes it as the comment of a pull request. The job with the right
// to write comments runs only this command, and no code of the pull request. The report was made by a job that ran the pull request's
// code, so nothing in it is trusted.
//
// Exit codes: 0 written; 2 the report is not valid, or the call is wrong.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"regexp"

	"github.com/guiofsaints/procureflow-platform/sandbox/review"
)

// mostReport bounds the report's size, far above any real report.
const mostReport = 32 << 20

// runPage matches the address of a workflow's run, and only characters that have no meaning in Markdown.
var runPage = regexp.MustCompile(`^https://[A-Za-z0-9.-]+(/[A-Za-z0-9._-]+)*$`)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

func run(arguments []string, in io.Reader, out, problems io.Writer) int {
	if len(arguments) != 1 || !runPage.MatchString(arguments[0]) {
		fmt.Fprintln(problems, "usage: review-comment https://github.com/OWNER/NAME/actions/runs/ID < report.json")
		return 2
	}
	var report review.Report
	if err := json.NewDecoder(io.LimitReader(in, mostReport)).Decode(&report); err != nil {
		fmt.Fprintf(problems, "standard input is not a report of `sandbox review --json`: %v\n", err)
		return 2
	}
	if _, err := io.WriteString(out, report.Comment(arguments[0])); err != nil {
		fmt.Fprintln(problems, err)
		return 2
	}
	return 0
}
