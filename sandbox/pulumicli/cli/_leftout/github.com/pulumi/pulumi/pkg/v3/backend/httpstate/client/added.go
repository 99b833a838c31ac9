// Package client is Pulumi's own, and describes requests for a trace only if there is one.
package client

import (
	"context"
	"sync"

	"go.opentelemetry.io/otel/trace"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/cmdutil"
)

var nameOnce = sync.OnceFunc(nameEndpoints)

// getEndpointName names a request in a trace.
func getEndpointName(method, path string) string {
	if !cmdutil.IsTracingEnabled() && !cmdutil.IsOTelEnabled() {
		return "unknown"
	}
	nameOnce()
	return endpointName(method, path)
}

// startSpan begins a part of a trace. The CLI's own function first puts the stack into words.
func startSpan(ctx context.Context, tracer trace.Tracer, name string, options ...trace.SpanStartOption) (context.Context, trace.Span) {
	if !cmdutil.IsOTelEnabled() {
		return tracer.Start(ctx, name, options...)
	}
	return cmdutil.StartSpan(ctx, tracer, name, options...)
}
