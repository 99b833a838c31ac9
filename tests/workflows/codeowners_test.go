package workflows_test

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// steering are files that do not exist. If they did, they would change what a job with an identity runs, or what judges it.
var steering = []string{
	"Pulumi.json", "Pulumi.yml", "Pulumi.prod.json", "Pulumi.qa.yaml", "go.work", "go.work.sum", "vendor/modules.txt", "vendor/a/b.go",
	".trivyignore", ".trivyignore.yaml", "trivy.yaml",
	".github/workflows/other.yml", ".github/actions/other/action.yml", "policy/other.json", "release.yaml", "other.go", "package.json",
	".npmrc", ".pnpmfile.cjs",
	"packages/web/Dockerfile", "packages/web/package.json", "packages/infra/docker/Dockerfile.web", ".gitattributes", ".gitmodules",
	"CODEOWNERS",
}

// given are the only paths that may have no owner.
var given = []string{"packages/web/src/"}

// owned is a line of CODEOWNERS.
type owned struct {
	pattern string
	owners  []string
}

var ownerForm = regexp.MustCompile(`^@[A-Za-z0-9](-?[A-Za-z0-9]){0,38}(/[a-z0-9-]+)?$`)

// matches supports the patterns that this repository uses: everything, or a folder or name from the root with wildcards.
func (o owned) matches(file string) bool {
	if o.pattern == "*" {
		return true
	}
	pattern := strings.TrimPrefix(o.pattern, "/")
	if folder, ok := strings.CutSuffix(pattern, "/"); ok {
		return strings.HasPrefix(file, folder+"/")
	}
	matched, err := path.Match(pattern, file)
	return err == nil && matched
}

// ownerProblems returns wrong lines, and files, existing or not, that nobody has to review.
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
		if !strings.HasPrefix(o.pattern, "/") && o.pattern != "*" {
			problems = append(problems, o.pattern+" does not begin at the root, and could match anywhere")
		}
		for _, owner := range o.owners {
			if !ownerForm.MatchString(owner) {
				problems = append(problems, fmt.Sprintf("%s: %s is no owner, and GitHub ignores the line", o.pattern, owner))
			}
		}
		if len(o.owners) == 0 && !slices.Contains(given, strings.TrimPrefix(o.pattern, "/")) {
			problems = append(problems, o.pattern+" gives away what steers")
		}
		lines = append(lines, o)
	}
	for _, file := range files {
		if slices.ContainsFunc(given, func(folder string) bool { return strings.HasPrefix(file, folder) }) {
			continue
		}
		var owners []string
		for _, line := range lines {
			if line.matches(file) {
				owners = line.owners
			}
		}
		if len(owners) == 0 {
			problems = append(problems, "nobody has to review "+file)
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
	return string(text), append(files, steering...)
}

func TestDeployingFilesHaveOwners(t *testing.T) {
	t.Parallel()
	text, files := ownersAndFiles(t)
	for _, problem := range ownerProblems(text, files) {
		t.Error(problem)
	}
}

func TestMissingOwnersAreReported(t *testing.T) {
	t.Parallel()
	text, files := ownersAndFiles(t)
	for _, test := range []struct{ name, old, replacement, problem string }{
		{"no line for everything", "*                   @guiofsaints\n", "/.github/ @guiofsaints\n", "nobody has to review Pulumi.dev.yaml"},
		{"a steering folder with another owner", "/packages/web/src/\n", "/packages/web/src/\n/policy/\n", "/policy/ gives away what steers"},
		{"a steering file to come, with another owner", "/packages/web/src/\n", "/packages/web/src/\n/Pulumi.json\n",
			"/Pulumi.json gives away what steers"},
		{"an owner without @", "*                   @guiofsaints\n", "* @guiofsaints\n/stacks/ guiofsaints\n",
			"/stacks/: guiofsaints is no owner"},
		{"anywhere", "/packages/web/src/\n", "/packages/web/src/\n*.md @guiofsaints\n", "*.md does not begin at the root"},
	} {
		if !strings.Contains(text, test.old) {
			t.Fatalf("%s: CODEOWNERS does not contain %q", test.name, test.old)
		}
		problems := ownerProblems(strings.Replace(text, test.old, test.replacement, 1), files)
		if !slices.ContainsFunc(problems, func(problem string) bool { return strings.HasPrefix(problem, test.problem) }) {
			t.Errorf("%s: found %q, want %q", test.name, problems, test.problem)
		}
	}
}

// TestSteeringFilesAreRefused checks that a file that would steer a job with an identity is refused before anything is compiled,
// wherever Pulumi and Go would look for it.
func TestSteeringFilesAreRefused(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		folder, file string
		refused      bool
	}{
		{".", "Pulumi.json", true}, {".", "pulumi.JSON", true}, {".", "Pulumi.yml", true}, {".", "Pulumi.prod.json", true}, {".",
			"Pulumi.dev.yml", true},
		{".", "go.work", true}, {".", "go.work.sum", true}, {".", "vendor/modules.txt", true}, {".", ".trivyignore", true}, {".",
			".trivyignore.yaml", true},
		{".", "trivy.yaml", true}, {".", "trivy.yml", true},
		{"infra/platform", "infra/platform/Pulumi.json", true}, {"infra/platform", "infra/Pulumi.json", true}, {"infra/platform",
			"Pulumi.json", true},
		{"infra/platform", "go.work", true}, {"infra/platform", "infra/go.work", true}, {"infra/platform", "infra/platform/vendor/a.go", true},
		{".", "Pulumi.yaml", false}, {".", "Pulumi.prod.yaml", false}, {".", "go.mod", false}, {".", "packages/web/vendor/a.js",
			false}, {"infra", "packages/Pulumi.json", false},
		{"..", "a", true}, {"a/../..", "a", true}, {"/etc", "a", true}, {"a b", "a", true}, {"a\nb", "a", true}, {"$(id)", "a",
			true}, {"", "a", true}, {"a..b", "a", false},
	} {
		code, printed, _ := runScript(t, "mkdir -p infra/platform a..b \"$(dirname \"$FILE\")\"; touch \"$FILE\"\n"+script(t,
			"would change what runs here"),
			map[string]string{"FOLDER": test.folder, "FILE": test.file}, nil)
		if (code != 0) != test.refused || test.refused && !strings.Contains(printed, "::error::") {
			t.Errorf("%s in %q: exit code %d, want it refused: %v\n%s", test.file, test.folder, code, test.refused, printed)
		}
	}
}

// TestSteeringFilesAreReviewed checks that a pull request that adds such a file is reviewed, so that the refusal is seen before
// the merge.
func TestSteeringFilesAreReviewed(t *testing.T) {
	t.Parallel()
	changes := map[string]bool{"docs/a.md": false, "README.md": false, "packages/web/src/page.tsx": false, "": false,
		".github/workflows/platform-preview.yml": true, ".github/workflows/platform-ci.yml": false}
	for _, file := range []string{"Pulumi.json", "Pulumi.yml", "Pulumi.prod.json", "go.work", "go.work.sum", "go.mod",
		"vendor/modules.txt", ".trivyignore", "trivy.yaml", "Pulumi.prod.yaml", "main.go", "infra/main.go",
		"policy/prod.json", "platform.yaml", "release.yaml"} {
		changes[file], changes["infra/platform/"+file] = true, true
	}
	for file, counts := range changes {
		code, printed, outputs := runScript(t, script(t, "platform=$platform"), map[string]string{"CHANGED": file},
			map[string]string{
				"git": `[ "$*" = "diff -z --no-renames --name-only HEAD^1 HEAD" ] || exit 9; [ -z "$CHANGED" ] || printf 'a.txt\0%s\0' "$CHANGED"`})
		if want := fmt.Sprintf("platform=%t\n", counts); code != 0 || outputs != want {
			t.Errorf("%q: exit code %d and %q, want %q\n%s", file, code, outputs, want, printed)
		}
	}
}
