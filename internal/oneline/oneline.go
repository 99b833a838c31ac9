// Package oneline makes texts from elsewhere safe to show: an API's message, a service's answer, a name that somebody chose. Such a text
// could hold line breaks that look like lines of the program, a terminal's commands, and characters that reverse what follows.
package oneline

import (
	"strings"
	"unicode"
)

// Of returns a text as one line, without invisible characters.
func Of(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t' || r == '\u2028' || r == '\u2029' || r == '\u0085':
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r): // These are terminal commands and characters that reverse text.
			return -1
		case r == unicode.ReplacementChar:
			return '?'
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
}

// markdown escapes what Markdown and HTML read as more than text. A backslash comes with the others: it would undo their escapes.
var markdown = strings.NewReplacer(`\`, `\\`, "&", "&amp;", "<", "&lt;", "|", `\|`, "`", "'",
	"[", `\[`, "]", `\]`, "*", `\*`, "_", `\_`, "~", `\~`)

// Markdown returns a text as one line that GitHub shows as it is.
func Markdown(text string) string { return markdown.Replace(Of(text)) }
