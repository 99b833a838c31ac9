// Command pulumi-language-go is the language host for `runtime: go`. A Pulumi CLI that is built from its module comes
// without one, and the engine looks for this name on PATH. The host runs programs and policy packs that are directories
// of Go code.
//
// The engine starts it with its own address as the last argument, and reads the host's port from its output.
//
// Exit codes: 0 the engine is gone, or a signal came; 1 it could not serve; 2 no address was given.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/guiofsaints/procureflow-platform/sandbox/golang"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, out, errs io.Writer) int {
	if len(args) == 0 {
		fmt.Fprintln(errs, "pulumi-language-go: no engine address: the Pulumi engine starts this program, people do not")
		return 2
	}
	if err := serve(ctx, args[len(args)-1], out, errs); err != nil {
		fmt.Fprintf(errs, "pulumi-language-go: %v\n", err)
		return 1
	}
	return 0
}

func serve(ctx context.Context, engine string, out, errs io.Writer) (err error) {
	bin, err := os.MkdirTemp("", "pulumi-language-go")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(bin)) }()
	// Standard output carries the port and nothing else.
	host, err := golang.Serve(golang.Options{Bin: filepath.Join(bin, "bin"), Out: errs, Engine: engine})
	if err != nil {
		return err
	}
	fmt.Fprintln(out, host.Port())
	return errors.Join(golang.UntilEngineEnds(ctx, engine), host.Close())
}
