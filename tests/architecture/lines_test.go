package architecture_test

import (
	"fmt"
	"go/scanner"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// maxColumns is the longest line of code, in characters, and maxTextColumns that of a document. A tab counts as one.
const (
	maxColumns     = 140
	maxTextColumns = 120
)

// TestLinesOfCodeAreShort checks the length of every line of Go. Exempt are lines in raw strings, which are data such as a recorded
// answer or a script, the output of an example, and lines with a word that cannot be broken, such as an address.
func TestLinesOfCodeAreShort(t *testing.T) {
	t.Parallel()
	for _, name := range files(t) {
		if filepath.Ext(name) != ".go" {
			continue
		}
		content, err := os.ReadFile(filepath.Join(root, name))
		require.NoError(t, err)
		for _, line := range longLines(string(content)) {
			assert.Fail(t, "a line is too long", "%s:%d has more than %d columns: wrap it", name, line, maxColumns)
		}
	}
}

// TestLinesOfDocumentsAreShort checks the length of every line of a document that is not generated. Rows of tables, code and headings
// have to stay on one line.
func TestLinesOfDocumentsAreShort(t *testing.T) {
	t.Parallel()
	for _, name := range files(t) {
		if filepath.Ext(name) != ".md" || strings.Contains(name, "/testdata/") {
			continue
		}
		content, err := os.ReadFile(filepath.Join(root, name))
		require.NoError(t, err)
		for _, line := range longTexts(string(content)) {
			assert.Fail(t, "a line is too long", "%s:%d has more than %d columns: wrap it", name, line, maxTextColumns)
		}
	}
}

func TestLongTexts(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x ", maxTextColumns/2+1)
	assert.Equal(t, []int{3, 5, 6}, longTexts("# T\n\n"+long+"\n\n* "+long+"\n  "+long+"\n"))
	assert.Empty(t, longTexts("# "+long+"\n| "+long+" |\n\n    "+long+"\n\n```\n"+long+"\n```\n"))
	assert.Empty(t, longTexts("# T\n\nGenerated: do not edit.\n\n"+long+"\n"))
	assert.Empty(t, longTexts("[a]("+strings.Repeat("x", maxTextColumns)+")\n"), "an address")
}

// longTexts returns the numbers of the lines over maxTextColumns that are neither a heading, a table's row, code nor an address.
func longTexts(text string) []int {
	lines := strings.Split(text, "\n")
	if strings.Contains(strings.Join(lines[:min(len(lines), 4)], "\n"), "do not edit") {
		return nil
	}
	var long []int
	fenced := false
	for i, line := range lines {
		trimmed := strings.TrimSpace(line)
		if strings.HasPrefix(trimmed, "```") {
			fenced = !fenced
		}
		kept := fenced || strings.HasPrefix(line, "#") || strings.HasPrefix(trimmed, "|") || strings.HasPrefix(line, "    ")
		if !kept && utf8.RuneCountInString(line) > maxTextColumns && longestWord(line) < maxTextColumns/2 {
			long = append(long, i+1)
		}
	}
	return long
}

func TestLongLines(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x ", maxColumns/2)
	assert.Equal(t, []int{3, 5}, longLines(fmt.Sprintf("package p\n\n// %s\n\nvar a = %q\n\nvar b = `\n%s x\n`\n", long, long, long)))
	assert.Empty(t, longLines("package p\n\n// "+long[:maxColumns-3]+"\n"), "exactly the longest allowed line")
	assert.Empty(t, longLines("package p\n\n// https://"+strings.Repeat("x", maxColumns)+"\n"), "an address")
	assert.Empty(t, longLines("package p\n\nfunc Example() {\n\t// Output:\n\t// "+long+"\n}\n"))
	assert.Empty(t, longLines("package p\n\nvar b, c = 1, `"+long+"`\n"), "a long raw string")
}

func longestWord(line string) int {
	longest := 0
	for word := range strings.FieldsSeq(line) {
		longest = max(longest, utf8.RuneCountInString(word))
	}
	return longest
}

// longLines returns the numbers of the lines over maxColumns that no raw string touches.
func longLines(source string) []int {
	raw := map[int]bool{}
	set := token.NewFileSet()
	file := set.AddFile("", set.Base(), len(source))
	var s scanner.Scanner
	s.Init(file, []byte(source), nil, 0)
	for pos, kind, literal := s.Scan(); kind != token.EOF; pos, kind, literal = s.Scan() {
		if kind != token.STRING || literal[0] != '`' {
			continue
		}
		first := file.Line(pos)
		for line := first; line <= first+strings.Count(literal, "\n"); line++ {
			raw[line] = true
		}
	}
	var long []int
	number, printed := 0, false
	for line := range strings.Lines(source) {
		number++
		comment, isComment := strings.CutPrefix(strings.TrimSpace(line), "//")
		printed = isComment && (printed || strings.HasPrefix(comment, " Output:"))
		if printed {
			continue
		}
		if !raw[number] && longestWord(line) < maxColumns/2 && utf8.RuneCountInString(strings.TrimSuffix(line, "\n")) > maxColumns {
			long = append(long, number)
		}
	}
	return long
}
