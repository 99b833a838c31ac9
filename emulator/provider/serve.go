package provider

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	rpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"

	"github.com/guiofsaints/procureflow-platform/emulator/guard"
)

// These are the names of the providers, which are also those of their packages.
const (
	GCP    = "gcp"
	GitHub = "github"
)

// versions are the versions of the official providers whose behaviour these follow. See go.mod.
var versions = map[string]string{GCP: "8.41.1", GitHub: "6.14.0"}

// Options configure a provider.
type Options struct {
	// API is the base URL of the emulated cloud, for example http://127.0.0.1:8080. Required.
	API string
	// Token is sent with every request. Default: none, for a cloud that needs no token.
	Token string
	// Name selects the provider: [GCP] or [GitHub]. [Serve] requires it.
	Name string
}

// Server is a provider that an engine can attach to.
type Server struct {
	port int
	grpc *grpc.Server
	done chan error
	stop func() bool
}

// Serve starts a provider on a free port of the loopback interface. It accepts only this user's engines ([guard.OwnUser]),
// because the engine's protocol has no token and the provider holds the cloud's token. It ends with ctx or with [Server.Close].
func Serve(ctx context.Context, options Options) (*Server, error) {
	if versions[options.Name] == "" {
		return nil, fmt.Errorf("there is no provider %q: it is %q or %q", options.Name, GCP, GitHub)
	}
	if options.API == "" {
		return nil, errors.New("provider: Options.API is empty: give the base URL of the emulated cloud")
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for the engine: %w", err)
	}
	const maxMessage = 400 << 20 // the engine's own limit
	s := &Server{port: listener.Addr().(*net.TCPAddr).Port, done: make(chan error, 1),
		grpc: grpc.NewServer(grpc.MaxRecvMsgSize(maxMessage))}
	rpc.RegisterResourceProviderServer(s.grpc, newServer(options.Name, newClient(options.API, options.Token)))
	go func() {
		err := s.grpc.Serve(guard.OwnUser(listener))
		if err != nil && rpcutil.IsBenignCloseErr(err) || errors.Is(err, http.ErrServerClosed) {
			err = nil
		}
		s.done <- err
	}()
	s.stop = context.AfterFunc(ctx, s.grpc.Stop)
	return s, nil
}

// Port returns the TCP port on 127.0.0.1, for PULUMI_DEBUG_PROVIDERS.
func (s *Server) Port() int { return s.port }

// Close stops the provider and waits until it has ended. It aborts running requests.
func (s *Server) Close() error {
	s.stop()
	s.grpc.Stop()
	err := <-s.done
	s.done <- err // for a second Close
	return err
}
