package review

import (
	"fmt"
	"strings"

	"github.com/guiofsaints/procureflow-platform/internal/oneline"
)

// Marker is the comment's first line, by which the next run finds it.
const Marker = "<!-- platform-review -->"

// GitHub's limit is 65,536 characters, and some characters count twice in UTF-16. The rest is for text that the
// workflow adds.
const mostCharacters = 62_000

// Comment writes the report as a comment on a pull request without plans against the real cloud. page is the address of
// the whole report; empty if there is none.
func (r Report) Comment(page string) string { return Marker + "\n" + r.fitting(page, mostCharacters) }

// fitting writes the report in at most room characters. If it is too long, the least risky lists are cut first, with a note of how much
// is missing.
func (r Report) fitting(page string, room int) string {
	for _, most := range []int{200, 60, 25, 10, 4, 1, 0} {
		text := markdown(r.document(limits{steps: most, properties: max(1, most/4), page: page}))
		if width(text) <= room {
			return text
		}
	}
	return "## What this pull request would do\n\nThe report does not fit into a comment: the run has it as an artifact.\n\n"
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
		case value, message:
			out.WriteString(codeSpan(s, inTable))
		default:
			out.WriteString(s.text)
		}
	}
	return out.String()
}

// The numbers of characters shown of one value, and of one message.
const (
	mostOfAValue   = 240
	mostOfAMessage = 900
)

// clean cleans a text from elsewhere, and cuts it to a readable length.
func (s span) clean() string {
	text, most := oneline.Of(s.text), mostOfAValue
	if s.style == message {
		most = mostOfAMessage
	}
	if runes := []rune(text); len(runes) > most {
		text = fmt.Sprintf("%s… (%d more)", string(runes[:most]), len(runes)-most)
	}
	return text
}

// codeSpan cleans a value and shows it as code, in a fence longer than any run of backticks in it, so that the value cannot close it. In
// code, GitHub makes no links, mentions nobody and reads no HTML. Only a bar has to be escaped, because it ends a table's cell.
func codeSpan(s span, inTable bool) string {
	text := s.clean()
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
