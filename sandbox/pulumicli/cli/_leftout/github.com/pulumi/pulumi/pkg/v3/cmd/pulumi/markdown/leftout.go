// Package markdown stands in for what writes the CLI's own documentation.
package markdown

import (
	"errors"

	"github.com/spf13/cobra"
)

var errLeftOut = errors.New("this build of the Pulumi CLI writes no documentation of itself; put the released pulumi on PATH")

// NewGenMarkdownCmd is a command that refuses.
func NewGenMarkdownCmd(*cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use: "gen-markdown", Hidden: true, DisableFlagParsing: true,
		RunE: func(*cobra.Command, []string) error { return errLeftOut },
	}
}
