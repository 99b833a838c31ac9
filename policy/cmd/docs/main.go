// Command docs writes docs/policies.md from the policy pack; see its help.
package main

import (
	"context"
	"os"

	"github.com/guiofsaints/procureflow-platform/policy/internal/cli"
	"github.com/guiofsaints/procureflow-platform/policy/internal/docs"
)

func main() {
	os.Exit(docs.Run(context.Background(), os.Args[1:], cli.Streams{Out: os.Stdout, Err: os.Stderr}))
}
