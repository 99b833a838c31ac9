// Command bootstrap says whether you may do an environment's first run: `go run ./cmd/bootstrap dev`. It changes nothing.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/guiofsaints/procureflow-platform/firstrun/preflight"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(preflight.Main(ctx, ".", os.Args[1:], os.Stdout, os.Stderr, func(ctx context.Context) (preflight.Asker, error) { return preflight.Google(ctx) }))
}
