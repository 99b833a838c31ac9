package review

// A document consists of a few kinds of blocks. A value that a pull request chose is thus made harmless in one place each: for markdown,
// for a page and for a terminal.

// span is a piece of a line: words of this package, or a value that came from elsewhere.
type span struct {
	text  string
	style style
}

type style int

const (
	plain style = iota
	strong
	// value is anything that this package did not write: it is shown as code and may be cut.
	value
	// message is a value of a sentence or more. More of it is shown than of other values.
	message
)

// line is one line of a document.
type line []span

// say makes a line of words and values. A string is this package's own text; [val] marks text from elsewhere.
func say(parts ...any) line {
	var made line
	for _, part := range parts {
		switch part := part.(type) {
		case string:
			made = append(made, span{text: part})
		case span:
			made = append(made, part)
		case line:
			made = append(made, part...)
		}
	}
	return made
}

func val(text string) span  { return span{text, value} }
func msg(text string) span  { return span{text, message} }
func bold(text string) span { return span{text, strong} }

type block interface{}

type heading struct {
	level int
	text  line
}

type paragraph line

type list []line

type table struct {
	header []line
	rows   [][]line
}

// fold is a part of the document that a reader can open.
type fold struct {
	title line
	body  []block
}

type document []block
