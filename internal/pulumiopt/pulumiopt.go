// Package pulumiopt builds resource options. It never appends to a slice that the caller still holds, and it gives every child its
// parent.
package pulumiopt

import "github.com/pulumi/pulumi/sdk/v3/go/pulumi"

// The versions of Pulumi's providers in go.mod. The SDKs' own constructors ask for the same versions.
const (
	googleVersion = "8.41.1"
	GitHubVersion = "6.14.0"
)

// GoogleChild returns the options of a Google resource that is registered by its token, without the SDK's constructor, because the
// constructor's package takes long to compile. It sets the version. Without it the engine would use the newest plugin that it finds,
// and not the provider of the other resources.
func GoogleChild(parent pulumi.Resource, extra ...pulumi.ResourceOption) []pulumi.ResourceOption {
	return append(Child(parent, pulumi.Version(googleVersion)), extra...)
}

// GitHubChild is [GoogleChild] for a resource of GitHub.
func GitHubChild(parent pulumi.Resource, extra ...pulumi.ResourceOption) []pulumi.ResourceOption {
	return append(Child(parent, pulumi.Version(GitHubVersion)), extra...)
}

// Child returns the options of a resource that belongs to parent: the parent first, then extra. The result is a new slice, so that
// two children built from the same extra options cannot overwrite each other's.
func Child(parent pulumi.Resource, extra ...pulumi.ResourceOption) []pulumi.ResourceOption {
	options := make([]pulumi.ResourceOption, 0, len(extra)+1)
	options = append(options, pulumi.Parent(parent))
	return append(options, extra...)
}
