// Package authhelpers stands in for the credentials of Google Cloud: a command of the sandbox must not reach an account.
package authhelpers

import (
	"context"
	"errors"

	"gocloud.dev/blob"
)

// GoogleCredentialsMux refuses.
func GoogleCredentialsMux(context.Context) (*blob.URLMux, error) {
	return nil, errors.New("this build of the Pulumi CLI keeps state in files and in Pulumi Cloud, not in gs://; put the released " +
		"pulumi on PATH")
}
