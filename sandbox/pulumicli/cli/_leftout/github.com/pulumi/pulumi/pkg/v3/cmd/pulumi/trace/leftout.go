// Package trace stands in for what shows the CLI's own traces.
package trace

import (
	"errors"

	"github.com/spf13/cobra"
)

var errLeftOut = errors.New("this build of the Pulumi CLI shows no traces of itself; put the released pulumi on PATH")

// NewConvertTraceCmd is a command that refuses.
func NewConvertTraceCmd() *cobra.Command { return refuses("convert-trace") }

// NewViewTraceCmd is a command that refuses.
func NewViewTraceCmd() *cobra.Command { return refuses("view-trace") }

func refuses(name string) *cobra.Command {
	return &cobra.Command{
		Use: name, Hidden: true, DisableFlagParsing: true,
		RunE: func(*cobra.Command, []string) error { return errLeftOut },
	}
}
