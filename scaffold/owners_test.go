package scaffold

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestOwns follows GitHub's patterns: https://docs.github.com/articles/about-code-owners
func TestOwns(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		pattern, file string
		want          bool
	}{
		{"*", "a/b/c.go", true},
		{"*.go", "a/b/c.go", true},
		{"*.go", "a/b/c.js", false},
		{"/a/", "a/b/c.go", true},
		{"/a/", "b/a/c.go", false},
		{"a/", "b/a/c.go", true},
		{"/a", "a/b/c.go", true},
		{"/Pulumi*", "Pulumi.dev.yaml", true},
		{"/Pulumi*", "infra/Pulumi.dev.yaml", false},
		{"docs/*", "docs/a.md", true},
		{"docs/*", "docs/b/a.md", false},
		{"**/platform.yaml", "infra/x/platform.yaml", true},
		{"/infra/**/policy/", "infra/a/b/policy/dev.json", true},
		{"/infra/**", "infra/a/b", true},
		{"/infra/platform.yaml", "infra/platform.yaml", true},
		{"platform", "infra/platform/go.mod", true},
		{"/platform/", "platform", false},
	} {
		assert.Equal(t, test.want, owns(test.pattern, test.file), "%s of %s", test.pattern, test.file)
	}
	assert.Equal(t, []string{"@b"}, ownersOf("* @a\n/x/ @b # last\n", "x/y"))
	for line, owners := range map[string][]string{
		"/x/ ops@acme.example": {"ops@acme.example"}, "/x/ @acme/ops": {"@acme/ops"}, "/x/ someone": {"@a"},
		"/x/ @b nobody": {"@a"}, "/[x]/ @b": {"@a"}, "!/x/ @b": {"@a"}, `\/x/ @b`: {"@a"}, "/x/#": {}, "/X/": {"@a"},
		"/x": {}, "x/**": {}, "/*": {"@a"},
	} {
		assert.Equal(t, owners, ownersOf("* @a\n"+line, "x/y"), line)
	}
	assert.Empty(t, ownersOf("* someone\n", "x/y"), "GitHub skips the line")
	assert.Empty(t, ownersOf("* @a\n/x/\n", "x/y"), "a line without an owner removes the owner of its paths")
}
