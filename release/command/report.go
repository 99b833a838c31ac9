package command

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/guiofsaints/procureflow-platform/internal/plural"
	"github.com/guiofsaints/procureflow-platform/release/audit"
	"github.com/guiofsaints/procureflow-platform/release/report"
)

func (a *app) report() *cobra.Command {
	var out string
	command := &cobra.Command{
		Example: "  release report\n  release report --audit prod.jsonl --out prod.html",
		Use:     "report", Short: "Write a page for each release in an audit file, and an index of them", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if from, err := os.Stat(a.flags.audit); err == nil {
				if to, err := os.Stat(out); err == nil && os.SameFile(from, to) {
					return usage("--out %s is the audit itself: name another file", out)
				}
			}
			folder, named := strings.CutSuffix(out, ".html")
			if !named || folder == "" {
				return usage("--out %s: name a file that ends in .html, such as release-report.html", out)
			}
			runs, err := journal(a.flags.audit)
			if err != nil {
				return err
			}
			index, pages, err := report.Site(runs, filepath.Base(out), filepath.Base(folder))
			if err != nil {
				return err
			}
			if err := os.MkdirAll(folder, 0o755); err != nil {
				return err
			}
			for _, page := range pages {
				if err := os.WriteFile(filepath.Join(folder, page.Name), page.Content, 0o644); err != nil {
					return err
				}
			}
			if err := os.WriteFile(out, index, 0o644); err != nil {
				return err
			}
			fmt.Fprintf(a.streams.Out, "%s: %s, each with a page in %s\n", out, plural.Of(len(pages), "release", "releases"), folder)
			return nil
		},
	}
	command.Flags().StringVar(&out, "out", "release-report.html",
		"the index to write; the pages go next to it, into a folder of the same name")
	return command
}

// journal reads an audit file, command by command in the order in which they began.
func journal(path string) (runs []report.Run, err error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no audit at %s: rollout and rollback write it, and --audit names another file: %w", path, err)
	} else if err != nil {
		return nil, err
	}
	defer file.Close()
	lines, err := audit.Read(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	index := map[string]int{}
	for _, line := range lines {
		at, known := index[line.Run]
		if !known {
			at, index[line.Run] = len(runs), len(runs)
			runs = append(runs, report.Run{Command: line.Command, Service: line.Service, Environment: line.Environment, Who: line.Who,
				Commit: line.Commit, Link: line.Link, ApprovedBy: line.ApprovedBy})
		}
		runs[at].Events = append(runs[at].Events, line.Event)
	}
	return runs, nil
}
