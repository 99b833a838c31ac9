package main

import (
	"go/types"
	"reflect"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/types/objectpath"
)

// facts are what analyzers learned of objects and packages: that a function never returns, for example, or is deprecated.
type facts struct {
	objects  map[reflect.Type]map[types.Object]analysis.Fact
	packages map[reflect.Type]map[*types.Package]analysis.Fact
}

func newFacts() facts {
	return facts{map[reflect.Type]map[types.Object]analysis.Fact{}, map[reflect.Type]map[*types.Package]analysis.Fact{}}
}

func (f facts) setObject(object types.Object, fact analysis.Fact) { set(f.objects, object, fact) }

func (f facts) setPackage(pkg *types.Package, fact analysis.Fact) { set(f.packages, pkg, fact) }

func set[K comparable](known map[reflect.Type]map[K]analysis.Fact, key K, fact analysis.Fact) {
	kind := reflect.TypeOf(fact)
	if known[kind] == nil {
		known[kind] = map[K]analysis.Fact{}
	}
	known[kind][key] = fact
}

// object copies the fact of fact's type about an object into fact.
func (f facts) object(object types.Object, fact analysis.Fact) bool {
	return fill(f.objects, object, fact)
}

func (f facts) pkg(pkg *types.Package, fact analysis.Fact) bool { return fill(f.packages, pkg, fact) }

func fill[K comparable](known map[reflect.Type]map[K]analysis.Fact, key K, fact analysis.Fact) bool {
	found, is := known[reflect.TypeOf(fact)][key]
	if is {
		reflect.ValueOf(fact).Elem().Set(reflect.ValueOf(found).Elem())
	}
	return is
}

func (f facts) allObjects(kinds []analysis.Fact) (all []analysis.ObjectFact) {
	for _, kind := range kinds {
		for object, fact := range f.objects[reflect.TypeOf(kind)] {
			all = append(all, analysis.ObjectFact{Object: object, Fact: fact})
		}
	}
	return all
}

func (f facts) allPackages(kinds []analysis.Fact) (all []analysis.PackageFact) {
	for _, kind := range kinds {
		for pkg, fact := range f.packages[reflect.TypeOf(kind)] {
			all = append(all, analysis.PackageFact{Package: pkg, Fact: fact})
		}
	}
	return all
}

// fact is a fact about an object by its path in its package, or about the package if there is no path.
type fact struct {
	Path objectpath.Path
	Fact analysis.Fact
}

// withdraw takes out facts that were learned of a package's source, and returns those of objects that other packages can name.
func (f facts) withdraw(learned []exported) (all []fact) {
	for _, of := range learned {
		if of.object == nil {
			all = append(all, fact{Fact: of.fact})
			continue
		}
		delete(f.objects[reflect.TypeOf(of.fact)], of.object)
		if path, err := objectpath.For(of.object); err == nil {
			all = append(all, fact{path, of.fact})
		}
	}
	return all
}

// deposit adds facts about a package, and about its objects, to what is known of its compiled form, which others use.
func (f facts) deposit(learned []fact, compiled *types.Package) {
	for _, of := range learned {
		if of.Path == "" {
			f.setPackage(compiled, of.Fact)
		} else if object, err := objectpath.Object(compiled, of.Path); err == nil {
			f.setObject(object, of.Fact)
		}
	}
}
