// Command release moves a service's traffic: `go run ./cmd/release status SERVICE`.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/guiofsaints/procureflow-platform/internal/cli"
	"github.com/guiofsaints/procureflow-platform/release/command"
)

func main() {
	// The first signal stops after the call in flight; a second one ends the process at once. A terminal that is gone is a signal too,
	// unless nohup says that it does not matter: what was begun, above all a way back, must not end in the middle.
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), signals...)
	context.AfterFunc(ctx, stop)
	// Who reads the output may go away. Taking the signal, for nothing, makes that an error of the write instead of the end.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	streams := command.Streams{Program: command.Program(os.Args[0]), In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
		Terminal: cli.Screen(os.Stderr), Screen: cli.Screen(os.Stdout), Colour: cli.Coloured(os.Stdout)}
	os.Exit(command.Run(ctx, os.Args[1:], streams))
}
