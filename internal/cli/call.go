package cli

import (
	"context"
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
		command.Args = unknown
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

// unknown refuses the arguments of a command that has others below it. They are the name of a command that does not exist.
func unknown(command *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return Blame(fmt.Errorf("there is no command %q%s: see %s --help", args[0], Meant(args[0], names(command)), command.CommandPath()))
}

// Execute runs the command that the arguments name, of root or of those below it, which [Dress] has seen.
func Execute(ctx context.Context, root *cobra.Command, args []string, streams Streams) error {
	root.SetArgs(args)
	root.SetIn(streams.In)
	root.SetOut(streams.Out)
	root.SetErr(streams.Err)
	called, err := root.ExecuteContextC(ctx)
	if asked, _ := called.Flags().GetBool("help"); err == nil && asked && called.HasSubCommands() {
		return unknown(called, called.Flags().Args()) // Cobra calls a command's help before it checks the arguments.
	}
	return err
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
