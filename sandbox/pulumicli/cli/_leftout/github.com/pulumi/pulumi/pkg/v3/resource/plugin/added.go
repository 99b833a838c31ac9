// Package plugin is Pulumi's own, and puts calls into a trace only if there is one.
package plugin

import (
	"github.com/grpc-ecosystem/grpc-opentracing/go/otgrpc"
	"google.golang.org/grpc"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/cmdutil"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
)

// traced returns what a connection needs for the spans of its calls. Each span has the stack of its call in words.
func traced(options ...otgrpc.Option) []grpc.DialOption {
	if !cmdutil.IsTracingEnabled() && !cmdutil.IsOTelEnabled() {
		return nil
	}
	return rpcutil.TracingInterceptorDialOptions(options...)
}
