package cloudrun

import (
	"os"
	"path/filepath"
	"regexp"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Pulumi's Google provider writes a service as a whole. Traffic is ignored, so what it writes of it is what the state remembers: the
// live split after a refresh, else the one from before the last release.
var refreshesAlways = regexp.MustCompile(`(?m)^\s+refresh:\s*['"]?always['"]?\s*(#.*)?$`)

// warnWithoutRefresh tells who uses the component in a project that does not refresh what an update would do to the traffic. The
// flag --refresh is not visible to a program, so this is no error.
func warnWithoutRefresh(ctx *pulumi.Context, service pulumi.Resource) error {
	project := filepath.Join(ctx.RootDirectory(), "Pulumi.yaml")
	data, err := os.ReadFile(project)
	if ctx.RootDirectory() == "" || err != nil || refreshesAlways.Match(data) {
		return nil
	}
	return ctx.Log.Warn("Pulumi.yaml does not say `options: {refresh: always}`. An update without a refresh writes the traffic that the "+
		"state remembers over the one that a release has made since: say it there, or run every update with --refresh.",
		&pulumi.LogArgs{Resource: service})
}
