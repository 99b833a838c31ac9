// Package pulumiopt builds resource options without surprises: it never appends to a slice the caller still holds,
// and it makes parentage the first thing written for every child.
package pulumiopt

import "github.com/pulumi/pulumi/sdk/v3/go/pulumi"

// Child returns the options of a resource that belongs to parent: the parent first, then extra. The result is a new
// slice, so that two children built from the same extra options cannot overwrite each other's.
func Child(parent pulumi.Resource, extra ...pulumi.ResourceOption) []pulumi.ResourceOption {
	options := make([]pulumi.ResourceOption, 0, len(extra)+1)
	options = append(options, pulumi.Parent(parent))
	return append(options, extra...)
}
