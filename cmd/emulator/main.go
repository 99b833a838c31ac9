// Command emulator serves the emulated APIs of Google Cloud and GitHub to any client, such as Terraform, Pulumi or
// gcloud: `go run ./cmd/emulator -h`.
package main

import (
	"context"

	"github.com/guiofsaints/procureflow-platform/emulator/command"
	"github.com/guiofsaints/procureflow-platform/emulator/conditions"
	"github.com/guiofsaints/procureflow-platform/internal/cli"
)

func main() {
	cli.Main(func(ctx context.Context, args []string, streams cli.Streams) int {
		return command.Run(ctx, args, streams, conditions.Hold)
	})
}
