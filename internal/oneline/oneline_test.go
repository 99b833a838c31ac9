package oneline

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestOf(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", "plain, é 漢字 🎉": "plain, é 漢字 🎉", "two\nlines": "two lines", "a\r\nb": "a  b", "a\rb": "a b", "a\tb": "a b",
		"a\u2028b\u2029c\u0085d": "a b c d", "\x1b[31mred\x1b[0m": "[31mred[0m", "\x1b]0;title\x07": "]0;title", "\x1b[2J\x1b[H": "[2J[H",
		"a\u202eb\u202c": "ab", "\u200bzero\ufeff": "zero", "a\x00b\x7f": "ab", "\xff\xfe": "?", "a\ufffdb": "a?b", "\u009b31m": "31m",
		"a\bb": "ab", "x\n::add-mask::prod": "x ::add-mask::prod",
	} {
		assert.Equal(t, want, Of(text), "%q", text)
	}
}

func TestMarkdown(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a | b": `a \| b`, "<img>": "&lt;img>", "[a](b)": `\[a\](b)`, `\[a](b)`: `\\\[a\](b)`,
		`\\[a]`: `\\\\\[a\]`, `\*a*`: `\\\*a\*`, `\|`: `\\\|`,
		"`x`": "'x'", "![a](b)": `!\[a\](b)`, "~~a~~": `\~\~a\~\~`, "_a_": `\_a\_`, "&lt;": "&amp;lt;",
		"a\r\n* b": `a  \* b`, "web-1": "web-1", "20 of 80 failed (25 %)": "20 of 80 failed (25 %)",
	} {
		assert.Equal(t, want, Markdown(text), "%q", text)
	}
}
