package architecture_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// These are the limits for code. Tests are exempt, because their tables are as long as the data in them.
const (
	maxFileLines     = 400
	maxFunctionLines = 100
	maxParameters    = 5
)

// TestSizeLimits limits the length of files, functions and lists of parameters. A function Run whose last parameter is args
// has the form of the Automation API's interface, and is exempt.
func TestSizeLimits(t *testing.T) {
	t.Parallel()
	for _, name := range files(t) {
		if filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") || strings.Contains(name, "/testdata/") {
			continue
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, filepath.Join(root, name), nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		lines := func(from, to token.Pos) int { return set.Position(to).Line - set.Position(from).Line + 1 }
		assert.LessOrEqual(t, lines(file.FileStart, file.FileEnd), maxFileLines, "%s: split it by what it does", name)
		for _, declaration := range file.Decls {
			function, is := declaration.(*ast.FuncDecl)
			if !is {
				continue
			}
			assert.LessOrEqual(t, lines(function.Pos(), function.End()), maxFunctionLines, "%s: split %s", name, function.Name)
			parameters := function.Type.Params
			if last := parameters.List; len(last) > 0 && function.Name.Name == "Run" {
				if _, variadic := last[len(last)-1].Type.(*ast.Ellipsis); variadic {
					continue
				}
			}
			assert.LessOrEqual(t, parameters.NumFields(), maxParameters, "%s: give %s a struct", name, function.Name)
		}
	}
}
