package crossguard

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"google.golang.org/grpc"
)

// Main serves a pack to the engine that started this process. It returns when the engine is done or gone. A pack's main function
// has nothing else to do. Main exits with 1 if the pack is faulty or cannot be served.
func Main(pack Pack) {
	// The engine asks about one resource at a time. With one processor, the goroutines that read, judge and answer hand over
	// without waking another thread. A call then takes a quarter less time, and a third less processor time
	// (docs/performance.md).
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(1)
	}
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	if err := Serve(ctx, pack, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "policy pack %s: %v\n", pack.Name, err)
		os.Exit(1)
	}
}

// stopGrace is how long calls that are under way may take when the pack ends.
const stopGrace = 5 * time.Second

// Serve serves a pack on a free port of the loopback interface. It writes the port to out as the first line. The last argument,
// if there is one, is the engine's address. Serve returns when ctx ends, when the engine cancels, or when the engine is gone. So
// no process stays behind when the engine is killed.
func Serve(ctx context.Context, pack Pack, args []string, out io.Writer) error {
	server, err := NewServer(pack)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listening on loopback: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	g := grpc.NewServer(ServerOptions()...)
	server.Register(g)
	server.stop = cancel
	go endWith(ctx, g, stopGrace)
	if len(args) > 0 {
		engine := args[len(args)-1]
		server.LogTo(engineLog(engine, os.Stderr))
		go newEngineWatch(engine).run(ctx, cancel)
	}
	if _, err := fmt.Fprintln(out, listener.Addr().(*net.TCPAddr).Port); err != nil {
		return errors.Join(fmt.Errorf("telling the engine the port: %w", err), listener.Close())
	}
	if err := g.Serve(listener); err != nil && ctx.Err() == nil {
		return fmt.Errorf("serving: %w", err)
	}
	return nil
}

// endWith ends a gRPC server when ctx ends. Calls under way may still end, but a rule that never returns does not hold the process.
func endWith(ctx context.Context, g *grpc.Server, grace time.Duration) {
	<-ctx.Done()
	defer time.AfterFunc(grace, g.Stop).Stop()
	g.GracefulStop()
}
