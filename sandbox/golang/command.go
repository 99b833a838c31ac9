package golang

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/guiofsaints/procureflow-platform/internal/cli"
)

// Exit codes.
const (
	ExitDone   = 0 // The engine is gone, or a signal came.
	ExitUsage  = 2 // No address was given.
	ExitFailed = 3 // It could not serve.
)

// Run serves the language host for the engine whose address is the last argument, until that engine ends. It prints the host's port, which
// the engine reads.
func Run(ctx context.Context, args []string, streams cli.Streams) int {
	if len(args) == 0 {
		fmt.Fprintf(streams.Err, "%s: no engine address: the Pulumi engine starts this program, people do not\n", Executable)
		return ExitUsage
	}
	if err := serve(ctx, args[len(args)-1], streams); err != nil {
		fmt.Fprintf(streams.Err, "%s: %v\n", Executable, err)
		return ExitFailed
	}
	return ExitDone
}

func serve(ctx context.Context, engine string, streams cli.Streams) (err error) {
	bin, err := os.MkdirTemp("", Executable)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(bin)) }()
	// Standard output carries the port and nothing else.
	host, err := Serve(Options{Bin: filepath.Join(bin, "bin"), Out: streams.Err, Engine: engine})
	if err != nil {
		return err
	}
	fmt.Fprintln(streams.Out, host.Port())
	return errors.Join(untilEngineEnds(ctx, engine), host.Close())
}
