package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"iter"
	"os"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/packages"
	"honnef.co/go/tools/unused"
)

// unit is a package that is read from its source, with what its analyzers returned.
type unit struct {
	world    *world
	of       *packages.Package
	files    []*ast.File
	types    *types.Package
	info     *types.Info
	results  map[*analysis.Analyzer]any
	found    []finding
	exported []exported
	learned  bool // what it says to packages that import it
}

type finding struct {
	at                token.Position
	analyzer, message string
}

// exported is a fact that an analyzer learned of an object of the unit. Where object is nil, it is a fact about the package.
type exported struct {
	object types.Object
	fact   analysis.Fact
}

// uses are the objects of other packages, and of this, that the package names.
func (u *unit) uses() iter.Seq[types.Object] {
	return func(yield func(types.Object) bool) {
		for _, object := range u.info.Uses {
			if object.Pkg() != nil && !yield(object) {
				return
			}
		}
	}
}

// formats says whether an object may be a function like fmt.Printf: one that takes any number of values of any type.
func formats(object types.Object) bool {
	function, is := object.(*types.Func)
	if !is || !function.Signature().Variadic() {
		return false
	}
	parameters := function.Signature().Params()
	last, is := parameters.At(parameters.Len() - 1).Type().(*types.Slice)
	if !is {
		return false
	}
	element, is := last.Elem().Underlying().(*types.Interface)
	return is && element.Empty()
}

// learn runs analyzers for the facts that they learn.
func (u *unit) learn(analyzers []*analysis.Analyzer) error {
	for _, analyzer := range analyzers {
		if _, err := u.run(analyzer); err != nil {
			return err
		}
	}
	u.learned = true
	return nil
}

// forget drops all but the types, when nobody will look at the code again.
func (u *unit) forget() { u.files, u.info, u.results, u.exported = nil, nil, nil, nil }

// findings runs analyzers and returns what they found and no directive accepts.
func (u *unit) findings(analyzers []*analysis.Analyzer) ([]finding, error) {
	if err := u.learn(analyzers); err != nil {
		return nil, err
	}
	if code, ran := u.results[unused.Analyzer.Analyzer].(unused.Result); ran {
		for _, object := range code.Unused {
			u.found = append(u.found, finding{object.DisplayPosition, "U1000", fmt.Sprintf("%s %s is unused", object.Kind, object.Name)})
		}
	}
	found := accepted(u.world.fset, u.files, u.found)
	u.forget()
	return found, nil
}

// run runs an analyzer, after those that it requires, once.
func (u *unit) run(analyzer *analysis.Analyzer) (any, error) {
	if result, ran := u.results[analyzer]; ran {
		return result, nil
	}
	required := map[*analysis.Analyzer]any{}
	for _, other := range analyzer.Requires {
		result, err := u.run(other)
		if err != nil {
			return nil, err
		}
		required[other] = result
	}
	result, err := analyzer.Run(u.pass(analyzer, required))
	if err != nil {
		return nil, fmt.Errorf("%s of %s: %w", analyzer, u.of.ID, err)
	}
	u.results[analyzer] = result
	return result, nil
}

func (u *unit) pass(analyzer *analysis.Analyzer, required map[*analysis.Analyzer]any) *analysis.Pass {
	known := u.world.facts
	module := &analysis.Module{}
	if of := u.of.Module; of != nil {
		*module = analysis.Module{Path: of.Path, Version: of.Version, GoVersion: of.GoVersion}
	}
	export := func(object types.Object, fact analysis.Fact) { u.exported = append(u.exported, exported{object, fact}) }
	return &analysis.Pass{
		Analyzer: analyzer, Fset: u.world.fset, Files: u.files, OtherFiles: u.of.OtherFiles, IgnoredFiles: u.of.IgnoredFiles,
		Pkg: u.types, TypesInfo: u.info, TypesSizes: u.world.sizes, Module: module, ResultOf: required, ReadFile: os.ReadFile,
		Report: func(d analysis.Diagnostic) {
			u.found = append(u.found, finding{u.world.fset.Position(d.Pos), analyzer.Name, d.Message})
		},
		ImportObjectFact:  known.object,
		ImportPackageFact: known.pkg,
		ExportObjectFact: func(object types.Object, fact analysis.Fact) {
			known.setObject(object, fact)
			export(object, fact)
		},
		ExportPackageFact: func(fact analysis.Fact) {
			known.setPackage(u.types, fact)
			export(nil, fact)
		},
		AllObjectFacts:  func() []analysis.ObjectFact { return known.allObjects(analyzer.FactTypes) },
		AllPackageFacts: func() []analysis.PackageFact { return known.allPackages(analyzer.FactTypes) },
	}
}
