package crossguard

import (
	"context"
	"fmt"
	"strings"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/proto" // registers the codec that this one extends
	"google.golang.org/grpc/mem"
)

// maxMessage is the largest message that the server accepts: 400 MiB, as in Pulumi's other SDKs (nodejs policy/server.ts).
const maxMessage = 400 << 20

// ServerOptions returns the options that the gRPC server of a pack needs.
func ServerOptions() []grpc.ServerOption {
	// A worker goroutine is kept and reused. A new goroutine for every call would have to grow its stack each time, which costs
	// about as much as running the rules. The engine asks about one resource at a time, so a few workers are enough; gRPC starts
	// further goroutines if it needs them.
	const workers = 4
	return []grpc.ServerOption{
		grpc.NumStreamWorkers(workers),
		grpc.ForceServerCodecV2(codec{encoding.GetCodecV2("proto")}),
		grpc.MaxRecvMsgSize(maxMessage), grpc.MaxSendMsgSize(maxMessage),
	}
}

// codec passes on undecoded the requests that carry properties. It sends responses that are already encoded as they are.
type codec struct{ encoding.CodecV2 }

type undecoded struct{ message string }

type encoded []byte

func (c codec) Unmarshal(data mem.BufferSlice, v any) error {
	u, ok := v.(*undecoded)
	if !ok {
		return c.CodecV2.Unmarshal(data, v)
	}
	var b strings.Builder // copies once, from gRPC's reused buffers into a string that belongs to the request
	b.Grow(data.Len())
	for _, part := range data {
		b.Write(part.ReadOnlyData())
	}
	u.message = b.String()
	return nil
}

func (c codec) Marshal(v any) (mem.BufferSlice, error) {
	if b, ok := v.(encoded); ok {
		return mem.BufferSlice{mem.SliceBuffer(b)}, nil
	}
	return c.CodecV2.Marshal(v)
}

// serviceDesc is the generated service description, except that the three calls with properties stay undecoded.
var serviceDesc = func() grpc.ServiceDesc {
	desc := pulumirpc.Analyzer_ServiceDesc
	desc.Methods = append([]grpc.MethodDesc(nil), desc.Methods...)
	undecodedCalls := map[string]func(*Server, context.Context, string) (any, error){
		"Analyze": (*Server).analyze, "AnalyzeStack": (*Server).analyzeStack, "Remediate": (*Server).remediate,
	}
	for i := range desc.Methods {
		m := &desc.Methods[i]
		if call, ok := undecodedCalls[m.MethodName]; ok {
			m.Handler = handler(call)
			delete(undecodedCalls, m.MethodName)
		}
	}
	if len(undecodedCalls) > 0 {
		panic(fmt.Sprintf("the analyzer protocol has lost calls: %v", sortedKeys(undecodedCalls)))
	}
	return desc
}()

func handler(call func(*Server, context.Context, string) (any, error)) grpc.MethodHandler {
	return func(srv any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
		var request undecoded
		if err := decode(&request); err != nil {
			return nil, err
		}
		return call(srv.(*Server), ctx, request.message)
	}
}
