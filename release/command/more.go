package command

import (
	"errors"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

// Commands makes commands of another package for one invocation of the program. A program that does not pass them to [Run] does not
// compile what they import.
type Commands func(*Invocation) []*cobra.Command

// Invocation is one invocation of the program, as commands of other packages see it.
type Invocation struct {
	Streams Streams
	app     *app
}

// JSON says whether to print the result as JSON, with [Invocation.Print].
func (i *Invocation) JSON() bool { return i.app.flags.json }

// TokenFile is the file of the access token for APIs on this machine; empty for Google's.
func (i *Invocation) TokenFile() string { return i.app.flags.tokenFile }

// Print prints a result as JSON.
func (i *Invocation) Print(result any) error { return i.app.print(result) }

// Exit sets the code with which the program ends if the command returns an error.
func (i *Invocation) Exit(code int) { i.app.exit = code }

// WrongUsage is the error of a command line that is wrong.
func WrongUsage(format string, arguments ...any) error { return usage(format, arguments...) }

// AppendOutputs adds lines to the file that a workflow's step hands its outputs on with; file may be empty.
func AppendOutputs(file string, lines ...string) error {
	return appendTo(file, strings.Join(lines, "\n")+"\n")
}

// appendTo adds text to one of the files that a workflow's step writes to; file may be empty.
func appendTo(file, text string) error {
	if file == "" || text == "" {
		return nil
	}
	out, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = out.WriteString(text)
	return errors.Join(err, out.Close())
}
