package main

import (
	"flag"
	"fmt"
	"io"

	"github.com/guiofsaints/procureflow-platform/scaffold"
)

// settings checks an application's files and prints each problem with its fix.
func settings(args []string, out, errs io.Writer) int {
	flags := flag.NewFlagSet("check settings", flag.ContinueOnError)
	flags.SetOutput(errs)
	folder := flags.String("folder", ".", "folder of platform.yaml, Pulumi.yaml and the stack files")
	if flags.Parse(args) != nil || flags.NArg() > 0 {
		return 2
	}
	report := scaffold.Check(*folder)
	for _, note := range report.Notes {
		fmt.Fprintln(out, "note:", note)
	}
	for _, problem := range report.Problems {
		fmt.Fprintln(out, problem)
	}
	if len(report.Problems) > 0 {
		fmt.Fprintf(errs, "check settings: %d problems\n", len(report.Problems))
		return 1
	}
	fmt.Fprintln(out, "The settings fit each other and this version of the platform.")
	return 0
}
