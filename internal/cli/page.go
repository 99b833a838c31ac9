package cli

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// Page is the help of a command that has no commands below it and reads its flags with package flag. Such a command takes -flag and --flag.
type Page struct {
	// Usage shows how the command is called: its name and its arguments.
	Usage string
	// Purpose says what the command is for: a sentence without a full stop. Details may follow it.
	Purpose, Details string
	// Examples has one call on each line, indented by two spaces.
	Examples string
	// Codes are the exit codes in words.
	Codes string
}

// Help returns the page with the flags.
func (p Page) Help(flags *flag.FlagSet) string {
	command := &cobra.Command{Use: p.Usage, Short: p.Purpose, Example: p.Examples, Annotations: map[string]string{Codes: p.Codes},
		Run: func(*cobra.Command, []string) {}}
	if p.Details != "" {
		command.Long = p.Purpose + ".\n\n" + p.Details
	}
	command.Flags().AddGoFlagSet(flags)
	return help(command)
}

// Parse reads the flags. When the caller asked for help, it prints the page and returns [flag.ErrHelp]. An unknown flag is an error that
// names the flag that was probably meant.
func (p Page) Parse(flags *flag.FlagSet, args []string, out io.Writer) error {
	flags.SetOutput(io.Discard)
	err := flags.Parse(args)
	if err == nil {
		return nil
	}
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(out, p.Help(flags))
		return err
	}
	_, word, unknown := strings.Cut(err.Error(), "flag provided but not defined: -")
	if !unknown {
		return fmt.Errorf("%w: see --help", err)
	}
	var known []string
	flags.VisitAll(func(f *flag.Flag) { known = append(known, "--"+f.Name) })
	return fmt.Errorf("unknown flag: --%s%s", word, see(Meant("--"+word, known), "--help"))
}
