package main

import (
	"go/ast"
	"go/token"
	"path/filepath"
	"slices"
	"strings"

	"honnef.co/go/tools/analysis/lint"
)

// accepted leaves out the findings that a directive accepts: "//lint:ignore NAMES reason" those of the statement or declaration below it,
// "//lint:file-ignore NAMES reason" those of the file. A directive without a reason, or one that accepts nothing, is a finding itself.
func accepted(fset *token.FileSet, files []*ast.File, findings []finding) []finding {
	for _, directive := range lint.ParseDirectives(files, fset) {
		if directive.Command != "ignore" && directive.Command != "file-ignore" {
			continue
		}
		at := fset.Position(directive.Node.Pos())
		if len(directive.Arguments) < 2 {
			findings = append(findings, finding{at, "lint", "a directive needs the names of analyzers and a reason"})
			continue
		}
		before := len(findings)
		findings = slices.DeleteFunc(findings, func(f finding) bool {
			near := f.at.Filename == at.Filename && (directive.Command == "file-ignore" || f.at.Line == at.Line)
			return near && names(directive.Arguments[0], f.analyzer)
		})
		// Whether code is unused depends on the packages looked at, so a directive about it may accept nothing.
		if len(findings) == before && directive.Command == "ignore" && !names(directive.Arguments[0], "U1000") {
			findings = append(findings, finding{fset.Position(directive.Directive.Pos()), "lint", "this directive accepts nothing: take it out"})
		}
	}
	return findings
}

// names says whether a list like "SA1019,ST*" has an analyzer's name.
func names(list, analyzer string) bool {
	return slices.ContainsFunc(strings.Split(strings.ToLower(list), ","), func(pattern string) bool {
		matches, _ := filepath.Match(pattern, strings.ToLower(analyzer))
		return matches
	})
}
