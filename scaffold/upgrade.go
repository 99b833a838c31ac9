package scaffold

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/stacks"
)

var refs = regexp.MustCompile(`(?m)^(        refs: \[)([^\]\n]*)\]$`)

// trustFirst makes every stack trust the new commit in addition to the old one before a caller names it. If both happened in one
// merge, no stack could deploy until a person has run up.
func (p *Plan) trustFirst(r Repository, a Answers) error {
	for _, environment := range a.Environments {
		name := a.path("Pulumi." + environment + ".yaml")
		content, err := os.ReadFile(filepath.Join(r.Root, name))
		if err != nil {
			return err
		}
		settings, err := stacks.Read(filepath.Join(r.Root, a.Folder), environment, true)
		if err != nil {
			return err
		}
		if w := settings.GitHub.Workflows; w == nil || slices.Contains(w.Refs, a.Commit) || slices.Contains(w.Refs, "refs/tags/"+a.Version) {
			continue
		}
		before := lf(string(content))
		after := refs.ReplaceAllString(before, "${1}${2}, "+a.Commit+"]")
		if after == before {
			p.Obstacles = append(p.Obstacles, name+": github.workflows.refs is not on one line: add "+a.Commit+" to it by hand")
			continue
		}
		p.changes = append(p.changes, change{path: name, before: string(content), after: likewise(after, string(content)), exists: true})
	}
	if p.trust = len(p.changes) > 0; p.trust {
		p.Notes = append(p.Notes, "this comes first: merge it, run each stack's up, then init --upgrade again for the callers "+
			"(docs/bootstrap.md, Raising the platform's version)")
	}
	return nil
}

// module is the output of `go mod edit -json` about a go.mod.
type module struct {
	Tool []struct{ Path string }
}

func (m module) has(tool string) bool {
	return slices.ContainsFunc(m.Tool, func(one struct{ Path string }) bool { return one.Path == tool })
}

// raise returns an application's go.mod at the version of the answers. It changes the required version of the platform, and the
// list of the platform's commands to the tools of this version. Everything else stays. wanted is the go.mod that init writes.
func raise(ctx context.Context, a Answers, current, wanted string) (string, error) {
	folder, err := os.MkdirTemp("", "init")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(folder)
	edit := func(text string, args ...string) (string, error) {
		file := filepath.Join(folder, "go.mod")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			return "", err
		}
		command := exec.CommandContext(ctx, "go", append([]string{"mod", "edit"}, args...)...)
		command.Dir, command.Env = folder, append(os.Environ(), "GOFLAGS=", "GOWORK=off")
		output, err := command.CombinedOutput()
		if err != nil {
			return "", fmt.Errorf("go mod edit of %s: %w\n%s", a.path("go.mod"), err, output)
		}
		if len(output) > 0 {
			return string(output), nil
		}
		edited, err := os.ReadFile(file)
		return string(edited), err
	}
	read := func(text string) (of module, err error) {
		described, err := edit(text, "-json")
		if err == nil {
			err = json.Unmarshal([]byte(described), &of)
		}
		return of, err
	}
	has, err := read(current)
	if err != nil {
		return "", err
	}
	wants, err := read(wanted)
	if err != nil {
		return "", err
	}
	args := []string{"-require=" + Module + "@" + a.Version, "-require=" + Module + "/policy@" + a.Version}
	for _, tool := range has.Tool {
		if strings.HasPrefix(tool.Path, Module+"/") && !wants.has(tool.Path) {
			args = append(args, "-droptool="+tool.Path)
		}
	}
	for _, tool := range wants.Tool {
		if !has.has(tool.Path) {
			args = append(args, "-tool="+tool.Path)
		}
	}
	return edit(current, args...)
}

// uncommitted returns the files that an upgrade would rewrite although their content is not committed.
func (p Plan) uncommitted(r Repository) (names []string) {
	for _, change := range p.changes {
		if change.exists && !change.proposed && git(r.Root, "status", "--porcelain", "--", change.path) != "" {
			names = append(names, change.path)
		}
	}
	return names
}
