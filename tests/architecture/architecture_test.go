// Package architecture_test keeps the repository in the shape that docs/architecture.md draws: who may import whom, that
// every package says what it is, and that no file knows the machine it was written on. That every resource has a component
// as its parent is checked where the program runs, for each stack, in infra/program.
package architecture_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	module = "github.com/guiofsaints/procureflow-platform/"
	root   = "../.."
)

// source is a Go file, without the bodies of its functions.
type source struct {
	file   string // slash-separated, inside the repository
	pkg    string // its folder
	test   bool
	parsed *ast.File
}

// files returns the repository's files: those that git has or would add or, in a copy without git, those in the folder.
func files(t *testing.T) []string {
	t.Helper()
	list := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	list.Dir = root
	if output, err := list.Output(); err == nil && len(output) > 0 {
		var names []string
		for name := range strings.SplitSeq(strings.TrimSuffix(string(output), "\x00"), "\x00") {
			// A file that is being moved is in git's list but not in the folder.
			if _, err := os.Stat(filepath.Join(root, name)); err == nil {
				names = append(names, name)
			}
		}
		watch(t, names)
		return names
	}
	var names []string
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (entry.Name() == ".sandbox" || entry.Name() == "bin" || entry.Name() == "node_modules") {
			return filepath.SkipDir
		}
		if entry.Type().IsRegular() {
			inside, err := filepath.Rel(root, name)
			if err != nil {
				return err
			}
			names = append(names, filepath.ToSlash(inside))
		}
		return nil
	})
	require.NoError(t, err)
	return names
}

// watch reads the folders of the files. Go's cache of test results does not notice what git answers, so without this a new file
// would go unnoticed.
func watch(t *testing.T, names []string) {
	t.Helper()
	read := map[string]bool{}
	for _, name := range names {
		for folder := path.Dir(name); !read[folder]; folder = path.Dir(folder) {
			read[folder] = true
			_, err := os.ReadDir(filepath.Join(root, folder))
			require.NoError(t, err)
		}
	}
}

func sources(t *testing.T) []source {
	t.Helper()
	var found []source
	for _, name := range files(t) {
		if !strings.HasSuffix(name, ".go") || strings.Contains(name, "/testdata/") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, name), nil, parser.ImportsOnly|parser.ParseComments)
		require.NoError(t, err)
		found = append(found, source{file: name, pkg: path.Dir(name), test: strings.HasSuffix(name, "_test.go"), parsed: parsed})
	}
	require.NotEmpty(t, found)
	return found
}

func (s source) imports(t *testing.T) []string {
	t.Helper()
	var imports []string
	for _, spec := range s.parsed.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		require.NoError(t, err)
		imports = append(imports, name)
	}
	return imports
}

// matches reports whether a package matches the pattern.
func matches(pattern, pkg string) bool {
	if pattern == "**" {
		return true
	}
	if folder, deep := strings.CutSuffix(pattern, "/**"); deep {
		return pkg == folder || strings.HasPrefix(pkg, folder+"/")
	}
	matched, err := path.Match(pattern, pkg)
	return err == nil && matched
}

func matchesAny(patterns []string, pkg string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool { return matches(pattern, pkg) })
}

// importProblem returns the reason why a package must not import another of this repository; empty if it may.
func importProblem(pkg, imported string, test bool) string {
	if pkg == imported {
		return "" // a test in its own package
	}
	i := slices.IndexFunc(layers, func(l layer) bool { return matches(l.packages, pkg) })
	if i < 0 {
		return fmt.Sprintf("%s is in no layer: add a row to tests/architecture/table_test.go and to docs/architecture.md", pkg)
	}
	own := layers[i]
	if matchesAny(own.may, imported) || matchesAny(everywhere, imported) && !strings.HasPrefix(pkg, "policy") {
		return ""
	}
	if test && (matchesAny(own.mayInTests, imported) || matchesAny(everyInTest, imported) && !strings.HasPrefix(pkg, "policy")) {
		return ""
	}
	allowed := "nothing of this repository"
	if len(own.may) > 0 {
		allowed = strings.Join(own.may, ", ")
	}
	return fmt.Sprintf("%s must not import %s: %s; it may import %s", pkg, imported, own.reason, allowed)
}

// banProblem returns the reason why a package must not import another module; empty if it may.
func banProblem(pkg, imported string, test bool) string {
	domain, _, _ := strings.Cut(imported, "/")
	if !strings.Contains(domain, ".") || strings.HasPrefix(imported+"/", module) {
		return ""
	}
	for _, ban := range bans {
		if !matches(ban.packages, pkg) || matchesAny(ban.except, pkg) || test && !ban.tests {
			continue
		}
		if slices.ContainsFunc(ban.prefixes, func(prefix string) bool { return strings.HasPrefix(imported, prefix) }) {
			return fmt.Sprintf("%s must not import %s: %s", pkg, imported, ban.reason)
		}
	}
	return ""
}

func TestImportsFollowTheTable(t *testing.T) {
	t.Parallel()
	for _, source := range sources(t) {
		for _, imported := range source.imports(t) {
			if inside, ours := strings.CutPrefix(imported, module); ours {
				if problem := importProblem(source.pkg, inside, source.test); problem != "" {
					t.Errorf("%s: %s", source.file, problem)
				}
			}
			if problem := banProblem(source.pkg, imported, source.test); problem != "" {
				t.Errorf("%s: %s", source.file, problem)
			}
		}
	}
}

func TestLayerTable(t *testing.T) {
	t.Parallel()
	for _, layer := range layers {
		assert.NotEmpty(t, layer.reason, layer.packages)
	}
	for _, ban := range bans {
		assert.NotEmpty(t, ban.reason, ban.packages)
	}
	for _, test := range []struct {
		pkg, imported string
		test          bool
		want          string
	}{
		{"components/registry", "internal/naming", false, ""},
		{"components/registry", "internal/pulumitest", true, ""},
		{"components/registry", "internal/pulumitest", false, "components/registry must not import internal/pulumitest"},
		{"components/registry", "components/identity", false, "it takes outputs, and no components"},
		{"components/registry", "components/identity", true, "it takes outputs, and no components"},
		{"components/registry", "components/registry", true, ""},
		{"policy/rules", "policy/crossguard", false, ""},
		{"policy/rules", "components/cloudrun", true, "would share their mistakes"},
		{"policy/rules", "internal/pulumitest", true, "policy/rules must not import internal/pulumitest"},
		{"infra/program", "sandbox/server", true, "the program has one mode"},
		{"release/plan", "release/health", false, "it may import nothing of this repository"},
		{"release/rollout", "release/gcp", false, "importing an adapter would tie it to one cloud"},
		{"release/rollout", "release/gcp", true, ""},
		{"release/gcp", "emulator/cloud", true, ""},
		{"release/gcp", "emulator/cloud", false, "release/gcp must not import emulator/cloud"},
		{"release/audit", "release/registry", false, "knows its ports and no adapter"},
		{"release/command", "release/gcp", false, ""},
		{"release/command", "infra/program", false, "it knows neither the program nor the sandbox"},
		{"emulator/provider", "components/cloudrun", false, "know no platform"},
		{"cmd/release", "sandbox/server", false, "cmd/release must not import sandbox/server"},
		{"cmd/sandbox", "sandbox/command", false, ""},
		{"cmd/other", "stacks", false, "add a row with what it needs"},
		{"tests/sandbox", "sandbox/command", true, ""},
		{"elsewhere", "stacks", false, "elsewhere is in no layer"},
	} {
		got := importProblem(test.pkg, test.imported, test.test)
		if test.want == "" {
			assert.Empty(t, got)
			continue
		}
		assert.Contains(t, got, test.want)
	}
	for _, test := range []struct {
		pkg, imported string
		test          bool
		want          string
	}{
		{"release/plan", "time", false, ""},
		{"release/plan", "github.com/stretchr/testify/assert", true, ""},
		{"release/plan", "github.com/spf13/cobra", false, "standard library only"},
		{"release/rollout", "google.golang.org/api/run/v2", false, "only adapters import a client"},
		{"release/gcp", "google.golang.org/api/run/v2", false, ""},
		{"release/gcp", "github.com/pulumi/pulumi/sdk/v3/go/pulumi", false, "a rollback must not need Pulumi"},
		{"policy/rules", "github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp", true, "rules judge the properties that the engine sends"},
		{"policy/rules", "github.com/pulumi/pulumi/sdk/v3/go/pulumi", true, ""},
	} {
		got := banProblem(test.pkg, test.imported, test.test)
		if test.want == "" {
			assert.Empty(t, got)
			continue
		}
		assert.Contains(t, got, test.want)
	}
}

func TestEveryPackageHasADocComment(t *testing.T) {
	t.Parallel()
	hasCode, inCode, inTests := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, source := range sources(t) {
		documented := inCode
		if source.test {
			documented = inTests
		}
		hasCode[source.pkg] = hasCode[source.pkg] || !source.test
		if source.parsed.Doc == nil {
			continue
		}
		begins := "Package " + source.parsed.Name.Name + " "
		if source.parsed.Name.Name == "main" {
			begins = "Command " + path.Base(source.pkg) + " "
		}
		if assert.True(t, strings.HasPrefix(source.parsed.Doc.Text(), begins), "%s: the package's comment begins with %q", source.file, begins) {
			documented[source.pkg] = true
		}
	}
	for pkg, code := range hasCode {
		assert.True(t, inCode[pkg] || !code && inTests[pkg], "%s: no file has a comment that says what the package is", pkg)
	}
}

// machinePath matches folders of one person's or one tool's machine. It is written in parts, because this file is checked too.
var machinePath = regexp.MustCompile(`(^|[^\w.$}/-])/(` + strings.Join([]string{"ro" + "ot", "wo" + "rk", "Us" + "ers", "home/[a-z]{2,}",
	"t" + "mp"}, "|") + `)/`)

func TestNoFileNamesAMachinesFolder(t *testing.T) {
	t.Parallel()
	for _, name := range files(t) {
		content, err := os.ReadFile(filepath.Join(root, name))
		require.NoError(t, err)
		if strings.ContainsRune(string(content[:min(len(content), 512)]), 0) {
			continue // a binary file
		}
		for number, line := range strings.Split(string(content), "\n") {
			if found := machinePath.FindString(line); found != "" {
				t.Errorf("%s:%d names %q, which only one machine has", name, number+1, strings.TrimSpace(found))
			}
		}
	}
}
