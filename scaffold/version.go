package scaffold

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
)

// version sets the version: this command's own, or that of the folder that replaces the module.
func (f *flags) version(ctx context.Context) error {
	a := &f.answers
	if f.replace != "" {
		absolute, err := filepath.Abs(f.replace)
		if err != nil {
			return err
		}
		a.Replace = absolute
		if a.Version == "" {
			a.Version = "v0.0.0"
		}
		if a.Commit == "" {
			a.Commit = git(absolute, "rev-parse", "HEAD")
		}
	}
	if build, ok := debug.ReadBuildInfo(); ok && a.Version == "" && strings.HasPrefix(build.Main.Version,
		"v") && !strings.Contains(build.Main.Version, "+") {
		a.Version = build.Main.Version
	}
	if a.Version == "" {
		return errors.New("which version of the platform: run it as go run " + Module + "/cmd/init@VERSION, or say --version, or --replace " +
			"FOLDER")
	}
	if a.Commit == "" {
		command := exec.CommandContext(ctx, "go", "mod", "download", "-json", Module+"@"+a.Version)
		command.Dir = os.TempDir()
		output, _ := command.Output()
		var module struct {
			Error  string
			Origin struct{ Hash string }
		}
		_ = json.Unmarshal(output, &module)
		if a.Commit = module.Origin.Hash; a.Commit == "" {
			return fmt.Errorf("the module proxy does not say which commit %s is (%s): say --commit, from git ls-remote https://github.com/%s %s",
				a.Version, cmp.Or(module.Error, "it knows the version, and not its commit"), a.Platform, a.Version)
		}
	}
	return nil
}

// tidy writes go.sum, the list of modules that the application's program is compiled from, if go.mod changed or an earlier run
// stopped before it.
func (f *flags) tidy(ctx context.Context, folder string, plan Plan) error {
	_, err := os.Stat(filepath.Join(folder, "go.sum"))
	changed := slices.ContainsFunc(plan.changes, func(c change) bool { return path.Base(c.path) == "go.mod" })
	if f.noTidy || plan.trust || err == nil && !changed {
		return nil
	}
	command := exec.CommandContext(ctx, "go", "mod", "tidy")
	command.Dir = folder
	command.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("the files are written, but go.sum is not: fix the cause, then run init again, or in %s: go mod tidy: %w\n%s", folder,
			err, output)
	}
	return nil
}
