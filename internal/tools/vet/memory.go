package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/gob"
	"fmt"
	"go/build"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"golang.org/x/tools/go/packages"
)

// memory remembers which local packages were clean, and what was learned of others, in a file a package. A file begins with the digest of
// what that depends on.
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
	_, same := m.recall(pkg)
	return same
}

// facts returns what was learned of a package that is as it was then.
func (m memory) facts(pkg *packages.Package) (learned []fact, same bool) {
	content, same := m.recall(pkg)
	if !same {
		return nil, false
	}
	err := gob.NewDecoder(bytes.NewReader(content)).Decode(&learned)
	return learned, err == nil
}

func (m memory) addFacts(pkg *packages.Package, learned []fact) error {
	var content bytes.Buffer
	if err := gob.NewEncoder(&content).Encode(learned); err != nil {
		return fmt.Errorf("remember what was learned of %s: %w", pkg.ID, err)
	}
	m.add(pkg, content.Bytes())
	return nil
}

func (m memory) recall(pkg *packages.Package) (content []byte, same bool) {
	known, err := os.ReadFile(m.file(pkg))
	if err != nil {
		return nil, false
	}
	return bytes.CutPrefix(known, []byte(m.sum(pkg)))
}

// add remembers a package. Where that fails, it is looked at again.
func (m memory) add(pkg *packages.Package, content []byte) {
	_ = os.WriteFile(m.file(pkg), append([]byte(m.sum(pkg)), content...), 0o600)
}

func (m memory) file(pkg *packages.Package) string {
	return filepath.Join(m.folder, fmt.Sprintf("%x", sha256.Sum256([]byte(pkg.ID))))
}

// sum is the digest of what is in a package and in all that it imports: of local packages the files, of others the versions.
func (m memory) sum(pkg *packages.Package) string {
	if known := m.sums[pkg]; known != "" {
		return known
	}
	sum := sha256.New()
	fmt.Fprintln(sum, m.tool, runtime.Version(), build.Default.GOOS, build.Default.GOARCH, os.Getenv("GOFLAGS"), pkg.ID)
	if of := pkg.Module; of != nil {
		fmt.Fprintln(sum, of.Path, of.Version, of.GoVersion)
		if of.Replace != nil {
			fmt.Fprintln(sum, of.Replace.Path, of.Replace.Version)
		}
	}
	for _, name := range slices.Concat(pkg.CompiledGoFiles, pkg.OtherFiles, pkg.IgnoredFiles) {
		fmt.Fprintln(sum, filepath.Base(name))
		if !isLocal(pkg) {
			continue
		}
		if file, err := os.Open(name); err == nil {
			_, _ = io.Copy(sum, file)
			file.Close()
		}
	}
	for _, path := range slices.Sorted(maps.Keys(pkg.Imports)) {
		fmt.Fprintln(sum, m.sum(pkg.Imports[path]))
	}
	m.sums[pkg] = fmt.Sprintf("%x", sum.Sum(nil))
	return m.sums[pkg]
}
