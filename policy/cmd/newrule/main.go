// Command newrule writes a policy and its test; see its help, and docs/first-rule.md step by step.
package main

import (
	"context"
	"os"

	"github.com/guiofsaints/procureflow-platform/policy/internal/cli"
	"github.com/guiofsaints/procureflow-platform/policy/internal/newrule"
)

func main() {
	os.Exit(newrule.Run(context.Background(), os.Args[1:], cli.Streams{Out: os.Stdout, Err: os.Stderr}))
}
