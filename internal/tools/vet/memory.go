package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"golang.org/x/tools/go/packages"
)

// memory remembers which packages were clean, in a file a package. The file holds the digest of what the findings depend on.
type memory struct {
	folder string
	tool   []byte // what this program is
	sums   map[*packages.Package]string
}

func remember() (memory, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return memory{}, err
	}
	program, err := os.Executable()
	if err != nil {
		return memory{}, err
	}
	content, err := os.ReadFile(program)
	if err != nil {
		return memory{}, err
	}
	tool := sha256.Sum256(content)
	folder := filepath.Join(cache, "procureflow-platform", "vet")
	return memory{folder, tool[:], map[*packages.Package]string{}}, os.MkdirAll(folder, 0o700)
}

// clean says whether a package is as it was when it had no findings.
func (m memory) clean(pkg *packages.Package) bool {
	known, err := os.ReadFile(m.file(pkg))
	return err == nil && string(known) == m.sum(pkg)
}

// add remembers that a package is clean. Where that fails, the package is looked at again.
func (m memory) add(pkg *packages.Package) { _ = os.WriteFile(m.file(pkg), []byte(m.sum(pkg)), 0o600) }

func (m memory) file(pkg *packages.Package) string {
	return filepath.Join(m.folder, fmt.Sprintf("%x", sha256.Sum256([]byte(pkg.ID))))
}

// sum is the digest of a local package: of its files, of the local packages that it imports, and of the versions of all others.
func (m memory) sum(pkg *packages.Package) string {
	if known := m.sums[pkg]; known != "" {
		return known
	}
	sum := sha256.New()
	fmt.Fprintln(sum, m.tool, runtime.Version(), os.Getenv("GOFLAGS"), pkg.ID)
	read := func(name string) {
		fmt.Fprintln(sum, name)
		if file, err := os.Open(name); err == nil {
			_, _ = io.Copy(sum, file)
			file.Close()
		}
	}
	for _, name := range slices.Concat(pkg.CompiledGoFiles, pkg.OtherFiles, pkg.IgnoredFiles) {
		read(name)
	}
	if pkg.Module != nil && pkg.Module.GoMod != "" {
		read(pkg.Module.GoMod)
		read(filepath.Join(filepath.Dir(pkg.Module.GoMod), "go.sum"))
	}
	for _, path := range slices.Sorted(maps.Keys(pkg.Imports)) {
		if imported := pkg.Imports[path]; isLocal(imported) {
			fmt.Fprintln(sum, m.sum(imported))
		}
	}
	m.sums[pkg] = fmt.Sprintf("%x", sum.Sum(nil))
	return m.sums[pkg]
}
