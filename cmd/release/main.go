// Command release moves a service's traffic: `go run ./cmd/release status SERVICE`.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/guiofsaints/procureflow-platform/internal/cli"
	"github.com/guiofsaints/procureflow-platform/release/command"
	"github.com/guiofsaints/procureflow-platform/release/images"
)

func main() {
	// The first signal stops the release after the call in flight; a second one ends the process at once. A closed terminal is a signal
	// too, unless nohup ignores it. A started operation, above all a rollback, must not end in the middle.
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), signals...)
	context.AfterFunc(ctx, stop)
	// If the reader of the output goes away, this makes the write fail instead of ending the process.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	streams := cli.Standard()
	streams.Program = command.Program(os.Args[0])
	os.Exit(command.Run(ctx, os.Args[1:], streams, images.Commands))
}
