package crossguard

import (
	"bufio"
	"context"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

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
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	port, err := strconv.Atoi(strings.TrimSpace(line))
	require.NoError(t, err)
	conn, err := grpc.NewClient(net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	defer func() { assert.NoError(t, conn.Close()) }()
	client := pulumirpc.NewAnalyzerClient(conn)
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

func TestWatchEndsWhenTheEngineIsGone(t *testing.T) {
	t.Parallel()
	engine, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	accepted := make(chan struct{}, 100)
	go func() {
		for {
			conn, err := engine.Accept()
			if err != nil {
				return
			}
			_ = conn.Close() // The watch only connects.
			accepted <- struct{}{}
		}
	}()
	gone := make(chan struct{})
	go watch(t.Context(), engine.Addr().String(), time.Millisecond, func() { close(gone) })
	<-accepted
	select {
	case <-gone:
		t.Fatal("the watch ended although the engine still listens")
	default:
	}
	require.NoError(t, engine.Close())
	<-gone
}

func TestWatchEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	watch(ctx, "127.0.0.1:1", time.Hour, func() { t.Error("the watch ended before it had tried to connect") })
}
