package scaffold

import "strings"

// lf returns a text with the line ends that init writes. A checkout on Windows may have others.
func lf(text string) string { return strings.ReplaceAll(text, "\r\n", "\n") }

// likewise gives a text the line ends of another.
func likewise(text, other string) string {
	if !strings.Contains(other, "\r\n") {
		return text
	}
	return strings.ReplaceAll(lf(text), "\n", "\r\n")
}

// shellQuoted returns a text as one word for a shell.
func shellQuoted(word string) string {
	if !strings.ContainsAny(word, " \t'\"\\$&;()<>|*?[]#~`!{}") {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
