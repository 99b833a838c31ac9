package main

import (
	"encoding/gob"
	"fmt"
	"go/ast"
	"go/build"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"slices"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/packages"
)

// world is what is known of all packages. Local ones are read from their source, in the order of their imports. Of all others it has the
// types, from their compiled form, and facts about those whose functions and types local packages use: only these are read from source.
type world struct {
	roots    []*packages.Package // whose findings are wanted
	fset     *token.FileSet
	sizes    types.Sizes
	compiled types.Importer               // of what is not local
	byPath   map[string]*packages.Package // what is not local
	local    map[*packages.Package]*unit
	learned  map[*packages.Package]bool // whose facts are known, and that are not local
	facts    facts
	memory   memory
	all      []*analysis.Analyzer
	learning []*analysis.Analyzer
}

func newWorld(roots []*packages.Package, memory memory) (*world, error) {
	files, err := exports(roots)
	if err != nil {
		return nil, err
	}
	w := &world{
		roots: roots, fset: token.NewFileSet(), sizes: types.SizesFor("gc", build.Default.GOARCH),
		facts: newFacts(), memory: memory, all: analyzers(),
		byPath: map[string]*packages.Package{}, local: map[*packages.Package]*unit{}, learned: map[*packages.Package]bool{},
	}
	w.compiled = importer.ForCompiler(w.fset, "gc", func(path string) (io.ReadCloser, error) {
		if files[path] == "" {
			return nil, fmt.Errorf("%s is not compiled", path)
		}
		return os.Open(files[path])
	})
	w.learning = learning(w.all)
	for _, analyzer := range w.learning {
		for _, kind := range analyzer.FactTypes {
			gob.Register(kind)
		}
	}
	packages.Visit(roots, nil, func(pkg *packages.Package) {
		if !isLocal(pkg) {
			w.byPath[pkg.PkgPath] = pkg
		}
	})
	return w, nil
}

// findings runs all analyzers on a local package.
func (w *world) findings(root *packages.Package) ([]finding, error) {
	unit, err := w.read(root)
	if err != nil {
		return nil, err
	}
	return unit.findings(w.all)
}

// read reads a local package, and learns what there is to know of the packages that it imports or whose objects it uses.
func (w *world) read(pkg *packages.Package) (*unit, error) {
	if known := w.local[pkg]; known != nil {
		return known, nil
	}
	unit, err := w.parse(pkg)
	if err != nil {
		return nil, err
	}
	w.local[pkg] = unit
	for _, imported := range pkg.Imports {
		if err := w.learn(w.byPath[imported.PkgPath]); err != nil {
			return nil, err
		}
	}
	for object := range unit.uses() {
		if err := w.learn(w.byPath[object.Pkg().Path()]); err != nil {
			return nil, err
		}
	}
	return unit, nil
}

// typesOf returns the types of a package that another imports. Of a local one it learns the facts first.
func (w *world) typesOf(pkg *packages.Package) (*types.Package, error) {
	if pkg.PkgPath == "unsafe" {
		return types.Unsafe, nil
	}
	if !isLocal(pkg) {
		return w.compiled.Import(pkg.PkgPath)
	}
	unit, err := w.read(pkg)
	if err != nil {
		return nil, err
	}
	if unit.learned {
		return unit.types, nil
	}
	err = unit.learn(w.learning)
	if !slices.Contains(w.roots, pkg) {
		unit.forget()
	}
	return unit.types, err
}

// learn learns the facts about a package that is not local, if they are not remembered.
func (w *world) learn(pkg *packages.Package) error {
	if pkg == nil || w.learned[pkg] || pkg.PkgPath == "unsafe" {
		return nil
	}
	w.learned[pkg] = true
	compiled, err := w.compiled.Import(pkg.PkgPath)
	if err != nil {
		return err
	}
	learned, same := w.memory.facts(pkg)
	if !same {
		if learned, err = w.study(pkg); err != nil {
			return err
		}
		if err := w.memory.addFacts(pkg, learned); err != nil {
			return err
		}
	}
	w.facts.deposit(learned, compiled)
	return nil
}

// study learns the facts from a package's source. It first learns about the packages to which its functions hand formats on: whether a
// function is of log.Printf's kind, its package may not show alone.
func (w *world) study(pkg *packages.Package) ([]fact, error) {
	unit, err := w.parse(pkg)
	if err != nil {
		return nil, err
	}
	for object := range unit.uses() {
		if formats(object) {
			if err := w.learn(w.byPath[object.Pkg().Path()]); err != nil {
				return nil, err
			}
		}
	}
	if err := unit.learn(w.learning); err != nil {
		return nil, err
	}
	return w.facts.withdraw(unit.exported), nil
}

// parse reads a package from its source.
func (w *world) parse(pkg *packages.Package) (*unit, error) {
	unit := &unit{world: w, of: pkg, results: map[*analysis.Analyzer]any{}, info: &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{},
		Implicits: map[ast.Node]types.Object{}, Instances: map[*ast.Ident]types.Instance{}, Scopes: map[ast.Node]*types.Scope{},
		Selections: map[*ast.SelectorExpr]*types.Selection{}, FileVersions: map[*ast.File]string{},
	}}
	for _, name := range pkg.CompiledGoFiles {
		file, err := parser.ParseFile(w.fset, name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		unit.files = append(unit.files, file)
	}
	config := types.Config{Sizes: w.sizes, Importer: imports(func(path string) (*types.Package, error) {
		imported := pkg.Imports[path]
		if imported == nil {
			return nil, fmt.Errorf("no package %s", path)
		}
		return w.typesOf(imported)
	})}
	if pkg.Module != nil && pkg.Module.GoVersion != "" {
		config.GoVersion = "go" + pkg.Module.GoVersion
	}
	var err error
	unit.types, err = config.Check(pkg.PkgPath, w.fset, unit.files, unit.info)
	return unit, err
}

type imports func(path string) (*types.Package, error)

func (i imports) Import(path string) (*types.Package, error) { return i(path) }
