package scaffold

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/stacks/adopter"
)

// change is one file with its present and its new content.
type change struct {
	path, before, after string
	// exists says that the file exists. proposed says that it belongs to the application and only gets further lines.
	exists, proposed bool
}

// Plan lists what init would do, and what prevents it.
type Plan struct {
	changes []change
	// Kept are files that differ from what init would write and stay, because they are the application's.
	Kept []string
	// Obstacles prevent init from writing anything. Notes are facts that a person should know.
	Obstacles, Notes []string
	// trust says that this is an upgrade's first round, which only makes the stacks trust the new version.
	trust bool
}

// Empty says that all files have the content that init would write.
func (p Plan) Empty() bool { return len(p.changes) == 0 }

// newPlan compares the files with the repository. With upgrade it plans to rewrite the platform's files; otherwise it
// only names those that differ.
func newPlan(ctx context.Context, r Repository, a Answers, files []File, upgrade bool) (Plan, error) {
	var p Plan
	_, err := os.Stat(filepath.Join(r.Root, a.path(adopter.File)))
	first := err != nil
	if upgrade {
		if err := p.trustFirst(r, a); err != nil || len(p.changes) > 0 {
			return p, err
		}
	}
	for _, file := range files {
		content, err := os.ReadFile(filepath.Join(r.Root, file.Path))
		if errors.Is(err, fs.ErrNotExist) {
			p.changes = append(p.changes, change{path: file.Path, after: file.Content})
			continue
		}
		if err != nil {
			p.Obstacles = append(p.Obstacles, blocked(r.Root, file.Path))
			continue
		}
		before, after := lf(string(content)), file.Content
		if upgrade && path.Base(file.Path) == "go.mod" {
			if after, err = raise(ctx, a, before, file.Content); err != nil {
				return Plan{}, err
			}
			file.Ours = true
		}
		if !first && !upgrade {
			if filled := a.fill(file, before); filled != before {
				p.changes = append(p.changes, change{path: file.Path, before: string(content), after: likewise(filled, string(content)), exists: true})
				continue
			}
		}
		caller := strings.HasPrefix(file.Path, ".github/workflows/")
		switch {
		case before == after:
		case caller && !strings.Contains(before, a.Platform+"/.github/"):
			p.Obstacles = append(p.Obstacles, file.Path+" is another workflow of the same name: rename it, the platform's callers have fixed names")
		case first && !caller:
			p.Obstacles = append(p.Obstacles, file.Path+" is there, and is not what init would write: move it, or choose another --folder")
		case upgrade && file.Ours:
			p.changes = append(p.changes, change{path: file.Path, before: string(content), after: likewise(after, string(content)), exists: true})
		case file.Ours:
			p.Kept = append(p.Kept, file.Path)
		}
	}
	p.propose(r, a, files)
	for _, change := range p.changes {
		if obstacle := blocked(r.Root, change.path); obstacle != "" {
			p.Obstacles = append(p.Obstacles, obstacle)
		}
	}
	slices.Sort(p.Obstacles)
	p.Obstacles = slices.Compact(p.Obstacles)
	p.note(r)
	return p, nil
}

// propose plans to add lines to the application's files: paths that git must not ignore, paths that prettier must not
// check, and code owners.
func (p *Plan) propose(r Repository, a Answers, files []File) {
	ignore := []string{"/" + strings.TrimPrefix(a.path(".sandbox/"), "./"), "/" + a.path("bin/")}
	names := []string{a.path("go.sum")} // go mod tidy writes it
	for _, file := range files {
		names = append(names, file.Path)
	}
	lines, obstacles := r.unignore(names)
	ignore, p.Obstacles = append(ignore, lines...), append(p.Obstacles, obstacles...)
	p.addLines(r, ".gitignore", "# The platform: what it makes, and its settings, which are committed.", ignore)
	if r.Prettier {
		own := []string{".github/workflows/platform-*.yml"}
		if a.Folder != "." {
			own = append(own, a.Folder+"/")
		} else {
			own = append(own, "platform.yaml", "provenance.yaml", "release.yaml", "Pulumi*.yaml", "policy/*.json")
		}
		p.addLines(r, ".prettierignore", "# The platform's files, which its own tools check", own)
	}
	owners := codeowners[max(0, slices.IndexFunc(codeowners, func(name string) bool {
		_, err := os.Stat(filepath.Join(r.Root, name))
		return err == nil
	}))]
	p.addLines(r, owners, "# What deploys, and what judges it. The last line that matches a path wins.", a.ownerLines(owners))
}

// ownerLines returns the lines of CODEOWNERS for the files that steer a build or a job with an identity. Others may own the
// rest of the repository.
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

// addLines proposes the lines that the file lacks, at its end, below a comment.
func (p *Plan) addLines(r Repository, name, comment string, lines []string) {
	content, err := os.ReadFile(filepath.Join(r.Root, name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		p.Obstacles = append(p.Obstacles, blocked(r.Root, name))
		return
	}
	has := strings.Split(lf(string(content)), "\n")
	var missing []string
	for _, line := range lines {
		if !slices.Contains(has, line) {
			missing = append(missing, line)
		}
	}
	if len(missing) == 0 {
		return
	}
	after := lf(string(content))
	if after != "" {
		after = strings.TrimRight(after, "\n") + "\n\n"
	}
	after += comment + "\n" + strings.Join(missing, "\n") + "\n"
	p.changes = append(p.changes, change{path: name, before: string(content), after: likewise(after, string(content)), exists: err == nil,
		proposed: true})
}

// ignored is the rule by which git ignores a path: its file and line, and its pattern.
type ignored struct{ file, line, pattern string }

// ignores asks git about all paths at once. Paths that are not ignored, or that a later rule includes again, are not in the
// answer.
func (r Repository) ignores(names []string) map[string]ignored {
	command := exec.Command("git", "check-ignore", "--verbose", "--no-index", "--stdin", "-z")
	command.Dir, command.Stdin = r.Root, strings.NewReader(strings.Join(names, "\x00"))
	output, _ := command.Output() // 1: nothing is ignored
	all := map[string]ignored{}
	for fields := strings.Split(string(output), "\x00"); len(fields) > 4; fields = fields[4:] {
		if !strings.HasPrefix(fields[2], "!") {
			all[fields[3]] = ignored{fields[0], fields[1], fields[2]}
		}
	}
	return all
}

// unignore returns the lines that keep git from ignoring files, and the obstacles that no line can remove.
func (r Repository) unignore(names []string) (lines, obstacles []string) {
	asked := slices.Clone(names)
	for _, name := range names {
		if parent := path.Dir(name); parent != "." && !slices.Contains(asked, parent) {
			asked = append(asked, parent)
		}
	}
	found := r.ignores(asked)
	for _, name := range names {
		rule, is := found[name]
		if !is {
			continue
		}
		where := fmt.Sprintf("%s:%s, %s", rule.file, rule.line, rule.pattern)
		// git does not look into an ignored folder, and the file nearest to a path has the last word.
		if _, is := found[path.Dir(name)]; is {
			obstacles = append(obstacles, fmt.Sprintf("git ignores %s (%s): choose another --folder, or change that line", path.Dir(name), where))
		} else if filepath.Base(rule.file) == ".gitignore" && rule.file != ".gitignore" && !filepath.IsAbs(rule.file) {
			obstacles = append(obstacles, fmt.Sprintf("git ignores %s (%s): change that line", name, where))
		} else {
			lines = append(lines, "!/"+name)
		}
	}
	return lines, obstacles
}

// note adds notes about the time after the files are written.
func (p *Plan) note(r Repository) {
	for _, file := range r.Deploys {
		p.Notes = append(p.Notes, fmt.Sprintf("%s seems to deploy as well: once the platform deploys, gh workflow disable %s", file,
			path.Base(file)))
	}
	if r.Commitlint {
		p.Notes = append(p.Notes, "commitlint checks the commit's message: the command below has one that it accepts")
	}
	if r.Prettier {
		p.Notes = append(p.Notes, "prettier would check the platform's files, so .prettierignore names them")
	}
	p.Notes = append(p.Notes, r.Workspace.Notes...)
}

// Diff returns the plan as text for people.
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

// difference returns git's difference of the two texts, without its header.
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

// Apply writes all files, each whole or not at all. It writes platform.yaml last, so that a run after an interruption begins
// again.
func (p Plan) Apply(root string) error {
	changes := slices.Clone(p.changes)
	slices.SortStableFunc(changes, func(a, b change) int {
		rank := func(c change) int { return map[bool]int{true: 1}[path.Base(c.path) == adopter.File] }
		return cmp.Compare(rank(a), rank(b))
	})
	for _, change := range changes {
		if err := write(filepath.Join(root, filepath.FromSlash(change.path)), change.after); err != nil {
			return err
		}
	}
	return nil
}

// write replaces a file and keeps its mode.
func write(name, content string) error {
	mode := fs.FileMode(0o644)
	if info, err := os.Stat(name); err == nil {
		mode = info.Mode().Perm()
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(name), ".init-*")
	if err != nil {
		return err
	}
	_, err = file.WriteString(content)
	if err = errors.Join(err, file.Chmod(mode), file.Close()); err == nil {
		err = os.Rename(file.Name(), name)
	}
	if err != nil {
		_ = os.Remove(file.Name())
	}
	return err
}

// blocked returns the reason why a file cannot be written: something else is in its place or on its path, or its mode
// forbids it.
func blocked(root, name string) string {
	parts := strings.Split(name, "/")
	for i := range parts {
		at, last := path.Join(parts[:i+1]...), i == len(parts)-1
		info, err := os.Lstat(filepath.Join(root, at))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return ""
		case err != nil:
			return fmt.Sprintf("%s cannot be looked at: %v", at, err)
		case info.Mode()&fs.ModeSymlink != 0:
			return at + " is a symbolic link, through which git adds nothing: put a file or folder of the repository there"
		case !last && !info.IsDir():
			return fmt.Sprintf("%s is a file, and %s would be below it: move it, or choose another --folder", at, name)
		case last && info.IsDir():
			return at + " is a folder, and a file of that name is needed: move it"
		case last:
			file, err := os.OpenFile(filepath.Join(root, at), os.O_WRONLY, 0)
			if err != nil {
				return fmt.Sprintf("%s cannot be written (%v): chmod u+w %s", at, err, at)
			}
			_ = file.Close()
		}
	}
	return ""
}
