// Package cli holds the parts that the commands of this module share. It is small, because authors of packs depend on the module:
// the platform's own commands have a larger one.
package cli

import (
	"errors"
	"fmt"
	"io"
)

// Exit codes.
const (
	ExitDone   = 0
	ExitRefuse = 1 // Something is in the way. Nothing was written.
	ExitUsage  = 2 // The call is wrong. Nothing was written.
	ExitFailed = 3 // Something failed.
)

// Streams are a command's output and its errors.
type Streams struct{ Out, Err io.Writer }

// UsageError reports a call that is wrong.
type UsageError string

func (e UsageError) Error() string { return string(e) }

// RefusedError reports what is in the way of the command.
type RefusedError struct{ Problems error }

func (e RefusedError) Error() string { return e.Problems.Error() }

// Unwrap returns the problems.
func (e RefusedError) Unwrap() error { return e.Problems }

// Asked says whether a call asks for help, in one of the forms that package flag knows.
func Asked(args []string) bool {
	return len(args) == 1 && (args[0] == "-h" || args[0] == "-help" || args[0] == "--help" || args[0] == "help")
}

// End prints err, if there is one, and returns the exit code of the command.
func (s Streams) End(command string, err error) int {
	if err == nil {
		return ExitDone
	}
	fmt.Fprintf(s.Err, "%s: %v\n", command, err)
	var usage UsageError
	var refused RefusedError
	switch {
	case errors.As(err, &usage):
		return ExitUsage
	case errors.As(err, &refused):
		return ExitRefuse
	}
	return ExitFailed
}
