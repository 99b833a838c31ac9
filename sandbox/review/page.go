package review

import (
	"fmt"
	"html"
	"io"
	"strings"
)

// pageHead holds the page's style, like that of the release report: one column, both colour schemes, nothing loaded
// from elsewhere.
const pageHead = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>What a pull request would do</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 0 auto; padding: 1rem; }
h2 { border-top: 2px solid; margin-top: 2rem; padding-top: 1rem; }
code { overflow-wrap: anywhere; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid #8888; overflow-wrap: anywhere; }
details { margin: 0 0 1rem; } summary { cursor: pointer; }
</style>
</head>
<body>
`

// Page writes the whole report as an HTML page.
func (r Report) Page(out io.Writer) error {
	var text strings.Builder
	text.WriteString(pageHead)
	writePage(&text, r.document(limits{steps: 1 << 20, properties: 1 << 20}))
	text.WriteString("</body>\n</html>\n")
	_, err := io.WriteString(out, text.String())
	return err
}

func writePage(out *strings.Builder, blocks []block) {
	cells := func(element string, row []line) {
		out.WriteString("<tr>")
		for _, cell := range row {
			fmt.Fprintf(out, "<%s>%s</%s>", element, inHTML(cell), element)
		}
		out.WriteString("</tr>\n")
	}
	for _, b := range blocks {
		switch b := b.(type) {
		case heading:
			fmt.Fprintf(out, "<h%d>%s</h%d>\n", b.level, inHTML(b.text), b.level)
		case paragraph:
			fmt.Fprintf(out, "<p>%s</p>\n", inHTML(line(b)))
		case list:
			out.WriteString("<ul>\n")
			for _, item := range b {
				fmt.Fprintf(out, "<li>%s</li>\n", inHTML(item))
			}
			out.WriteString("</ul>\n")
		case table:
			out.WriteString("<div class=\"scroll\"><table><thead>")
			cells("th", b.header)
			out.WriteString("</thead><tbody>\n")
			for _, row := range b.rows {
				cells("td", row)
			}
			out.WriteString("</tbody></table></div>\n")
		case fold:
			fmt.Fprintf(out, "<details open><summary>%s</summary>\n", inHTML(b.title))
			writePage(out, b.body)
			out.WriteString("</details>\n")
		}
	}
}

func inHTML(l line) string {
	var out strings.Builder
	for _, s := range l {
		switch s.style {
		case strong:
			out.WriteString("<strong>" + html.EscapeString(s.text) + "</strong>")
		case value, message:
			out.WriteString("<code>" + html.EscapeString(s.clean()) + "</code>")
		default:
			out.WriteString(html.EscapeString(s.text))
		}
	}
	return out.String()
}
