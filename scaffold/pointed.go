package scaffold

import (
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// A file without an owner can decide what deploys although no tool looks for it by its name: a file with an owner may point at it.
// Pointing takes one review, and later changes of the other file take no review. So these functions find what is pointed at: the targets
// of symbolic links, the paths in Pulumi.yaml, the folders that go.mod puts in a module's place, the packages that the program imports, and
// the files that it embeds.

// pointed reports everything that a file with an owner points at and that has none. text is CODEOWNERS.
func (r *Report) pointed(name, text string) {
	owned := func(file string) bool { return len(ownersOf(text, file)) > 0 }
	ask := func(from, to, how string) {
		to = path.Clean(to)
		switch {
		case to == ".." || strings.HasPrefix(to, "../") || path.IsAbs(to):
			r.bad(from, "%s %s, which is not in the repository: remove it", how, to)
		case !owned(from), owned(to) && (r.isFile(to) || owned(path.Join(to, "another.go"))):
		default:
			r.bad(from, "%s %s, which has no owner in %s, so that nobody has to review what deploys: give it one, or move it", how, to, name)
		}
	}
	r.links(ask)
	r.paths(ask)
	r.replaced(ask)
	r.imported(ask)
}

// isFile reports whether a path is a file now. Anything else can become a folder.
func (r *Report) isFile(name string) bool {
	found, err := os.Stat(filepath.Join(r.root, name))
	return err == nil && found.Mode().IsRegular()
}

// links finds the symbolic links that git keeps.
func (r *Report) links(ask func(from, to, how string)) {
	for entry := range strings.SplitSeq(git(r.root, "ls-files", "-s", "-z"), "\x00") {
		mode, name, _ := strings.Cut(entry, "\t")
		if !strings.HasPrefix(mode, "120000 ") {
			continue
		}
		target, err := os.Readlink(filepath.Join(r.root, name))
		if err != nil {
			continue // it was deleted and not committed yet
		}
		if target = filepath.ToSlash(target); !path.IsAbs(target) {
			target = path.Join(path.Dir(name), target)
		}
		ask(name, target, "is a symbolic link to")
	}
}

// paths finds the files and folders that Pulumi.yaml names: main, a binary that is already built, a plugin.
func (r *Report) paths(ask func(from, to, how string)) {
	content, err := os.ReadFile(filepath.Join(r.folder, "Pulumi.yaml"))
	var document yaml.Node
	if err != nil || yaml.Unmarshal(content, &document) != nil {
		return // the check of Pulumi.yaml says so
	}
	var walk func(*yaml.Node)
	walk = func(node *yaml.Node) {
		if node.Kind == yaml.ScalarNode && node.Value != "" {
			if _, err := os.Stat(filepath.Join(r.folder, node.Value)); err == nil {
				ask(r.adopter.Path("Pulumi.yaml"), r.adopter.Path(node.Value), "names")
			}
		}
		for _, child := range node.Content {
			walk(child)
		}
	}
	walk(&document)
}

// replacement matches a replacement by a folder in a go.mod.
var replacement = regexp.MustCompile(`(?m)=>\s*"?(\.\.?(?:/[^\s"]*)?)"?\s*(?://.*)?$`)

func (r *Report) replaced(ask func(from, to, how string)) {
	content, err := os.ReadFile(filepath.Join(r.folder, "go.mod"))
	if err != nil {
		return
	}
	for _, match := range replacement.FindAllStringSubmatch(string(content), -1) {
		ask(r.adopter.Path("go.mod"), r.adopter.Path(match[1]), "replaces a module by")
	}
}

var moduleLine = regexp.MustCompile(`(?m)^module\s+"?([^\s"]+)`)

// compiled matches the files besides Go's own that the compiler takes from a package's folder (go help packages). C and
// its relatives count only with cgo, which one import switches on.
var compiled = regexp.MustCompile(`\.(go|c|cc|cpp|cxx|m|h|hh|hpp|hxx|f|F|for|f90|s|S|sx|swig|swigcxx|syso)$`)

// imported follows the program's imports within its module, and asks about each file of a package.
func (r *Report) imported(ask func(from, to, how string)) {
	content, err := os.ReadFile(filepath.Join(r.folder, "go.mod"))
	module := moduleLine.FindStringSubmatch(string(content))
	if err != nil || module == nil {
		return
	}
	seen := map[string]bool{"": true}
	for waiting := []string{""}; len(waiting) > 0; waiting = waiting[1:] {
		files, _ := filepath.Glob(filepath.Join(r.folder, waiting[0], "*"))
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") || !compiled.MatchString(file) {
				continue
			}
			ask(r.adopter.Path("go.mod"), r.adopter.Path(path.Join(waiting[0], filepath.Base(file))), "has the program's package with")
			if !strings.HasSuffix(file, ".go") {
				continue
			}
			r.embedded(file, ask)
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
			if err != nil {
				continue // the compiler says so
			}
			for _, spec := range parsed.Imports {
				name, _ := strconv.Unquote(spec.Path.Value)
				if inside, is := strings.CutPrefix(name, module[1]+"/"); is && !seen[inside] {
					seen[inside] = true
					waiting = append(waiting, inside)
				}
			}
		}
	}
}

var (
	embedLine    = regexp.MustCompile(`(?m)^[ \t]*//go:embed[ \t]+(.+)$`)
	embedPattern = regexp.MustCompile("`[^`]*`|\"(?:[^\"\\\\]|\\\\.)*\"|\\S+")
)

// another makes the name of a file, which need not exist, from a pattern that matches it.
var another = strings.NewReplacer("*", "another", "?", "x")

// embedded asks about what a file of the program embeds: each file that a pattern matches now, and one that it could match later.
func (r *Report) embedded(file string, ask func(from, to, how string)) {
	content, err := os.ReadFile(file)
	if err != nil {
		return
	}
	const how = "embeds"
	here := filepath.Dir(file)
	inRepository := func(file string) string {
		inside, _ := filepath.Rel(r.folder, file)
		return r.adopter.Path(filepath.ToSlash(inside))
	}
	for _, line := range embedLine.FindAllStringSubmatch(string(content), -1) {
		for _, pattern := range embedPattern.FindAllString(line[1], -1) {
			if said, err := strconv.Unquote(pattern); err == nil {
				pattern = said
			}
			pattern = strings.TrimPrefix(pattern, "all:")
			if strings.ContainsAny(pattern, "*?") {
				ask(inRepository(file), inRepository(filepath.Join(here, another.Replace(pattern))), how)
			}
			matches, _ := filepath.Glob(filepath.Join(here, pattern))
			for _, match := range matches {
				_ = filepath.WalkDir(match, func(name string, entry os.DirEntry, err error) error {
					if err == nil && (name == match || !entry.IsDir()) {
						ask(inRepository(file), inRepository(name), how)
					}
					return nil
				})
			}
		}
	}
}
