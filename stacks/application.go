package stacks

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Application returns the folder that holds go.mod and Pulumi.yaml: the working folder, the nearest one above it, or the only one below it.
func Application() (string, error) {
	here, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for folder := here; ; folder = filepath.Dir(folder) {
		if isApplication(folder) {
			return folder, nil
		}
		if folder == filepath.Dir(folder) {
			break
		}
	}
	below, err := applicationsBelow(here)
	if err != nil {
		return "", err
	}
	switch len(below) {
	case 1:
		return below[0], nil
	case 0:
		return "", errors.New("no Pulumi.yaml next to a go.mod here, above or below: run it inside the repository, or " +
			"`cmd/init` first")
	}
	return "", fmt.Errorf("there are several applications below %s: run it in one of %s", here, strings.Join(below, ", "))
}

func isApplication(folder string) bool {
	for _, name := range []string{"Pulumi.yaml", "go.mod"} {
		if _, err := os.Stat(filepath.Join(folder, name)); err != nil {
			return false
		}
	}
	return true
}

// applicationsBelow searches a few folders deep. It skips the folders of dependencies and tools.
func applicationsBelow(root string) (found []string, err error) {
	const depth = 4
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() || path == root {
			return nil // A folder that cannot be read holds no application.
		}
		relative, _ := filepath.Rel(root, path)
		if name := entry.Name(); name == "node_modules" || strings.HasPrefix(name, ".") ||
			strings.Count(relative, string(filepath.Separator)) >= depth {
			return fs.SkipDir
		}
		if isApplication(path) {
			found = append(found, path)
			return fs.SkipDir
		}
		return nil
	})
	return found, err
}
