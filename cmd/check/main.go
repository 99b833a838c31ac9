// Command check runs every check of the repository, as CI does; see its help.
package main

import (
	"context"
	"os"
	"os/signal"

	"github.com/guiofsaints/procureflow-platform/internal/check"
	"github.com/guiofsaints/procureflow-platform/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(check.Run(ctx, os.Args[1:], cli.Standard()))
}
