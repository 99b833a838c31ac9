// Package operations reads the logs of what a program made; this file stands in for AWS and Google Cloud.
package operations

import (
	"context"
	"errors"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/config"
)

var errLeftOut = errors.New("this build of the Pulumi CLI reads no logs of AWS and Google Cloud; put the released pulumi on PATH")

// CloudOperationsProvider refuses.
func CloudOperationsProvider(map[config.Key]string, *Resource) (Provider, error) {
	return nil, errLeftOut
}

// AWSOperationsProvider refuses.
func AWSOperationsProvider(context.Context, map[config.Key]string, *Resource) (Provider, error) {
	return nil, errLeftOut
}

// GCPOperationsProvider refuses.
func GCPOperationsProvider(context.Context, map[config.Key]string, *Resource) (Provider, error) {
	return nil, errLeftOut
}
