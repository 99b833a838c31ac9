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
	// placeholder marks names that stand for others.
	placeholder = regexp.MustCompile(`NAME|vX|\.\.\.`)
	testName    = regexp.MustCompile(`\bTest[A-Z]\w+`)
)

// TestContributingNamesWhatIsThere: files, folders and tests that CONTRIBUTING.md sends a newcomer to exist.
func TestContributingNamesWhatIsThere(t *testing.T) {
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
			assert.True(t, err == nil || bases[name], "CONTRIBUTING.md names %s, which is not there", name)
		}
	}
	require.Greater(t, named, 30)
	for _, name := range testName.FindAllString(string(content), -1) {
		assert.True(t, tests[name] || name == "TestYourRule", "CONTRIBUTING.md names %s, which is no test", name)
	}
}

// terms are the words of the glossary that nobody guesses.
var terms = regexp.MustCompile(`\b([Bb]akes?|[Cc]andidate|is held|shifted|stand-ins?)\b`)

// TestPagesExplainTheirTerms: a page that uses a word of the glossary links to it.
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
