package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

// list returns the packages that the patterns name. A package with tests in its folder is returned once, together with these tests:
// what only tests use is in use.
func list(patterns []string) ([]*packages.Package, error) {
	listed, err := packages.Load(&packages.Config{Tests: true, Mode: packages.NeedName | packages.NeedFiles | packages.NeedCompiledGoFiles |
		packages.NeedImports | packages.NeedDeps | packages.NeedModule | packages.NeedForTest}, patterns...)
	if err != nil {
		return nil, err
	}
	if len(listed) == 0 {
		return nil, fmt.Errorf("no package matches %s", strings.Join(patterns, " "))
	}
	var wrong []error
	tested := map[string]bool{}
	for _, pkg := range listed {
		for _, err := range pkg.Errors {
			wrong = append(wrong, err)
		}
		tested[pkg.ForTest] = tested[pkg.ForTest] || pkg.ForTest == pkg.PkgPath
	}
	roots := slices.DeleteFunc(listed, func(pkg *packages.Package) bool {
		generated := pkg.Name == "main" && strings.HasSuffix(pkg.ID, ".test")
		return generated || pkg.ForTest == "" && tested[pkg.PkgPath]
	})
	return roots, errors.Join(wrong...)
}

// isLocal says whether a package's code is a folder that people edit. All others have a version, or are the standard library.
func isLocal(pkg *packages.Package) bool {
	if pkg.Module != nil && pkg.Module.Replace != nil {
		return pkg.Module.Replace.Version == ""
	}
	return pkg.Module != nil && pkg.Module.Version == ""
}

// exports finds the compiled form of all packages that are not local, and compiles what is missing. It maps import paths to files.
// Local packages are read from their sources, so that nothing is compiled that no test needs.
func exports(roots []*packages.Package) (map[string]string, error) {
	direct := map[string]bool{}
	packages.Visit(roots, nil, func(pkg *packages.Package) {
		for _, imported := range pkg.Imports {
			if isLocal(pkg) && !isLocal(imported) && imported.PkgPath != "unsafe" {
				direct[imported.PkgPath] = true
			}
		}
	})
	files := map[string]string{}
	if len(direct) == 0 {
		return files, nil
	}
	listed, err := packages.Load(&packages.Config{ // The Go files are asked for because what cgo writes imports runtime/cgo.
		Mode: packages.NeedName | packages.NeedImports | packages.NeedDeps | packages.NeedCompiledGoFiles | packages.NeedExportFile,
	}, slices.Sorted(maps.Keys(direct))...)
	if err != nil {
		return nil, err
	}
	var wrong []error
	packages.Visit(listed, nil, func(pkg *packages.Package) {
		for _, err := range pkg.Errors {
			wrong = append(wrong, err)
		}
		files[pkg.PkgPath] = pkg.ExportFile
	})
	return files, errors.Join(wrong...)
}
