package architecture_test

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	pathName = regexp.MustCompile(`^\.?[a-z][\w./-]*(/[\w.-]+|\.(go|txt|yaml))$`)
	// placeholder matches names that stand for other names.
	placeholder = regexp.MustCompile(`NAME|vX|\.\.\.`)
	testName    = regexp.MustCompile(`\bTest[A-Z]\w+`)
)

// TestContributingNamesExistingFiles checks that the files, folders and tests exist that CONTRIBUTING.md names.
func TestContributingNamesExistingFiles(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile(filepath.Join(root, "CONTRIBUTING.md"))
	require.NoError(t, err)
	bases := map[string]bool{}
	for _, name := range files(t) {
		bases[path.Base(name)] = true
	}
	named := 0
	for _, code := range quoted.FindAllStringSubmatch(string(content), -1) {
		if name := code[1]; pathName.MatchString(name) && !placeholder.MatchString(name) {
			named++
			_, err := os.Stat(filepath.Join(root, name))
			assert.True(t, err == nil || bases[name], "CONTRIBUTING.md names %s, which does not exist", name)
		}
	}
	require.Greater(t, named, 30)
}

// goCommand finds a call of go that a page prints, with the package that it names below cmd.
var goCommand = regexp.MustCompile("\\bgo (run|build)((?: [^\\s`]+){0,2}) \\./cmd/([\\w-]+)")

// TestPagesNameWhatExists checks the tests and commands that pages name. A `go build` of a command says where the executable goes: some
// commands have the name of a folder, which go refuses to write over.
func TestPagesNameWhatExists(t *testing.T) {
	t.Parallel()
	tests, named, called := map[string]bool{"TestYourRule": true}, 0, 0
	for _, name := range files(t) {
		if strings.HasSuffix(name, "_test.go") {
			source, err := os.ReadFile(filepath.Join(root, name))
			require.NoError(t, err)
			for _, found := range testName.FindAllString(string(source), -1) {
				tests[found] = true
			}
		}
	}
	for _, name := range files(t) {
		if path.Ext(name) != ".md" || strings.Contains(name, "testdata/") {
			continue
		}
		content, err := os.ReadFile(filepath.Join(root, name))
		require.NoError(t, err)
		for _, found := range testName.FindAllString(string(content), -1) {
			named++
			assert.True(t, tests[found], "%s names %s, which is not a test", name, found)
		}
		for _, call := range goCommand.FindAllStringSubmatch(strings.Join(strings.Fields(string(content)), " "), -1) {
			called++
			assert.True(t, call[1] == "run" || strings.Contains(call[2], "-o "), "%s says %q: say where to with -o", name, call[0])
			here, inPolicy := filepath.Join(root, "cmd", call[3]), filepath.Join(root, "policy", "cmd", call[3])
			_, err := os.Stat(here)
			_, policyErr := os.Stat(inPolicy)
			assert.True(t, err == nil || policyErr == nil, "%s says %q, which does not exist", name, call[0])
		}
	}
	require.Greater(t, named, 40)
	require.Greater(t, called, 100)
}

// terms are the words of the glossary that nobody can guess.
var terms = regexp.MustCompile(`\b([Bb]akes?|[Cc]andidate|is held|shifted|stand-ins?)\b`)

// TestPagesExplainTheirTerms checks that a page that uses such a word links to the glossary.
func TestPagesExplainTheirTerms(t *testing.T) {
	t.Parallel()
	pages := 0
	for _, name := range files(t) {
		if path.Ext(name) != ".md" || !slices.Contains([]string{".", "docs", "docs/howto", "docs/runbooks", "examples"}, path.Dir(name)) {
			continue
		}
		content, err := os.ReadFile(filepath.Join(root, name))
		require.NoError(t, err)
		if used := terms.FindString(inlineCode.ReplaceAllString(fencedCode.ReplaceAllString(string(content), ""), "")); used != "" {
			pages++
			assert.True(t, strings.Contains(string(content), "glossary.md") || name == "docs/glossary.md",
				"%s says %q and never links to docs/glossary.md", name, used)
		}
	}
	require.Greater(t, pages, 5)
}
