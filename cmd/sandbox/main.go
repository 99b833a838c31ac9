// Command sandbox runs the platform on one machine with no cloud account: `go run ./cmd/sandbox up dev`.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/guiofsaints/procureflow-platform/infra/program"
	"github.com/guiofsaints/procureflow-platform/internal/cli"
	"github.com/guiofsaints/procureflow-platform/sandbox/command"
)

func main() {
	// The first interrupt lets the engine finish its running steps. A second one ends the process at once.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	signal.Ignore(syscall.SIGPIPE)
	os.Exit(command.Run(ctx, os.Args[1:], cli.Standard(), program.In))
}
