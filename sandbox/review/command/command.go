// Package command writes the one comment of a pull request from what its run left: the report of `sandbox review --json` and the plans
// against the real cloud. The jobs that made these ran the pull request's code, so nothing in them is trusted: not their sizes, not their
// form, and no text. The job that may write comments runs only this command, and no code of the pull request.
package command

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"slices"

	"github.com/guiofsaints/procureflow-platform/internal/cli"
	"github.com/guiofsaints/procureflow-platform/sandbox/review"
)

// Exit codes.
const (
	ExitDone   = 0
	ExitUsage  = 2
	ExitFailed = 3
)

// The largest sizes that the command reads, far above anything real.
const (
	mostReport  = 32 << 20
	mostPreview = 4 << 20
	mostStacks  = 20
)

// address matches an address, and only characters that have no meaning in Markdown.
var address = regexp.MustCompile(`^https://[A-Za-z0-9.-]+(/[A-Za-z0-9._-]*)*$`)

var (
	commit  = regexp.MustCompile(`^[0-9a-f]{40}$`)
	preview = regexp.MustCompile(`^preview-([a-z][a-z0-9-]{0,39})$`)
	name    = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)
)

var page = cli.Page{
	Usage:   "review-comment --run ADDRESS --docs ADDRESS --commit SHA FOLDER",
	Purpose: "Write the comment of a pull request from its run's artifacts",
	Details: "FOLDER has the run's artifacts, each in a folder of its name: review/report.json, preview-STACK/STACK.txt and\n" +
		"preview-STACK/STACK.gone. The comment leaves out files that do not have the expected form, and names them.",
	Examples: "  review-comment --run https://github.com/OWNER/NAME/actions/runs/ID --docs https://github.com/OWNER/NAME/blob/main/docs \\\n" +
		"    --commit \"$(git rev-parse HEAD)\" artifacts > comment.md",
	Codes: "Exit codes: 0 written; 2 the call is wrong, and nothing was written; 3 the comment could not be written.",
}

// Run runs one command line and returns the exit code.
func Run(_ context.Context, args []string, streams cli.Streams) int {
	var comment review.Comment
	flags := flag.NewFlagSet("review-comment", flag.ContinueOnError)
	flags.StringVar(&comment.Run, "run", "", "`ADDRESS` of the run that reviewed the pull request")
	flags.StringVar(&comment.Page, "page", "", "`ADDRESS` of the artifact that has the whole report as a page")
	flags.StringVar(&comment.Docs, "docs", "", "`ADDRESS` of the platform's documents")
	flags.StringVar(&comment.Commit, "commit", "", "the pull request's head, a full `SHA`")
	plans := flags.String("plans", string(review.Here),
		"`WHERE` the plans against the real cloud are: here, fork (a fork's run makes none) or apart")
	err := page.Parse(flags, args, streams.Out)
	if errors.Is(err, flag.ErrHelp) {
		return ExitDone
	}
	comment.Plans = review.Plans(*plans)
	if err == nil {
		err = wrong(comment, flags.NArg())
	}
	if err != nil {
		fmt.Fprintln(streams.Err, "review-comment:", err)
		return ExitUsage
	}
	folder, err := os.OpenRoot(flags.Arg(0))
	if err != nil {
		fmt.Fprintf(streams.Err, "review-comment: the folder of the artifacts: %v\n", err)
		return ExitUsage
	}
	defer folder.Close()
	if comment.Report, err = report(folder); err != nil {
		fmt.Fprintf(streams.Err, "the report is left out: %v\n", err)
	}
	comment.Previews = previews(folder, streams.Err)
	if _, err := io.WriteString(streams.Out, comment.Markdown()); err != nil {
		fmt.Fprintln(streams.Err, "review-comment:", err)
		return ExitFailed
	}
	return ExitDone
}

// wrong returns the error of a wrong call.
func wrong(comment review.Comment, folders int) error {
	switch {
	case folders != 1:
		return errors.New("give one folder, that of the run's artifacts: see --help")
	case !address.MatchString(comment.Run):
		return errors.New("give --run, the address of the workflow's run: https://github.com/OWNER/NAME/actions/runs/ID")
	case comment.Page != "" && !address.MatchString(comment.Page):
		return errors.New("--page is not the address of an artifact: use one such as https://github.com/OWNER/NAME/actions/runs/ID/artifacts/ID")
	case !address.MatchString(comment.Docs):
		return errors.New("give --docs, the address of the platform's documents: https://github.com/OWNER/NAME/blob/COMMIT/docs")
	case !commit.MatchString(comment.Commit):
		return errors.New("give --commit, the 40 digits of the pull request's head")
	case !slices.Contains([]review.Plans{review.Here, review.Fork, review.Apart}, comment.Plans):
		return fmt.Errorf("--plans is %q: use here, fork or apart", comment.Plans)
	}
	return nil
}

// report reads the report. It returns nil if the report is missing or cannot be read.
func report(folder *os.Root) (*review.Report, error) {
	data, err := read(folder, "review/report.json", mostReport)
	if err != nil {
		return nil, err
	}
	var made review.Report
	if err := json.Unmarshal(data, &made); err != nil {
		return nil, err
	}
	if n := len(made.Stacks); n > mostStacks {
		return nil, fmt.Errorf("it has %d stacks, and at most %d are read: review fewer", n, mostStacks)
	}
	named := map[string]bool{}
	for _, one := range made.Stacks {
		if !name.MatchString(one.Name) || named[one.Name] {
			return nil, fmt.Errorf("a stack is called %.100q: use a name of small letters, digits and hyphens, once", one.Name)
		}
		named[one.Name] = true
	}
	return &made, nil
}

// previews reads the plans against the real cloud. It leaves out files that do not have the expected form.
func previews(folder *os.Root, problems io.Writer) (all []review.Preview) {
	entries, err := fs.ReadDir(folder.FS(), ".")
	if err != nil {
		fmt.Fprintln(problems, err)
		return nil
	}
	for _, entry := range entries {
		found := preview.FindStringSubmatch(entry.Name())
		if found == nil || len(all) == mostStacks {
			continue
		}
		stack, at := found[1], entry.Name()+"/"+found[1]
		text, err := read(folder, at+".txt", mostPreview)
		gone, err2 := read(folder, at+".gone", mostPreview)
		if errors.Is(err2, fs.ErrNotExist) {
			err2 = nil
		}
		if err := errors.Join(err, err2); err != nil {
			fmt.Fprintf(problems, "the plan of %s is left out: %v\n", stack, err)
			continue
		}
		all = append(all, review.Preview{Stack: stack, Text: string(text), Gone: string(gone)})
	}
	return all
}

// read reads a regular file up to a size, and follows no link.
func read(folder *os.Root, name string, most int64) ([]byte, error) {
	info, err := folder.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > most {
		return nil, fmt.Errorf("%s is not a regular file of at most %d bytes", name, most)
	}
	file, err := folder.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, most))
}
