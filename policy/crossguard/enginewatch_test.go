package crossguard

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
)

// engineProcess turns this test's binary into a process that listens, as an engine does. The watch sees no more of an
// engine.
const engineProcess = "CROSSGUARD_TEST_ENGINE"

func TestMain(m *testing.M) {
	if os.Getenv(engineProcess) == "" {
		os.Exit(m.Run())
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr())
	panic(grpc.NewServer().Serve(listener))
}

func TestServeEndsWhenItsEngineIsKilled(t *testing.T) {
	t.Parallel()
	engine := exec.Command(os.Args[0])
	engine.Env = append(os.Environ(), engineProcess+"=1")
	said, err := engine.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, engine.Start())
	address, err := bufio.NewReader(said).ReadString('\n')
	require.NoError(t, err)
	out, in := io.Pipe()
	done := make(chan error, 1)
	pack := Pack{Name: "test", Version: "1.0.0", Policies: []Policy{{Name: "p", Description: "P.", Check: func(*Resource) {}}}}
	go func() { done <- Serve(t.Context(), pack, []string{"-v=9", strings.TrimSpace(address)}, in) }()
	_, err = bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.NoError(t, engine.Process.Kill())
	require.Error(t, engine.Wait(), "the engine was killed")
	require.NoError(t, <-done)
}

// dropped is a connection that the engine closes at once.
type dropped struct{ net.Conn }

func (dropped) Read([]byte) (int, error) { return 0, io.EOF }
func (dropped) Close() error             { return nil }

// TestEngineWatch has the results of the watch's attempts to reach an engine. Only several refusals in a row mean that
// the engine is gone.
func TestEngineWatch(t *testing.T) {
	t.Parallel()
	const refused, slow, closed = "refused", "slow", "closed"
	for name, test := range map[string]struct {
		attempts []string
		gone     bool
	}{
		"killed":                          {[]string{closed, refused, refused, refused}, true},
		"gone before the first":           {[]string{refused, refused, refused}, true},
		"suspended before the first":      {[]string{slow, slow, slow, slow, slow}, false},
		"busy, then killed":               {[]string{closed, slow, slow, refused, refused, refused}, true},
		"slow between refusals":           {[]string{refused, slow, refused, slow, refused}, true},
		"idle connections closed by it":   {[]string{closed, closed, closed, closed, closed}, false},
		"back after two refusals":         {[]string{refused, refused, closed, refused, refused, closed}, false},
		"two refusals are not yet enough": {[]string{closed, refused, refused}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			made, gone := 0, false
			engineWatch{
				dial: func(context.Context) (net.Conn, error) {
					attempt := test.attempts[made]
					made++
					switch attempt {
					case refused:
						return nil, &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
					case slow:
						return nil, &net.OpError{Op: "dial", Err: os.ErrDeadlineExceeded}
					}
					return dropped{}, nil
				},
				pause: func(context.Context) {
					if made == len(test.attempts) {
						cancel()
					}
				},
			}.run(ctx, func() { gone = true })
			assert.Equal(t, test.gone, gone)
			assert.Equal(t, len(test.attempts), made)
		})
	}
}

// TestEngineWatchEndsWithItsContext ends a watch whose engine lives.
func TestEngineWatchEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	here, engine := net.Pipe()
	watch := newEngineWatch("127.0.0.1:1")
	watch.dial = func(context.Context) (net.Conn, error) { return here, nil }
	done := make(chan struct{})
	go func() {
		defer close(done)
		watch.run(ctx, func() { t.Error("the engine lives") })
	}()
	_, err := engine.Write([]byte("settings")) // returns when the watch has read it
	require.NoError(t, err)
	cancel()
	<-done
	_, err = engine.Write([]byte("more"))
	assert.ErrorIs(t, err, io.ErrClosedPipe, "the connection is left open")
}

// TestARuleThatNeverReturnsHoldsNoProcess has a rule that a killed engine would leave running for ever.
func TestARuleThatNeverReturnsHoldsNoProcess(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	checking, never := make(chan struct{}), make(chan struct{})
	t.Cleanup(func() { close(never) })
	server, err := NewServer(Pack{Name: "test", Version: "1.0.0", Policies: []Policy{{Name: "p", Description: "P.", Check: func(*Resource) {
		close(checking)
		<-never
	}}}})
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	g := grpc.NewServer(ServerOptions()...)
	server.Register(g)
	go endWith(ctx, g, time.Millisecond)
	done := make(chan error, 1)
	go func() { done <- g.Serve(listener) }()
	client := dialled(t, listener.Addr().(*net.TCPAddr).Port)
	go func() {
		_, _ = client.Analyze(t.Context(), &pulumirpc.AnalyzeRequest{Type: "a:b:C", Urn: "urn:x", Name: "x"})
	}()
	<-checking
	cancel()
	require.NoError(t, <-done)
}
