package crossguard

import (
	"fmt"
	"io"
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/emptypb"
)

func TestServeWritesItsPortAndEndsOnCancel(t *testing.T) {
	t.Parallel()
	out, in := io.Pipe()
	done := make(chan error, 1)
	pack := Pack{Name: "test", Version: "1.0.0", Policies: []Policy{{Name: "p", Description: "P.", Check: func(*Resource) {}}}}
	go func() { done <- Serve(t.Context(), pack, nil, in) }()
	var port int
	_, err := fmt.Fscanln(out, &port)
	require.NoError(t, err)
	client := dialled(t, port)
	_, err = client.Handshake(t.Context(), &pulumirpc.AnalyzerHandshakeRequest{EngineAddress: "127.0.0.1:1"})
	require.NoError(t, err)
	info, err := client.GetAnalyzerInfo(t.Context(), &emptypb.Empty{})
	require.NoError(t, err)
	assert.Equal(t, "test", info.Name)
	_, err = client.Cancel(t.Context(), &emptypb.Empty{})
	require.NoError(t, err)
	require.NoError(t, <-done)
}

func TestServeRefusesAFaultyPack(t *testing.T) {
	t.Parallel()
	err := Serve(t.Context(), Pack{Name: "x y"}, nil, io.Discard)
	assert.ErrorContains(t, err, `pack name "x y"`)
}

func TestServeReportsAnUnwritablePort(t *testing.T) {
	t.Parallel()
	out, in := io.Pipe()
	require.NoError(t, out.Close())
	err := Serve(t.Context(), Pack{Name: "test", Version: "1.0.0", Policies: []Policy{{Name: "p", Description: "P.",
		Check: func(*Resource) {}}}}, nil, in)
	assert.ErrorIs(t, err, io.ErrClosedPipe)
}

// dialled returns a client of the pack that listens on a port.
func dialled(t *testing.T, port int) pulumirpc.AnalyzerClient {
	conn, err := grpc.NewClient(fmt.Sprintf("127.0.0.1:%d", port), grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, conn.Close()) })
	return pulumirpc.NewAnalyzerClient(conn)
}
