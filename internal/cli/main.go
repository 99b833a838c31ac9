package cli

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// Main runs a program and ends the process with its exit code. An interrupt, or the signal to end, ends the program's context, so that it
// can finish what it must not leave half done. A second one ends the process at once.
func Main(run func(ctx context.Context, args []string, streams Streams) int) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], Standard()))
}
