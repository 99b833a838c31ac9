// Command firstrun helps the person who brings an environment up for the first time: `go run ./cmd/firstrun preflight dev`. It checks
// what the person may do and what exists already, and changes nothing.
package main

import (
	"github.com/guiofsaints/procureflow-platform/firstrun/command"
	"github.com/guiofsaints/procureflow-platform/internal/cli"
)

func main() { cli.Main(command.Run) }
