package review

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
)

// Marker is the comment's first line, by which the next run finds it.
const Marker = "<!-- platform-review -->"

// GitHub's limit is 65,536 characters, of which some count twice in UTF-16. The rest is for what the workflow adds.
const mostCharacters = 62_000

// Comment writes the report as the one comment of a pull request. page is the address of the whole report; empty if there is none. If the
// report is too long, the least risky lists are cut first, with a note of how much is missing.
func (r Report) Comment(page string) string {
	for _, most := range []int{200, 60, 25, 10, 4, 1, 0} {
		text := Marker + "\n" + markdown(r.document(limits{steps: most, properties: max(1, most/4), page: page}))
		if len(utf16.Encode([]rune(text))) <= mostCharacters {
			return text
		}
	}
	return Marker + "\n## What this pull request would do\n\nThe report does not fit into a comment: the run has it as an artifact.\n"
}

func markdown(d document) string {
	var out strings.Builder
	writeMarkdown(&out, d)
	return out.String()
}

func writeMarkdown(out *strings.Builder, blocks []block) {
	for _, b := range blocks {
		switch b := b.(type) {
		case heading:
			fmt.Fprintf(out, "%s %s\n\n", strings.Repeat("#", b.level+1), inMarkdown(line(b.text), false))
		case paragraph:
			fmt.Fprintf(out, "%s\n\n", inMarkdown(line(b), false))
		case list:
			for _, item := range b {
				fmt.Fprintf(out, "- %s\n", inMarkdown(item, false))
			}
			out.WriteString("\n")
		case table:
			row := func(cells []line) {
				for _, cell := range cells {
					fmt.Fprintf(out, "| %s ", inMarkdown(cell, true))
				}
				out.WriteString("|\n")
			}
			row(b.header)
			out.WriteString(strings.Repeat("|---", len(b.header)) + "|\n")
			for _, cells := range b.rows {
				row(cells)
			}
			out.WriteString("\n")
		case fold:
			fmt.Fprintf(out, "<details><summary>%s</summary>\n\n", inHTML(b.title))
			writeMarkdown(out, b.body)
			out.WriteString("</details>\n\n")
		}
	}
}

func inMarkdown(l line, inTable bool) string {
	var out strings.Builder
	for _, s := range l {
		switch s.style {
		case strong:
			out.WriteString("**" + s.text + "**")
		case value:
			out.WriteString(codeSpan(s.text, inTable))
		default:
			out.WriteString(s.text)
		}
	}
	return out.String()
}

// mostOfAValue is the number of characters shown of one value.
const mostOfAValue = 240

// tame makes one line of a text from elsewhere. It removes line breaks and invisible characters, and cuts the text to a readable length.
func tame(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t' || r == '\u2028' || r == '\u2029' || r == '\u0085':
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r): // These are terminal colours and characters that reverse text.
			return -1
		case r == unicode.ReplacementChar:
			return '?'
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	if runes := []rune(text); len(runes) > mostOfAValue {
		text = fmt.Sprintf("%s… (%d more)", string(runes[:mostOfAValue]), len(runes)-mostOfAValue)
	}
	return text
}

// codeSpan shows a value as code, in a fence longer than any run of backticks in it, so that the value cannot close it. In code, GitHub
// makes no links, mentions nobody and reads no HTML. Only a bar has to be escaped, because it ends a table's cell.
func codeSpan(text string, inTable bool) string {
	text = tame(text)
	longest, run := 0, 0
	for _, r := range text {
		if r == '`' {
			run++
			longest = max(longest, run)
		} else {
			run = 0
		}
	}
	fence := strings.Repeat("`", longest+1)
	if inTable {
		text = strings.ReplaceAll(text, "|", "\\|")
	}
	if strings.TrimSpace(text) == "" {
		return "(empty)"
	}
	if strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") {
		text = " " + text + " "
	}
	return fence + text + fence
}
