package crossguard

import (
	"context"
	"fmt"
	"strings"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/proto" // registers the codec that codec builds on
	"google.golang.org/grpc/mem"
)

// maxMessage is the largest message taken, 400 MiB: the limit of Pulumi's other SDKs (nodejs policy/server.ts).
const maxMessage = 400 << 20

// ServerOptions are what the gRPC server that serves a pack must be made with.
func ServerOptions() []grpc.ServerOption {
	// Goroutines that are kept have the stack that rules need; a new one for every call would grow it again, which costs
	// about as much as the rules. The engine asks about one resource at a time, so a few do; beyond them new ones are made.
	const workers = 4
	return []grpc.ServerOption{
		grpc.NumStreamWorkers(workers),
		grpc.ForceServerCodecV2(codec{encoding.GetCodecV2("proto")}),
		grpc.MaxRecvMsgSize(maxMessage), grpc.MaxSendMsgSize(maxMessage),
	}
}

// codec leaves the requests that carry properties as they arrived, and responses that are encoded already as they are.
type codec struct{ encoding.CodecV2 }

type undecoded struct{ message string }

type encoded []byte

func (c codec) Unmarshal(data mem.BufferSlice, v any) error {
	u, ok := v.(*undecoded)
	if !ok {
		return c.CodecV2.Unmarshal(data, v)
	}
	var b strings.Builder // one copy, from gRPC's reused buffers to a string that lives as long as it is read from
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

// serviceDesc is the generated one, with the three calls that carry properties left undecoded.
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
