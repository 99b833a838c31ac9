// Command init writes the files with which an application's repository uses the platform. Run it in a clone: go run
// github.com/guiofsaints/procureflow-platform/cmd/init@VERSION.
package main

import (
	"context"
	"os"
	"os/signal"

	"github.com/guiofsaints/procureflow-platform/internal/cli"
	"github.com/guiofsaints/procureflow-platform/scaffold"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(scaffold.Run(ctx, os.Args[1:], cli.Standard()))
}
