// Command firstrun helps the person who brings an environment up for the first time: `go run ./cmd/firstrun preflight dev`. It checks
// what the person may do and what exists already, and changes nothing.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/guiofsaints/procureflow-platform/firstrun/command"
	"github.com/guiofsaints/procureflow-platform/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(command.Run(ctx, os.Args[1:], cli.Standard()))
}
