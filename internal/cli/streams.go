package cli

import (
	"encoding/json"
	"io"
	"os"

	"golang.org/x/term"
)

// Streams are a command's standard streams, and what a person sees of them. A main makes them with [Standard], and a test from
// buffers. No command uses the process's own streams.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
	// Interactive says that a person types In and sees Out, so that the command may ask them.
	Interactive bool
	// Screen says that Out is a terminal. Terminal says the same of Err, whose last line can then be overwritten. Colour says that
	// Out shows colours.
	Screen, Terminal, Colour bool
	// Program is the command by which a reader starts this program again; empty for the program's name.
	Program string
}

// JSON prints a value for a script: indented, and with <, > and & as they are.
func (s Streams) JSON(value any) error {
	encoder := json.NewEncoder(s.Out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

// Standard returns the process's own streams.
func Standard() Streams {
	return Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Interactive: isTerminal(os.Stdin) && isTerminal(os.Stdout),
		Screen: watched(os.Stdout), Terminal: watched(os.Stderr), Colour: Coloured(os.Stdout)}
}

func isTerminal(file *os.File) bool { return term.IsTerminal(int(file.Fd())) }

// watched reports whether a person looks at the file: it is a terminal, and not the log of a workflow.
func watched(file *os.File) bool { return isTerminal(file) && os.Getenv("CI") == "" }

// Coloured reports whether a person looks at the file and has not switched colours off (https://no-color.org).
func Coloured(file *os.File) bool {
	return watched(file) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// colours of a terminal, by the classes of the pages.
var colours = map[string]string{"good": "32", "bad": "31", "warn": "33"}

// Paint colours text by a class: good, bad or warn. It returns the text unchanged for any other class, and if no colours are wanted.
func Paint(coloured bool, class, text string) string {
	if colour := colours[class]; coloured && colour != "" {
		return "\x1b[1;" + colour + "m" + text + "\x1b[0m"
	}
	return text
}
