package check

import (
	"flag"
	"fmt"
	"io"

	"github.com/guiofsaints/procureflow-platform/internal/cli"
	"github.com/guiofsaints/procureflow-platform/internal/plural"
	"github.com/guiofsaints/procureflow-platform/scaffold"
)

var settingsPage = cli.Page{
	Usage:   "check settings",
	Purpose: "Check the files of an application that uses the platform",
	Details: `It holds platform.yaml, the stack files, the pack's configuration, release.yaml, provenance.yaml, the calling workflows and
CODEOWNERS against each other and against this version of the platform. It takes a second, works offline, and says how to fix each
problem.`,
	Examples: "  go tool check settings",
	Codes:    codes,
}

// settings checks an application's files and prints each problem with its fix.
func settings(args []string, out, errs io.Writer) int {
	flags := flag.NewFlagSet("check settings", flag.ContinueOnError)
	folder := flags.String("folder", ".", "folder of platform.yaml, Pulumi.yaml and the stack files")
	branch := flags.String("branch", "", "the repository's default branch, as GitHub says it (default: not compared)")
	if code, done := parse(settingsPage, flags, args, out, errs); done {
		return code
	}
	report := scaffold.Check(*folder)
	if *branch != "" {
		report.Branch(*branch)
	}
	for _, note := range report.Notes {
		fmt.Fprintln(out, "note:", note)
	}
	for _, problem := range report.Problems {
		fmt.Fprintln(out, problem)
	}
	if len(report.Problems) > 0 {
		fmt.Fprintf(errs, "check settings: %s\n", plural.Of(len(report.Problems), "problem", "problems"))
		return ExitFailed
	}
	fmt.Fprintln(out, "The settings fit each other and this version of the platform.")
	return ExitDone
}
