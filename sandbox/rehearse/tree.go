package rehearse

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Commit returns the full name of the commit that a revision names in a repository.
func Commit(ctx context.Context, repository, revision string) (string, error) {
	said, err := git(ctx, repository, "rev-parse", "--verify", "--quiet", "--end-of-options", revision+"^{commit}")
	if err != nil {
		return "", fmt.Errorf("%q names no commit of %s: fetch it first (git fetch origin BRANCH)", revision, repository)
	}
	return strings.TrimSpace(string(said)), nil
}

// Repository returns the top folder of the repository that contains folder.
func Repository(ctx context.Context, folder string) (string, error) {
	said, err := git(ctx, folder, "rev-parse", "--show-toplevel")
	if err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			return "", err
		}
		return "", fmt.Errorf("%s is in no git repository: %w", folder, err)
	}
	return strings.TrimSpace(string(said)), nil
}

// SameCode says that a commit and the working tree have the same Go files and requirements.
func SameCode(ctx context.Context, repository, commit string) bool {
	_, err := git(ctx, repository, "diff", "--quiet", commit, "--", "*.go", "*go.mod", "*go.sum")
	return err == nil
}

// Unpack writes the files of a commit into a folder. It runs no git hooks and no filters. It leaves out links, which could point at any
// file of this machine and which the platform never needs.
func Unpack(ctx context.Context, repository, commit, folder string) error {
	archive, err := git(ctx, repository, "archive", "--format=tar", commit)
	if err != nil {
		return fmt.Errorf("unpack %s: %w", commit, err)
	}
	reader := tar.NewReader(bytes.NewReader(archive))
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	defer root.Close()
	for {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("unpack %s: %w", commit, err)
		}
		if err := unpackOne(root, header, reader); err != nil {
			return fmt.Errorf("unpack %s of %s: %w", header.Name, commit, err)
		}
	}
}

func unpackOne(root *os.Root, header *tar.Header, content io.Reader) error {
	name := filepath.FromSlash(strings.TrimSuffix(header.Name, "/"))
	switch header.Typeflag {
	case tar.TypeDir:
		return root.MkdirAll(name, 0o700)
	case tar.TypeReg:
		if err := root.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			return err
		}
		file, err := root.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
		if err != nil {
			return err
		}
		_, err = io.Copy(file, content)
		return errors.Join(err, file.Close())
	}
	return nil
}

func git(ctx context.Context, folder string, arguments ...string) ([]byte, error) {
	command := exec.CommandContext(ctx, "git", append([]string{"-C", folder}, arguments...)...)
	var said, problem bytes.Buffer
	command.Stdout, command.Stderr = &said, &problem
	switch err := command.Run(); {
	case errors.Is(err, exec.ErrNotFound):
		return nil, fmt.Errorf("git is not installed, or not on PATH: %w", err)
	case err != nil:
		return nil, fmt.Errorf("git %s: %w: %s", arguments[0], err, strings.TrimSpace(problem.String()))
	}
	return said.Bytes(), nil
}

// kept are the variables that compiling and running need. Any other variable may be a credential or lead to one.
var kept = []string{"PATH", "TMPDIR", "TEMP", "TMP", "LANG", "LC_ALL", "TERM", "NO_COLOR", "CI", "SYSTEMROOT", "GOROOT", "GOFLAGS",
	"GOTOOLCHAIN", "GOWORK",
	"GOPROXY", "GOSUMDB", "GONOSUMDB", "GOOS", "GOARCH", "GOAMD64", "GOMAXPROCS", "CGO_ENABLED"}

// Scrubbed returns the environment that a change's code may see: what compiling needs, Go's caches, and an empty home.
func Scrubbed(environment []string, home string) ([]string, error) {
	var scrubbed []string
	for _, variable := range environment {
		name, value, _ := strings.Cut(variable, "=")
		// A proxy's address may have a password.
		if slices.Contains(kept, name) && !(name == "GOPROXY" && strings.Contains(value, "@")) {
			scrubbed = append(scrubbed, variable)
		}
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, err
	}
	said, err := exec.Command("go", "env", "GOCACHE", "GOMODCACHE", "GOPATH").Output()
	if err != nil {
		return nil, fmt.Errorf("ask Go for its caches: %w", err)
	}
	folders := strings.Split(strings.TrimSpace(string(said)), "\n")
	if len(folders) != 3 {
		return nil, fmt.Errorf("go env said %q", said)
	}
	// The built Pulumi CLI is in the user's cache folder.
	return append(scrubbed, "HOME="+home, "USERPROFILE="+home, "XDG_CACHE_HOME="+cache, "XDG_CONFIG_HOME="+filepath.Join(home, ".config"),
		"GOCACHE="+folders[0], "GOMODCACHE="+folders[1], "GOPATH="+folders[2], "GIT_CONFIG_NOSYSTEM=1"), nil
}
