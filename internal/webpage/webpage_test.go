package webpage

import (
	"html/template"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestLinesMayEndAfterSlashes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]template.HTML{
		"":                           "",
		"5 of 20 failed":             "5 of 20 failed",
		"--policy /srv/release.yaml": "--policy /<wbr>srv/<wbr>release.yaml",
		`<a href="/">`:               "&lt;a href=&#34;/<wbr>&#34;&gt;",
	} {
		assert.Equal(t, want, Head{}.Breakable(text), text)
	}
}
