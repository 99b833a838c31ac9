package workflows_test

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// mustBeOwned are the paths that change what deploys or what judges it, or that a person runs with the rights of a first run; ** at
// the end is everything below.
var mustBeOwned = []string{
	".github/**", ".ci/**", "Pulumi*.yaml", "platform.yaml", "provenance.yaml", "go.mod", "go.sum", "adopt/**", "bootstrap/**", "cmd/**", "components/**", "infra/**", "internal/**",
	"permissions/**", "policy/**", "release/**", "emulator/**", "sandbox/**", "stacks/**", "tests/**",
}

// owned is a line of CODEOWNERS.
type owned struct {
	pattern string
	owners  []string
}

var ownerForm = regexp.MustCompile(`^@[A-Za-z0-9](-?[A-Za-z0-9]){0,38}(/[a-z0-9-]+)?$`)

// matches knows the patterns that this repository uses: from the root, and either a folder or a name with wildcards.
func (o owned) matches(file string) bool {
	pattern := strings.TrimPrefix(o.pattern, "/")
	if folder, ok := strings.CutSuffix(pattern, "/"); ok {
		return strings.HasPrefix(file, folder+"/")
	}
	matched, err := path.Match(pattern, file)
	return err == nil && matched
}

// ownerProblems says which lines are wrong and which files that have to have an owner have none.
func ownerProblems(text string, files []string) []string {
	var problems []string
	var lines []owned
	for _, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		o := owned{words[0], words[1:]}
		if !strings.HasPrefix(o.pattern, "/") {
			problems = append(problems, o.pattern+" does not begin at the root, and could match anywhere")
		}
		for _, owner := range o.owners {
			if !ownerForm.MatchString(owner) {
				problems = append(problems, fmt.Sprintf("%s: %s is no owner, and GitHub ignores the line", o.pattern, owner))
			}
		}
		used := false
		for _, file := range files {
			used = used || o.matches(file)
		}
		if !used {
			problems = append(problems, o.pattern+" matches nothing")
		}
		lines = append(lines, o)
	}
	for _, path := range mustBeOwned {
		found := false
		for _, file := range files {
			if !(owned{pattern: strings.TrimSuffix(path, "**")}).matches(file) {
				continue
			}
			found = true
			var owners []string
			for _, line := range lines {
				if line.matches(file) {
					owners = line.owners
				}
			}
			if len(owners) == 0 {
				problems = append(problems, path+" is not owned: "+file)
				break
			}
		}
		if !found {
			problems = append(problems, "there is no "+path)
		}
	}
	return problems
}

func ownersAndFiles(t *testing.T) (string, []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, ".github", "CODEOWNERS"))
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	folder := os.DirFS(root)
	err = fs.WalkDir(folder, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (name == ".git" || name == ".sandbox") {
			return fs.SkipDir
		}
		if !entry.IsDir() {
			files = append(files, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(text), files
}

func TestWhatDeploysHasOwners(t *testing.T) {
	t.Parallel()
	text, files := ownersAndFiles(t)
	for _, problem := range ownerProblems(text, files) {
		t.Error(problem)
	}
}

func TestMissingOwnersAreCaught(t *testing.T) {
	t.Parallel()
	text, files := ownersAndFiles(t)
	for _, test := range []struct{ name, old, replacement, problem string }{
		{"a line removed", "/infra/        @guiofsaints\n", "", "infra/** is not owned: infra/"},
		{"a later line without owners", "/tests/        @guiofsaints\n", "/tests/        @guiofsaints\n/policy/rules/\n", "policy/** is not owned: policy/rules/"},
		{"one file of several", "/Pulumi*.yaml  @guiofsaints\n", "/Pulumi.prod.yaml @guiofsaints\n", "Pulumi*.yaml is not owned: Pulumi.dev.yaml"},
		{"no owner's form", "/stacks/       @guiofsaints\n", "/stacks/       guiofsaints\n", "/stacks/: guiofsaints is no owner"},
		{"anywhere", "/tests/        @guiofsaints\n", "/tests/        @guiofsaints\n*.md @guiofsaints\n", "*.md does not begin at the root"},
		{"nowhere", "/tests/        @guiofsaints\n", "/tests/        @guiofsaints\n/none/ @guiofsaints\n", "/none/ matches nothing"},
	} {
		if !strings.Contains(text, test.old) {
			t.Fatalf("%s: CODEOWNERS does not contain %q", test.name, test.old)
		}
		problems := ownerProblems(strings.Replace(text, test.old, test.replacement, 1), files)
		if len(problems) != 1 || !strings.HasPrefix(problems[0], test.problem) {
			t.Errorf("%s: found %q, want %q alone", test.name, problems, test.problem)
		}
	}
}
