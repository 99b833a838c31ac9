// Package linkonce makes the tests of a package link each program once. Without it, each state folder and language host would link
// the same program and policy pack again, a second or two each time.
package linkonce

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Link links the program of a package, as seen from folder, with the flags of the language host. Go caches what it links for `go run`, so
// a program is linked once for all tests that link it, and for their repetitions. Packages that are tested at the same time wait for each
// other at the folder's lock.
func Link(folder, pkg, executable string, flags ...string) error {
	args := append([]string{".", "go", "run", "-exec=cp", "-buildvcs=false", "-ldflags=-w"}, flags...)
	command := exec.Command("flock", append(args, pkg, executable)...)
	command.Dir = folder
	command.Env = append(os.Environ(), Compilers...)
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("link %s in %s: %w\n%s", pkg, folder, err, out)
	}
	return nil
}

// Compilers are the variables with which the check compiles too: a compiler or linker collects its heap only when it holds a gigabyte.
var Compilers = []string{"GOGC=off", "GOMEMLIMIT=1GiB"}

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
