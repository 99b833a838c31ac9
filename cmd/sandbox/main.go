// Command sandbox runs the platform on one machine with no cloud account: `go run ./cmd/sandbox up dev`.
package main

import (
	"context"
	"os/signal"
	"syscall"

	"github.com/guiofsaints/procureflow-platform/infra/program"
	"github.com/guiofsaints/procureflow-platform/internal/cli"
	"github.com/guiofsaints/procureflow-platform/sandbox/command"
)

func main() {
	signal.Ignore(syscall.SIGPIPE)
	cli.Main(func(ctx context.Context, args []string, streams cli.Streams) int {
		return command.Run(ctx, args, streams, program.In)
	})
}
