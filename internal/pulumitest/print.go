package pulumitest

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Print runs a program and prints each registered resource on a line. Examples use it, because Go compares their output.
func Print(program pulumi.RunFunc, opts ...Option) {
	inventory, err := RunErr(program, opts...)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, resource := range inventory.Resources {
		fmt.Println(resource.Type, resource.Name)
	}
}
