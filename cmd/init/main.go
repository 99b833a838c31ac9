// Command init writes the files with which an application's repository uses the platform. Run it in a clone: go run
// github.com/guiofsaints/procureflow-platform/cmd/init@VERSION.
package main

import (
	"github.com/guiofsaints/procureflow-platform/internal/cli"
	"github.com/guiofsaints/procureflow-platform/scaffold"
)

func main() { cli.Main(scaffold.Run) }
