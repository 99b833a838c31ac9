package crossguard

import (
	"context"
	"net"
	"strings"
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"
)

type engineStub struct {
	pulumirpc.UnimplementedEngineServer
	got []string
}

func (e *engineStub) Log(_ context.Context, r *pulumirpc.LogRequest) (*emptypb.Empty, error) {
	e.got = append(e.got, r.Severity.String()+" "+r.Urn+" "+r.Message)
	return &emptypb.Empty{}, nil
}

func TestLogLinesReachTheEngine(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server, engine := grpc.NewServer(), &engineStub{}
	pulumirpc.RegisterEngineServer(server, engine)
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	var aside strings.Builder
	log := engineLog(listener.Addr().String(), &aside)
	log(Logged{Policy: "p", URN: "urn:x", Text: "looked"})
	log(Logged{Policy: "p", Text: "closely", Debug: true})
	server.Stop()
	require.NoError(t, <-done)
	assert.Equal(t, []string{"INFO urn:x p: looked", "DEBUG  p: closely"}, engine.got)
	assert.Empty(t, aside.String())

	log(Logged{Policy: "p", Text: "alone"})
	engineLog("", &aside)(Logged{Policy: "q", Text: "without an engine"})
	assert.Equal(t, "p: alone\nq: without an engine\n", aside.String())
}
