package cloudrun

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gopkg.in/yaml.v3"
)

// Pulumi's Google provider writes a service as a whole. The program ignores traffic, so the provider writes the traffic that the
// state remembers. After a refresh that is the live split; otherwise it is the split from before the last release.

// projectFiles are the names that the Pulumi CLI looks for. JSON is YAML, too.
var projectFiles = []string{"Pulumi.yaml", "Pulumi.yml", "Pulumi.json"}

// refreshes reports whether a project's file has every operation refresh the state first.
func refreshes(project []byte) bool {
	var p struct {
		Options struct{ Refresh string }
	}
	return yaml.Unmarshal(project, &p) == nil && p.Options.Refresh == "always"
}

// withoutRefresh returns a warning if the file in a project's folder does not ask for a refresh. The warning is empty if the file asks for
// one, if it cannot be read, and if the folder has no such file.
func withoutRefresh(folder string) string {
	for _, name := range projectFiles {
		data, err := os.ReadFile(filepath.Join(folder, name))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil || refreshes(data):
			return ""
		}
		return name + " lacks `options: {refresh: always}`. An update without a refresh writes the traffic that the state remembers, " +
			"and so undoes what a release has made since. Add the option, or run every update with --refresh."
	}
	return ""
}

// warnWithoutRefresh warns that an update without a refresh overwrites the traffic, if the project's file does not ask for a refresh.
// It is a warning and not an error, because a program cannot see the flag --refresh.
func warnWithoutRefresh(ctx *pulumi.Context, service pulumi.Resource) error {
	if ctx.RootDirectory() == "" {
		return nil
	}
	if warning := withoutRefresh(ctx.RootDirectory()); warning != "" {
		return ctx.Log.Warn(warning, &pulumi.LogArgs{Resource: service})
	}
	return nil
}
