// Command pulumi-language-go is the language host for `runtime: go`. A Pulumi CLI that is built from its module comes
// without one, and the engine looks for this name on PATH. The host runs programs and policy packs that are directories
// of Go code.
//
// Exit codes: 0 the engine is gone, or a signal came; 2 no address was given; 3 it could not serve.
package main

import (
	"github.com/guiofsaints/procureflow-platform/internal/cli"
	"github.com/guiofsaints/procureflow-platform/sandbox/golang"
)

func main() { cli.Main(golang.Run) }
