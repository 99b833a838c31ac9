package cli

import (
	"io"
	"os"

	"golang.org/x/term"
)

// Streams are a command's standard streams, with what a person sees of them. A main builds them with [Standard], and a test from buffers:
// no command looks at the process's own streams.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
	// Interactive says that a person types In and sees Out, so that the command may ask them.
	Interactive bool
	// Screen says that Out is a terminal. Terminal says the same of Err, where a line can then be overwritten. Colour says that Out
	// shows colours.
	Screen, Terminal, Colour bool
	// Program is the command by which a reader starts this program again; empty for the program's name.
	Program string
}

// Standard returns the process's own streams.
func Standard() Streams {
	return Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Interactive: isTerminal(os.Stdin) && isTerminal(os.Stdout),
		Screen: watched(os.Stdout), Terminal: watched(os.Stderr), Colour: Coloured(os.Stdout)}
}

func isTerminal(file *os.File) bool { return term.IsTerminal(int(file.Fd())) }

// watched says that a person looks at the file: it is a terminal, and not the log of a workflow.
func watched(file *os.File) bool { return isTerminal(file) && os.Getenv("CI") == "" }

// Coloured says that a person looks at the file and did not ask for no colours (https://no-color.org).
func Coloured(file *os.File) bool {
	return watched(file) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// colours of a terminal, by the classes of the pages.
var colours = map[string]string{"good": "32", "bad": "31", "warn": "33"}

// Paint colours text by a class: good, bad or warn. Any other class, and no wish for colours, leave it as it is.
func Paint(coloured bool, class, text string) string {
	if colour := colours[class]; coloured && colour != "" {
		return "\x1b[1;" + colour + "m" + text + "\x1b[0m"
	}
	return text
}
