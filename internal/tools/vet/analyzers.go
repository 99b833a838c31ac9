package main

import (
	"slices"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/suite/vet"
	"honnef.co/go/tools/analysis/lint"
	"honnef.co/go/tools/simple"
	"honnef.co/go/tools/staticcheck"
	"honnef.co/go/tools/stylecheck"
	"honnef.co/go/tools/unused"
)

// analyzers are all that `go vet` runs, and all that staticcheck runs where no staticcheck.conf says otherwise. A test holds the first
// against the toolchain's own list.
func analyzers() []*analysis.Analyzer {
	all := slices.Clone(vet.Suite)
	for _, suite := range [][]*lint.Analyzer{simple.Analyzers, staticcheck.Analyzers, stylecheck.Analyzers, {unused.Analyzer}} {
		for _, analyzer := range suite {
			if !analyzer.Doc.NonDefault {
				all = append(all, analyzer.Analyzer)
			}
		}
	}
	return all
}

// learning returns those of the analyzers, and of what they require, that learn facts: what a package says of its functions and types
// to the packages that use them.
func learning(all []*analysis.Analyzer) []*analysis.Analyzer {
	var found []*analysis.Analyzer
	seen := map[*analysis.Analyzer]bool{}
	var visit func([]*analysis.Analyzer)
	visit = func(analyzers []*analysis.Analyzer) {
		for _, analyzer := range analyzers {
			if seen[analyzer] {
				continue
			}
			seen[analyzer] = true
			visit(analyzer.Requires)
			if len(analyzer.FactTypes) > 0 {
				found = append(found, analyzer)
			}
		}
	}
	visit(all)
	return found
}
