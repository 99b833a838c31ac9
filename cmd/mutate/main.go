// Command mutate checks how much a package's tests notice; see package mutation.
package main

import (
	"github.com/guiofsaints/procureflow-platform/internal/cli"
	"github.com/guiofsaints/procureflow-platform/internal/mutation"
)

func main() { cli.Main(mutation.Run) }
