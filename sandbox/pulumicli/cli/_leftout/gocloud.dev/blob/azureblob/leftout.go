// Package azureblob stands in for state in azblob://: a command of the sandbox must not reach an account.
package azureblob

import (
	"context"
	"errors"
	"net/url"

	"gocloud.dev/blob"
)

// Scheme is that of the addresses.
const Scheme = "azblob"

type (
	// ServiceURLOptions are not looked at.
	ServiceURLOptions struct{}
	// URLOpener refuses to open.
	URLOpener struct {
		MakeClient        func()
		ServiceURLOptions ServiceURLOptions
	}
)

// NewDefaultClient is not called.
func NewDefaultClient() {}

// NewDefaultServiceURLOptions returns nothing of use.
func NewDefaultServiceURLOptions() *ServiceURLOptions { return &ServiceURLOptions{} }

// OpenBucketURL refuses.
func (*URLOpener) OpenBucketURL(context.Context, *url.URL) (*blob.Bucket, error) {
	return nil, errors.New("this build of the Pulumi CLI keeps state in files and in Pulumi Cloud, not in azblob://; put the released " +
		"pulumi on PATH")
}
