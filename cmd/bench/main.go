// Command bench measures what a newcomer and a contributor wait for, by part; see its help.
package main

import (
	"context"
	"os"
	"os/signal"

	"github.com/guiofsaints/procureflow-platform/internal/bench"
	"github.com/guiofsaints/procureflow-platform/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	streams := cli.Standard()
	streams.Program = os.Args[0]
	os.Exit(bench.Run(ctx, os.Args[1:], streams))
}
