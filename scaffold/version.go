package scaffold

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
)

// version is this command's own, or that of the folder that takes the module's place.
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
		var module struct{ Origin struct{ Hash string } }
		_ = json.Unmarshal(output, &module)
		if a.Commit = module.Origin.Hash; a.Commit == "" {
			return fmt.Errorf("the module proxy does not say which commit %s is: say --commit, from git ls-remote https://github.com/%s %s",
				a.Version, a.Platform, a.Version)
		}
	}
	return nil
}

// tidy writes go.sum, and with it what the application's program is compiled of.
func tidy(ctx context.Context, folder string, a Answers, upgrade bool) error {
	steps := [][]string{{"mod", "tidy"}}
	if upgrade && a.Replace == "" {
		steps = append([][]string{{"get", Module + "@" + a.Version, Module + "/policy@" + a.Version}}, steps...)
	}
	for _, args := range steps {
		command := exec.CommandContext(ctx, "go", args...)
		command.Dir = folder
		command.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
		if output, err := command.CombinedOutput(); err != nil {
			return fmt.Errorf("the files are written; then, in %s: go %s: %w\n%s", folder, strings.Join(args, " "), err, output)
		}
	}
	return nil
}
