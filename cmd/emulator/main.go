// Command emulator serves the emulated APIs of Google Cloud and GitHub to any client, such as Terraform, Pulumi or
// gcloud: `go run ./cmd/emulator -h`.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/guiofsaints/procureflow-platform/emulator/command"
	"github.com/guiofsaints/procureflow-platform/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second interrupt ends the process at once
	os.Exit(command.Run(ctx, os.Args[1:], cli.Standard()))
}
