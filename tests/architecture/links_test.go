package architecture_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	fencedCode = regexp.MustCompile("(?ms)^\\s*```.*?^\\s*```$")
	inlineCode = regexp.MustCompile("`[^`\n]*`")
	link       = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading    = regexp.MustCompile(`(?m)^#+ (.+)$`)
	notInSlug  = regexp.MustCompile(`[^\p{L}\p{N}_ -]`)
)

// TestLinksResolve checks that every link of a document leads to an existing file, and its fragment to a heading of that file.
func TestLinksResolve(t *testing.T) {
	t.Parallel()
	followed := 0
	for _, name := range files(t) {
		if filepath.Ext(name) != ".md" || strings.Contains(name, "/testdata/") || strings.Contains(name, "/templates/") {
			continue
		}
		content, err := os.ReadFile(filepath.Join(root, name))
		require.NoError(t, err)
		for _, target := range links(string(content)) {
			followed++
			file, fragment, _ := strings.Cut(target, "#")
			at := filepath.Join(root, filepath.Dir(name), file)
			if file == "" {
				at = filepath.Join(root, name)
			}
			if _, err := os.Stat(at); !assert.NoError(t, err, "%s links to %s", name, target) || fragment == "" {
				continue
			}
			page, err := os.ReadFile(at)
			require.NoError(t, err)
			assert.Contains(t, fragments(string(page)), fragment, "%s links to %s, and there is no such heading", name, target)
		}
	}
	require.Greater(t, followed, 200)
}

// TestIndexesLinkEveryPage checks that each README.md of a folder of documents links to every page next to it.
func TestIndexesLinkEveryPage(t *testing.T) {
	t.Parallel()
	for _, folder := range []string{"docs", "docs/howto", "docs/runbooks"} {
		index, err := os.ReadFile(filepath.Join(root, folder, "README.md"))
		require.NoError(t, err)
		for _, name := range files(t) {
			if filepath.Dir(name) == folder && filepath.Ext(name) == ".md" && filepath.Base(name) != "README.md" {
				assert.Contains(t, string(index), "("+filepath.Base(name), "%s/README.md does not link to %s", folder, name)
			}
		}
	}
}

func TestLinksAndFragments(t *testing.T) {
	t.Parallel()
	assert.Equal(t, []string{"a.md#b", "#c"}, links("[a](a.md#b), `[x](x)` [web](https://example.com) ![c](#c)\n```\n[y](y)\n```\n"))
	assert.Equal(t, []string{"what-the-run-does-10-"}, fragments("# What the run does: 10 %\n"))
	assert.Equal(t, []string{"serviceskeyslo"}, fragments("## services.KEY.slo\n"))
	assert.Equal(t, []string{"refused-requests-are-split-by-hand"}, fragments("## Refused: \"requests are split by hand\"\n"))
}

// links returns the targets within the repository that a document links to.
func links(text string) []string {
	var found []string
	for _, match := range link.FindAllStringSubmatch(inlineCode.ReplaceAllString(fencedCode.ReplaceAllString(text, ""), ""), -1) {
		if !strings.Contains(match[1], ":") {
			found = append(found, match[1])
		}
	}
	return found
}

// fragments returns the anchors that GitHub gives a document's headings.
func fragments(text string) []string {
	var found []string
	for _, match := range heading.FindAllStringSubmatch(fencedCode.ReplaceAllString(text, ""), -1) {
		found = append(found, strings.ReplaceAll(notInSlug.ReplaceAllString(strings.ToLower(match[1]), ""), " ", "-"))
	}
	return found
}
