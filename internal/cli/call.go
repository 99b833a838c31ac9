package cli

import (
	"context"
	"errors"
	"fmt"
	"regexp"
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
	command.InitDefaultHelpFlag() // Otherwise Cobra reads the word after --help as its value, and not as a command.
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
					return Blame(fmt.Errorf("%w; usage: %s", counted(command, err, args), command.UseLine()))
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
	return Blame(fmt.Errorf("there is no command %q%s", args[0], see(Meant(args[0], names(command)), command.CommandPath()+" --help")))
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

// counts are cobra's words for a wrong number of arguments.
var counts = regexp.MustCompile(`^(accepts|requires) .*arg\(s\)|^unknown command`)

// counted says in words which arguments a command takes, where cobra only counts them.
func counted(command *cobra.Command, err error, args []string) error {
	if !counts.MatchString(err.Error()) {
		return err
	}
	_, takes, _ := strings.Cut(command.Use, " ")
	if takes == "" || strings.HasPrefix(takes, "--") && !strings.HasPrefix(takes, "-- ") { // A flag is no argument.
		takes = "no arguments"
	}
	got := "none"
	if len(args) > 0 {
		got = strings.Join(args, " ")
	}
	return fmt.Errorf("takes %s, got %s", takes, got)
}

// see ends an error with the guess at what was meant, if there is one, and with the call that says more.
func see(meant, call string) string {
	if meant != "" {
		return meant + " See " + call
	}
	return ": see " + call
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
	var bad *pflag.InvalidValueError
	if errors.As(err, &bad) && forms[bad.GetFlag().Value.Type()] != "" {
		return Blame(fmt.Errorf("--%s is %q: want %s", bad.GetFlag().Name, bad.GetValue(), forms[bad.GetFlag().Value.Type()]))
	}
	meant := ""
	if _, word, found := strings.Cut(err.Error(), "unknown flag: --"); found {
		var known []string
		command.Flags().VisitAll(func(flag *pflag.Flag) { known = append(known, "--"+flag.Name) })
		meant = Meant("--"+word, known)
	}
	return Blame(fmt.Errorf("%w%s", err, see(meant, command.CommandPath()+" --help")))
}

// forms are the forms of a flag's values, by the flag's type.
var forms = map[string]string{"duration": "a time such as 90s or 10m", "bool": "true or false", "float64": "a number",
	"int": "a whole number", "int64": "a whole number", "uint64": "a whole number that is not negative"}

// Rename accepts a flag's former name, in all commands below root, for the present one.
func Rename(root *cobra.Command, former, present string) {
	root.SetGlobalNormalizationFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		if name == former {
			name = present
		}
		return pflag.NormalizedName(name)
	})
}
