// Package pulumicli finds the Pulumi CLI for the sandbox, or builds it.
//
// It uses a pulumi on PATH if that is the pinned version or newer. Otherwise it compiles the CLI once from its module into the user's
// cache, with the engine and all commands but without the clients of other clouds (build.go). A few lines of it do the same in less time
// (ADR 46). The build needs only Go and the module proxy.
package pulumicli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"

	"github.com/blang/semver"
	"github.com/gofrs/flock"
)

// pinned is the version from cli/go.mod. A test checks that it is the version of the Pulumi SDK that the program is compiled with. It is
// not read from the SDK, so that a caller who wants only the CLI need not compile the SDK.
var pinned = func() semver.Version {
	data, err := source.ReadFile("cli/go.mod.in")
	if err != nil {
		panic(err) // The file is part of the executable.
	}
	found := regexp.MustCompile(`(?m)^\s*(?:require )?github\.com/pulumi/pulumi/pkg/v3 v(\S+)`).FindSubmatch(data)
	return semver.MustParse(string(found[1]))
}()

// Options say where the CLI is stored and where progress goes.
type Options struct {
	// CacheDir keeps the built CLI. Default: procureflow-platform in the user's cache folder.
	CacheDir string
	// Out receives progress. Required.
	Out io.Writer
	// Terminal says that Out can rewrite a line. Default: false, for plain lines.
	Terminal bool
	// IgnorePath builds the CLI even if PATH has a suitable pulumi. Default: false.
	IgnorePath bool
	// Flags are for `go build`, which builds the CLI. Default: only those that the build needs.
	Flags []string
}

// CLI is a usable Pulumi CLI. It is the Automation API's PulumiCommand.
type CLI struct {
	// Path is the executable.
	Path string
	// Started is called with each process of [CLI.Run]. Default: nothing is called.
	Started func(*os.Process)
	version semver.Version
}

// Version returns the executable's version.
func (c CLI) Version() semver.Version { return c.version }

// Ensure returns a CLI of at least the pinned version.
func Ensure(ctx context.Context, options Options) (CLI, error) {
	if !options.IgnorePath {
		if path, err := exec.LookPath("pulumi"); err == nil {
			version, err := versionOf(ctx, path)
			if err == nil && version.Major == pinned.Major && version.GTE(pinned) {
				return CLI{Path: path, version: version}, nil
			}
			if err == nil {
				err = fmt.Errorf("it is v%s, and v%s or newer is needed", version, pinned)
			}
			fmt.Fprintf(options.Out, "Not using %s: %v\n", path, err)
		}
	}
	cache := options.CacheDir
	if cache == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return CLI{}, fmt.Errorf("find a place for the Pulumi CLI: %w; set HOME or XDG_CACHE_HOME", err)
		}
		cache = filepath.Join(user, "procureflow-platform")
	}
	root := filepath.Join(cache, fmt.Sprintf("pulumi-v%s-%s-%s-%s", pinned, runtime.GOOS, runtime.GOARCH, recipe()))
	path := filepath.Join(root, "bin", executable("pulumi"))
	if err := buildOnce(ctx, options, root, path); err != nil {
		return CLI{}, err
	}
	return CLI{Path: path, version: pinned}, nil
}

// versionOf asks an executable for its version.
func versionOf(ctx context.Context, path string) (semver.Version, error) {
	command := exec.CommandContext(ctx, path, "version")
	command.Env = append(os.Environ(), "PULUMI_SKIP_UPDATE_CHECK=true")
	said, err := command.Output()
	if err != nil {
		return semver.Version{}, fmt.Errorf("ask it for its version: %w", err)
	}
	version, err := semver.ParseTolerant(strings.TrimSpace(string(said)))
	if err != nil {
		return semver.Version{}, fmt.Errorf("it says that its version is %q: %w", strings.TrimSpace(string(said)), err)
	}
	return version, nil
}

// buildOnce builds path unless it exists. If two processes need it at once, one builds and the other waits.
func buildOnce(ctx context.Context, options Options, root, path string) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("cache for the Pulumi CLI: %w", err)
	}
	lock := flock.New(filepath.Join(root, "lock"))
	if held, _ := lock.TryLock(); !held {
		fmt.Fprintln(options.Out, "Waiting for another process that builds the Pulumi CLI.")
		if _, err := lock.TryLockContext(ctx, time.Second); err != nil {
			return fmt.Errorf("wait for the Pulumi CLI's build: %w", err)
		}
	}
	defer func() { _ = lock.Unlock() }()
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	start := time.Now()
	fmt.Fprintf(options.Out, "Building the Pulumi CLI v%s from its Go module, once. Every later command uses it.\n", pinned)
	// The executable gets its name only when it is complete.
	partial := path + ".partial"
	defer os.Remove(partial)
	source := filepath.Join(root, "source")
	defer os.RemoveAll(source)
	if err := build(ctx, options, source, partial); err != nil {
		return fmt.Errorf("build the Pulumi CLI: %w", err)
	}
	if _, err := versionOf(ctx, partial); err != nil {
		return fmt.Errorf("the built Pulumi CLI does not run: %w", err)
	}
	if err := os.Rename(partial, path); err != nil {
		return err
	}
	fmt.Fprintf(options.Out, "Built the Pulumi CLI in %s.\n", time.Since(start).Round(time.Second))
	return nil
}

// report shows how many of total packages are compiled, and returns the last lines that are not package names.
func report(lines io.Reader, total int, options Options) (messages string) {
	done, shown := 0, 0
	var kept []string
	scanner := bufio.NewScanner(lines)
	for scanner.Scan() {
		if line := scanner.Text(); strings.ContainsAny(line, " \t#") {
			kept = append(kept, line)
			kept = kept[max(0, len(kept)-20):]
			continue
		}
		done++
		percent := min(100, 100*done/max(1, total))
		switch {
		case options.Terminal:
			fmt.Fprintf(options.Out, "\r  compiled %d of %d packages (%d %%)\033[K", done, total, percent)
		case percent >= shown+10:
			shown = percent - percent%10
			fmt.Fprintf(options.Out, "  compiled %d of %d packages\n", done, total)
		}
	}
	if err := scanner.Err(); err != nil {
		kept = append(kept, err.Error())
	}
	if options.Terminal && done > 0 {
		fmt.Fprint(options.Out, "\r\033[K")
	}
	return strings.Join(kept, "\n")
}

func explain(ctx context.Context, err error, output string) error {
	if ctx.Err() != nil {
		return fmt.Errorf("interrupted; run the command again, it keeps the packages that are compiled: %w", ctx.Err())
	}
	if errors.Is(err, exec.ErrNotFound) {
		return fmt.Errorf("%w; install Go 1.26, or a pulumi of at least v%s on PATH", err, pinned)
	}
	err = fmt.Errorf("%w; the module proxy must be reachable once, or put a pulumi of at least v%s on PATH", err, pinned)
	if output = strings.TrimSpace(output); output != "" {
		err = fmt.Errorf("%w\n%s", err, output)
	}
	return err
}

func executable(name string) string {
	if runtime.GOOS == "windows" {
		return name + ".exe"
	}
	return name
}
