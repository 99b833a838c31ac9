// Command review-comment writes the one comment of a pull request from what its run left; see its help.
package main

import (
	"github.com/guiofsaints/procureflow-platform/internal/cli"
	"github.com/guiofsaints/procureflow-platform/sandbox/review/command"
)

func main() { cli.Main(command.Run) }
