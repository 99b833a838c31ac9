// Package neo stands in for the agent of Pulumi Cloud.
package neo

import (
	"errors"

	"github.com/spf13/cobra"
)

var errLeftOut = errors.New("this build of the Pulumi CLI has no `pulumi neo`; put the released pulumi on PATH")

// NewNeoCmd is a command that refuses.
func NewNeoCmd() *cobra.Command {
	return &cobra.Command{
		Use: "neo", Hidden: true, DisableFlagParsing: true,
		RunE: func(*cobra.Command, []string) error { return errLeftOut },
	}
}
