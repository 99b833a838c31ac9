// Command check runs every check of the repository, as CI does; see its help.
package main

import (
	"github.com/guiofsaints/procureflow-platform/internal/check"
	"github.com/guiofsaints/procureflow-platform/internal/cli"
)

func main() { cli.Main(check.Run) }
