// Command review-comment writes the one comment of a pull request from what its run left; see its help.
package main

import (
	"context"
	"os"
	"os/signal"

	"github.com/guiofsaints/procureflow-platform/internal/cli"
	"github.com/guiofsaints/procureflow-platform/sandbox/review/command"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(command.Run(ctx, os.Args[1:], cli.Standard()))
}
