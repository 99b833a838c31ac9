// Command review-comment reads a report of `sandbox review --json` and writes it as the comment of a pull request. The job with the right
// to write comments runs only this command, and no code of the pull request. The report was made by a job that ran the pull request's
// code, so nothing in it is trusted.
//
// Exit codes: 0 written; 2 the report is not valid, or the call is wrong.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"

	"github.com/guiofsaints/procureflow-platform/internal/cli"
	"github.com/guiofsaints/procureflow-platform/sandbox/review"
)

// mostReport bounds the report's size, far above any real report.
const mostReport = 32 << 20

// runPage matches the address of a workflow's run, and only characters that have no meaning in Markdown.
var runPage = regexp.MustCompile(`^https://[A-Za-z0-9.-]+(/[A-Za-z0-9._-]+)*$`)

var page = cli.Page{
	Usage:    "review-comment RUN < REPORT",
	Purpose:  "Write a report of `sandbox review --json` as the comment of a pull request",
	Details:  "RUN is the address of the workflow's run, to which the comment links.",
	Examples: "  review-comment https://github.com/OWNER/NAME/actions/runs/ID < report.json > comment.md",
	Codes:    "Exit codes: 0 written; 2 the report is not valid, or the call is wrong.",
}

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

func run(arguments []string, in io.Reader, out, problems io.Writer) int {
	flags := flag.NewFlagSet("review-comment", flag.ContinueOnError)
	err := page.Parse(flags, arguments, out)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err == nil && (flags.NArg() != 1 || !runPage.MatchString(flags.Arg(0))) {
		err = errors.New("give the address of the workflow's run, https://github.com/OWNER/NAME/actions/runs/ID: see --help")
	}
	if err != nil {
		fmt.Fprintln(problems, "review-comment:", err)
		return 2
	}
	var report review.Report
	if err := json.NewDecoder(io.LimitReader(in, mostReport)).Decode(&report); err != nil {
		fmt.Fprintf(problems, "standard input is not a report of `sandbox review --json`: %v\n", err)
		return 2
	}
	if _, err := io.WriteString(out, report.Comment(flags.Arg(0))); err != nil {
		fmt.Fprintln(problems, err)
		return 2
	}
	return 0
}
