package review

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// Write prints the report for people, with all its lists.
func (r Report) Write(out io.Writer) error {
	var text strings.Builder
	writeText(&text, r.document(limits{steps: 1 << 20, properties: 1 << 20}), "")
	_, err := io.WriteString(out, text.String())
	return err
}

func writeText(out *strings.Builder, blocks []block, indent string) {
	for _, b := range blocks {
		switch b := b.(type) {
		case heading:
			title := inText(b.text)
			fmt.Fprintf(out, "%s%s\n%s%s\n\n", indent, title, indent, strings.Repeat("=-"[min(b.level, 2)-1:min(b.level, 2)], len([]rune(title))))
		case paragraph:
			fmt.Fprintf(out, "%s%s\n\n", indent, inText(line(b)))
		case list:
			for _, item := range b {
				fmt.Fprintf(out, "%s- %s\n", indent, inText(item))
			}
			out.WriteString("\n")
		case table:
			writer := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
			for _, row := range append([][]line{b.header}, b.rows...) {
				texts := make([]string, len(row))
				for i, cell := range row {
					texts[i] = inText(cell)
				}
				fmt.Fprintf(writer, "%s%s\n", indent, strings.Join(texts, "\t"))
			}
			_ = writer.Flush() // Writing to a builder cannot fail.
			out.WriteString("\n")
		case fold:
			fmt.Fprintf(out, "%s%s\n\n", indent, inText(b.title))
			writeText(out, b.body, indent+"  ")
		}
	}
}

func inText(l line) string {
	var out strings.Builder
	for _, s := range l {
		if s.style == value || s.style == message {
			out.WriteString(s.clean())
		} else {
			out.WriteString(s.text)
		}
	}
	return out.String()
}
