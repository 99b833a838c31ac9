// Command infra is the Pulumi program: `pulumi up` runs it. Everything it does is in package program, which the sandbox
// runs unchanged.
package main

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/infra/program"
)

func main() { pulumi.Run(program.Run) }
