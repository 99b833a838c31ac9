// Command mutate checks how much a package's tests notice; see package mutation.
package main

import (
	"context"
	"os"
	"os/signal"

	"github.com/guiofsaints/procureflow-platform/internal/cli"
	"github.com/guiofsaints/procureflow-platform/internal/mutation"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(mutation.Run(ctx, os.Args[1:], cli.Standard()))
}
