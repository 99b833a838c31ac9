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
	bases, tests := map[string]bool{}, map[string]bool{}
	for _, name := range files(t) {
		bases[path.Base(name)] = true
		if strings.HasSuffix(name, "_test.go") {
			source, err := os.ReadFile(filepath.Join(root, name))
			require.NoError(t, err)
			for _, found := range testName.FindAllString(string(source), -1) {
				tests[found] = true
			}
		}
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
	for _, name := range testName.FindAllString(string(content), -1) {
		assert.True(t, tests[name] || name == "TestYourRule", "CONTRIBUTING.md names %s, which is not a test", name)
	}
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
