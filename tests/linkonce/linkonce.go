// Package linkonce makes the tests of a package link each program once. Without it, each state folder and language host would link
// the same program and policy pack again, a second or two each time.
package linkonce

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

//go:embed go.sh
var script []byte

// Begin puts a script before go on this process's PATH, until end is called. It is for TestMain.
func Begin() (end func(), err error) {
	folder, err := os.MkdirTemp("", "linkonce")
	if err != nil {
		return nil, err
	}
	bin := filepath.Join(folder, "bin")
	path := os.Getenv("PATH")
	err = errors.Join(os.Mkdir(bin, 0o700), os.WriteFile(filepath.Join(bin, "go"), script, 0o700),
		os.Setenv("LINKONCE_FOLDER", folder), os.Setenv("LINKONCE_PATH", path),
		os.Setenv("PATH", bin+string(os.PathListSeparator)+path))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("link once: %w", err), os.RemoveAll(folder))
	}
	return func() { _ = os.RemoveAll(folder) }, nil
}
