// Package cloud stands in for secrets that a cloud's key service encrypts: a command of the sandbox must not reach one.
package cloud

import (
	"encoding/json"
	"errors"

	"github.com/pulumi/pulumi/pkg/v3/secrets"
	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
)

// Type is the name of this kind of secrets manager in a stack's state.
const Type = "cloud"

var errLeftOut = errors.New("this build of the Pulumi CLI encrypts with a passphrase or by Pulumi Cloud, " +
	"not with awskms, azurekeyvault, gcpkms or hashivault; put the released pulumi on PATH")

// EditProjectStack refuses.
func EditProjectStack(*workspace.ProjectStack, json.RawMessage) error { return errLeftOut }

// NewCloudSecretsManagerFromState refuses.
func NewCloudSecretsManagerFromState(json.RawMessage) (secrets.Manager, error) {
	return nil, errLeftOut
}

// NewCloudSecretsManager refuses.
func NewCloudSecretsManager(*workspace.ProjectStack, string, bool) (secrets.Manager, error) {
	return nil, errLeftOut
}
