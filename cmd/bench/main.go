// Command bench measures what a newcomer and a contributor wait for, by part; see its help.
package main

import (
	"context"
	"os"

	"github.com/guiofsaints/procureflow-platform/internal/bench"
	"github.com/guiofsaints/procureflow-platform/internal/cli"
)

func main() {
	cli.Main(func(ctx context.Context, args []string, streams cli.Streams) int {
		streams.Program = os.Args[0]
		return bench.Run(ctx, args, streams)
	})
}
