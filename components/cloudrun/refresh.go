package cloudrun

import (
	"os"
	"path/filepath"
	"regexp"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Pulumi's Google provider writes a service as a whole. The program ignores traffic, so the provider writes the traffic that the
// state remembers. After a refresh that is the live split; otherwise it is the split from before the last release.
var refreshesAlways = regexp.MustCompile(`(?m)^\s+refresh:\s*['"]?always['"]?\s*(#.*)?$`)

// warnWithoutRefresh warns that an update without a refresh overwrites the traffic, if Pulumi.yaml does not ask for a refresh.
// It is a warning and not an error, because a program cannot see the flag --refresh.
func warnWithoutRefresh(ctx *pulumi.Context, service pulumi.Resource) error {
	project := filepath.Join(ctx.RootDirectory(), "Pulumi.yaml")
	data, err := os.ReadFile(project)
	if ctx.RootDirectory() == "" || err != nil || refreshesAlways.Match(data) {
		return nil
	}
	return ctx.Log.Warn("Pulumi.yaml lacks `options: {refresh: always}`. An update without a refresh writes the traffic that the "+
		"state remembers, and so undoes what a release has made since. Add the option, or run every update with --refresh.",
		&pulumi.LogArgs{Resource: service})
}
