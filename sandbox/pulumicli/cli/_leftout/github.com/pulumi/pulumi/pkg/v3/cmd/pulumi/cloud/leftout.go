// Package cloud stands in for `pulumi api` and for what asks Pulumi Cloud's HTTP API through it. Its parser of OpenAPI
// documents is a third of the time that the CLI takes to compile.
package cloud

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/pulumi/pulumi/pkg/v3/backend/httpstate/client"
)

var errLeftOut = errors.New("this build of the Pulumi CLI has no `pulumi api`, `insights` and `org usage`; put the released pulumi on PATH")

// APIError is what `pulumi api` ends with.
type APIError struct {
	ExitCode int
	Silent   bool
}

func (e *APIError) Error() string { return errLeftOut.Error() }

// ResolvedContext is a login to Pulumi Cloud.
type ResolvedContext struct {
	Client   *client.Client
	OrgName  string
	LoggedIn bool
}

// ResolveContext refuses.
func ResolveContext(context.Context) (*ResolvedContext, error) { return nil, errLeftOut }

// NewAPICmd is a command that refuses.
func NewAPICmd() *cobra.Command {
	return &cobra.Command{
		Use: "api", Hidden: true, DisableFlagParsing: true,
		RunE: func(*cobra.Command, []string) error { return errLeftOut },
	}
}
