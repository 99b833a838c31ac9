//go:build !race

// With the race detector, a benchmark would measure the detector, and all rules would be compiled once more for it.

package crossguard_test

import (
	"fmt"
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
	ct "github.com/guiofsaints/procureflow-platform/policy/crossguard/crossguardtest"
	"github.com/guiofsaints/procureflow-platform/policy/rules"
)

// BenchmarkHandler runs the platform's whole pack on one resource, within the server. It leaves out gRPC.
func BenchmarkHandler(b *testing.B) {
	pack := rules.Pack()
	pack.InitialConfig = map[string]crossguard.Settings{} // Nothing is reported.
	for rule, options := range ct.SampleOptions() {
		pack.InitialConfig[rule] = crossguard.Settings{Options: map[string]any{}}
		for name, value := range options {
			pack.InitialConfig[rule].Options[name] = value
		}
	}
	server, err := crossguard.NewServer(pack)
	require.NoError(b, err)
	for i, r := range ct.Sample(5) {
		request, err := r.Request()
		require.NoError(b, err)
		message := encode(b, request)
		b.Run(fmt.Sprintf("resource%d", i), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := crossguard.Analyze(server, b.Context(), message); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkStack(b *testing.B) {
	server, err := crossguard.NewServer(rules.Pack())
	require.NoError(b, err)
	for _, n := range []int{100, 1000, 10000} {
		request := &pulumirpc.AnalyzeStackRequest{}
		for _, r := range ct.Sample(n) {
			one, err := r.StackResource()
			require.NoError(b, err)
			request.Resources = append(request.Resources, one)
		}
		message := encode(b, request)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := crossguard.AnalyzeStack(server, b.Context(), message); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func encode(b *testing.B, m proto.Message) string {
	b.Helper()
	encoded, err := proto.Marshal(m)
	require.NoError(b, err)
	return string(encoded)
}
