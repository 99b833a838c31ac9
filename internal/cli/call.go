package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// CallError says that the caller has to change something: the command, its flags, or a file that they name. Nothing was started. Every
// program of the repository ends with 2 for it.
type CallError struct{ Err error }

func (e *CallError) Error() string { return e.Err.Error() }

// Unwrap returns what is wrong.
func (e *CallError) Unwrap() error { return e.Err }

// Blame marks an error as the caller's; nil stays nil.
func Blame(err error) error {
	if err == nil {
		return nil
	}
	return &CallError{err}
}

// Blamed reports whether the caller has to change something.
func Blamed(err error) bool {
	var call *CallError
	return errors.As(err, &call)
}

// blame makes wrong flags and arguments of a command, and of all below it, errors of the call that say how the command is called. A
// command with others below it takes no arguments of its own, and prints its help if it does nothing by itself.
func blame(command *cobra.Command) {
	command.SetFlagErrorFunc(flagError)
	check := command.Args
	if command.HasSubCommands() {
		command.Args = func(command *cobra.Command, args []string) error {
			if len(args) > 0 {
				return Blame(fmt.Errorf("there is no command %q%s: see %s --help", args[0], Meant(args[0], names(command)), command.CommandPath()))
			}
			return nil
		}
		if command.Run == nil && command.RunE == nil {
			command.RunE = func(command *cobra.Command, _ []string) error { return command.Help() }
		}
	} else {
		command.Args = func(command *cobra.Command, args []string) error {
			if check != nil {
				if err := check(command, args); err != nil {
					return Blame(fmt.Errorf("%w; usage: %s", err, command.UseLine()))
				}
			}
			return refuseJSON(command)
		}
	}
	for _, below := range command.Commands() {
		blame(below)
	}
}

// refuseJSON refuses --json where a parent has it and the command does not use it. A script would read text as JSON.
func refuseJSON(command *cobra.Command) error {
	if flag := command.InheritedFlags().Lookup("json"); flag == nil || !flag.Changed || used(command).Lookup("json") != nil {
		return nil
	}
	return Blame(fmt.Errorf("%s has no JSON to print: leave out --json", command.CommandPath()))
}

// flagError returns the error about a flag, with the flag that was probably meant.
func flagError(command *cobra.Command, err error) error {
	meant := ""
	if _, word, found := strings.Cut(err.Error(), "unknown flag: --"); found {
		var known []string
		command.Flags().VisitAll(func(flag *pflag.Flag) { known = append(known, "--"+flag.Name) })
		meant = Meant("--"+word, known)
	}
	return Blame(fmt.Errorf("%w%s: see %s --help", err, meant, command.CommandPath()))
}

// Rename accepts a flag's former name, in all commands below root, for the present one.
func Rename(root *cobra.Command, former, present string) {
	root.SetGlobalNormalizationFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		if name == former {
			name = present
		}
		return pflag.NormalizedName(name)
	})
}
