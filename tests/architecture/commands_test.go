package architecture_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestMainsAreThin checks that a main in a folder of cmd only builds the arguments of its package's Run, and exits with the returned
// code. A package can be tested, and started by another program; a main cannot.
func TestMainsAreThin(t *testing.T) {
	t.Parallel()
	found := 0
	for _, source := range sources(t) {
		if source.test || path.Base(path.Dir(source.pkg)) != "cmd" {
			continue
		}
		found++
		main, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, source.file), nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		runs := false
		ast.Inspect(main, func(n ast.Node) bool {
			if call, is := n.(*ast.SelectorExpr); is && call.Sel.Name == "Run" {
				runs = true
			}
			return true
		})
		assert.True(t, runs, "%s starts no package's Run", source.file)
		for _, declaration := range main.Decls {
			function, is := declaration.(*ast.FuncDecl)
			assert.True(t, !is || function.Name.Name == "main", "%s has more than main: give it to the package that main starts", source.file)
			general, is := declaration.(*ast.GenDecl)
			assert.True(t, !is || general.Tok.String() == "import", "%s declares something: give it to the package that main starts", source.file)
		}
		assert.True(t, strings.HasSuffix(source.file, "main.go"), "%s: a main is one file", source.file)
	}
	assert.GreaterOrEqual(t, found, 11)
}
