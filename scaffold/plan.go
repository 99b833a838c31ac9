package scaffold

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/stacks"
)

// change is one file as it is and as it would be.
type change struct {
	path, before, after string
	// exists says that the file is there. proposed says that it is another's, to which lines are added.
	exists, proposed bool
}

// Plan is what init would do, and what keeps it from doing so.
type Plan struct {
	changes []change
	// Kept are files that differ from what init would write and stay, because they are the application's.
	Kept []string
	// Obstacles keep init from writing anything. Notes are what a person should know.
	Obstacles, Notes []string
}

// Empty says that everything is as it would be written.
func (p Plan) Empty() bool { return len(p.changes) == 0 }

// NewPlan compares the files with the repository. upgrade writes files of the platform's anew; without it they are named.
func NewPlan(r Repository, a Answers, files []File, upgrade bool) (Plan, error) {
	var p Plan
	if upgrade {
		if err := p.trustFirst(r, a); err != nil || len(p.changes) > 0 {
			return p, err
		}
	}
	for _, file := range files {
		content, err := os.ReadFile(filepath.Join(r.Root, file.Path))
		switch {
		case errors.Is(err, os.ErrNotExist):
			p.changes = append(p.changes, change{path: file.Path, after: file.Content})
		case err != nil:
			return Plan{}, err
		case string(content) == file.Content, path.Base(file.Path) == "go.mod" && !upgrade:
		case upgrade && file.Ours:
			p.changes = append(p.changes, change{path: file.Path, before: string(content), after: file.Content, exists: true})
		case file.Ours:
			if strings.HasPrefix(file.Path, ".github/workflows/") && !strings.Contains(string(content), a.Platform+"/.github/") {
				p.Obstacles = append(p.Obstacles, file.Path+" is another workflow of the same name: rename it, the platform's callers have fixed names")
				continue
			}
			p.Kept = append(p.Kept, file.Path)
		}
	}
	if err := p.propose(r, a, files); err != nil {
		return Plan{}, err
	}
	p.note(r)
	return p, nil
}

var refs = regexp.MustCompile(`(?m)^(        refs: \[)([^\]\n]*)\]$`)

// trustFirst has every stack trust the new commit beside the old one before a caller names it: done in one go, the merge would
// leave every stack without a deployment until a person's up.
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
		after := refs.ReplaceAllString(string(content), "${1}${2}, "+a.Commit+"]")
		if after == string(content) {
			p.Obstacles = append(p.Obstacles, name+": github.workflows.refs is not on one line: add "+a.Commit+" to it by hand")
			continue
		}
		p.changes = append(p.changes, change{path: name, before: string(content), after: after, exists: true})
	}
	if len(p.changes) > 0 {
		p.Notes = append(p.Notes, "this comes first: merge it, run each stack's up, then init --upgrade again for the callers "+
			"(docs/bootstrap.md, Raising the platform's version)")
	}
	return nil
}

// propose adds lines to what the application has: what git must not ignore, what prettier must not judge, who reviews.
func (p *Plan) propose(r Repository, a Answers, files []File) error {
	ignore := []string{"/" + strings.TrimPrefix(a.path(".sandbox/"), "./"), "/" + a.path("bin/")}
	for _, file := range files {
		line, obstacle := r.unignore(file.Path)
		if obstacle != "" {
			p.Obstacles = append(p.Obstacles, obstacle)
		} else if line != "" && !slices.Contains(ignore, line) {
			ignore = append(ignore, line)
		}
	}
	if err := p.addLines(r, ".gitignore", "# The platform: what it makes, and its settings, which are committed.", ignore); err != nil {
		return err
	}
	if r.Prettier {
		own := []string{".github/workflows/platform-*.yml"}
		if a.Folder != "." {
			own = append(own, a.Folder+"/")
		} else {
			own = append(own, "platform.yaml", "provenance.yaml", "release.yaml", "Pulumi*.yaml", "policy/*.json")
		}
		if err := p.addLines(r, ".prettierignore", "# The platform's files, which its own tools check", own); err != nil {
			return err
		}
	}
	owners := ".github/CODEOWNERS"
	for _, name := range []string{"docs/CODEOWNERS", "CODEOWNERS", ".github/CODEOWNERS"} {
		if _, err := os.Stat(filepath.Join(r.Root, name)); err == nil {
			owners = name
		}
	}
	return p.addLines(r, owners, "# What deploys, and what judges it. The last line that matches a path wins.", a.ownerLines(owners))
}

// ownerLines are who reviews what steers a job with an identity, or a build, in a repository where others may own the rest.
func (a Answers) ownerLines(file string) []string {
	owner := adopterOf(a).CodeOwner()
	paths := []string{"/.github/", "/" + a.Folder + "/"}
	if a.Folder == "." {
		paths = []string{"/.github/", "/platform.yaml", "/provenance.yaml", "/release.yaml", "/policy/", "/Pulumi*", "/go.*", "*.go", "/vendor/"}
	}
	if !strings.HasPrefix(file, ".github/") {
		paths = append(paths, "/"+file)
	}
	for _, s := range a.Services {
		if line := "/" + s.Dockerfile; !slices.Contains(paths, line) {
			paths = append(paths, line)
		}
	}
	lines := make([]string, len(paths))
	for i, one := range paths {
		lines[i] = one + " " + owner
	}
	return lines
}

func (a Answers) path(name string) string {
	if a.Folder == "." {
		return name
	}
	return a.Folder + "/" + name
}

// addLines proposes those lines that the file lacks, at its end, below a comment.
func (p *Plan) addLines(r Repository, name, comment string, lines []string) error {
	content, err := os.ReadFile(filepath.Join(r.Root, name))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	has := strings.Split(string(content), "\n")
	var missing []string
	for _, line := range lines {
		if !slices.Contains(has, line) {
			missing = append(missing, line)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	after := string(content)
	if after != "" {
		after = strings.TrimRight(after, "\n") + "\n\n"
	}
	after += comment + "\n" + strings.Join(missing, "\n") + "\n"
	p.changes = append(p.changes, change{path: name, before: string(content), after: after, exists: err == nil, proposed: true})
	return nil
}

// unignore is the line that keeps git from ignoring a file, or why no line does.
func (r Repository) unignore(name string) (line, obstacle string) {
	command := exec.Command("git", "check-ignore", "--verbose", "--no-index", "--", name)
	command.Dir = r.Root
	output, err := command.Output()
	if err != nil { // 1: nothing ignores it
		return "", ""
	}
	rule, _, _ := strings.Cut(string(output), "\t")
	parts := strings.SplitN(rule, ":", 3)
	if len(parts) != 3 || strings.HasPrefix(parts[2], "!") {
		return "", ""
	}
	pattern, where := parts[2], parts[0]+":"+parts[1]
	// git does not look into an ignored folder, and the file nearest to a path has the last word.
	if parent := path.Dir(name); parent != "." && exec.Command("git", "-C", r.Root, "check-ignore", "--quiet", "--no-index", "--",
		parent).Run() == nil {
		return "", fmt.Sprintf("git ignores %s (%s, %s): choose another --folder, or change that line", parent, where, pattern)
	}
	if filepath.Base(parts[0]) == ".gitignore" && parts[0] != ".gitignore" && !filepath.IsAbs(parts[0]) {
		return "", fmt.Sprintf("git ignores %s (%s, %s): change that line", name, where, pattern)
	}
	return "!/" + name, ""
}

// note is what happens after the files are there.
func (p *Plan) note(r Repository) {
	for _, file := range r.Deploys {
		p.Notes = append(p.Notes, fmt.Sprintf("%s seems to deploy as well: once the platform deploys, gh workflow disable %s", file,
			path.Base(file)))
	}
	if r.Commitlint {
		p.Notes = append(p.Notes, "commitlint judges the commit's message: the command below has one that it takes")
	}
	if r.Prettier {
		p.Notes = append(p.Notes, "prettier would judge the platform's files: .prettierignore names them")
	}
	p.Notes = append(p.Notes, r.Workspace.Notes...)
}

// Diff is the plan as a person reads it.
func (p Plan) Diff() string {
	var text strings.Builder
	for _, change := range p.changes {
		switch {
		case !change.exists:
			fmt.Fprintf(&text, "new       %s\n", change.path)
		case change.proposed:
			fmt.Fprintf(&text, "adds to   %s\n", change.path)
		default:
			fmt.Fprintf(&text, "changes   %s\n", change.path)
		}
		if change.exists {
			text.WriteString(difference(change))
		}
	}
	for _, name := range p.Kept {
		fmt.Fprintf(&text, "differs   %s: init --upgrade shows how\n", name)
	}
	return text.String()
}

// difference is what git says of the two texts, without its header.
func difference(c change) string {
	folder, err := os.MkdirTemp("", "init")
	if err != nil {
		return ""
	}
	defer os.RemoveAll(folder)
	for name, content := range map[string]string{"before": c.before, "after": c.after} {
		if os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600) != nil {
			return ""
		}
	}
	command := exec.Command("git", "diff", "--no-index", "--no-color", "--no-ext-diff", "before", "after")
	command.Dir = folder
	output, _ := command.Output() // 1: they differ
	if at := bytes.Index(output, []byte("\n@@")); at >= 0 {
		output = output[at+1:]
	}
	return string(output)
}

// Apply writes everything.
func (p Plan) Apply(root string) error {
	for _, change := range p.changes {
		name := filepath.Join(root, filepath.FromSlash(change.path))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(name, []byte(change.after), 0o644); err != nil {
			return err
		}
	}
	return nil
}
