// Package cli stands in for `pulumi env`, which needs Pulumi Cloud. What an opened environment gives to a stack stays.
package cli

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/pulumi/pulumi/pkg/v3/backend/httpstate"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag/colors"
)

var errLeftOut = errors.New("this build of the Pulumi CLI has no `pulumi env`; put the released pulumi on PATH")

// Options are not looked at.
type Options struct {
	ParentPath, UserAgent string
	Colors                colors.Colorization
	Login                 httpstate.LoginManager
}

// New has one command, which refuses.
func New(*Options) *cobra.Command {
	esc := &cobra.Command{Use: "esc"}
	esc.AddCommand(&cobra.Command{
		Use: "env", Hidden: true, DisableFlagParsing: true,
		RunE: func(*cobra.Command, []string) error { return errLeftOut },
	})
	return esc
}
