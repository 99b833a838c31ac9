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

// forOthers are the packages whose functions and names are for programs outside of this repository, or stand for another module's.
var forOthers = []string{"components/*", "policy/crossguard", "policy/crossguard/crossguardtest", "sandbox/pulumicli/cli/_leftout/**",
	"tests/chains/act/pty"}

// TestWhatIsExportedHasAUser checks that every exported function, variable and constant is used outside of its package.
// So a reader of the package knows the few things that other packages call. Types are left alone, because a caller may
// hold a value of a type without naming it.
func TestWhatIsExportedHasAUser(t *testing.T) {
	t.Parallel()
	declared := map[string]string{}
	used := map[string]bool{}
	for _, name := range files(t) {
		if filepath.Ext(name) != ".go" || strings.Contains(name, "/testdata/") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, name), nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		imported := map[string]string{} // the package behind each name in this file
		for _, spec := range file.Imports {
			if pkg, ours := strings.CutPrefix(strings.Trim(spec.Path.Value, `"`)+"/", module); ours {
				pkg = path.Clean(pkg)
				imported[path.Base(pkg)] = pkg
				if spec.Name != nil {
					imported[spec.Name.Name] = pkg
				}
			}
		}
		ast.Inspect(file, func(node ast.Node) bool {
			if selector, is := node.(*ast.SelectorExpr); is {
				if of, is := selector.X.(*ast.Ident); is && imported[of.Name] != "" {
					used[imported[of.Name]+"."+selector.Sel.Name] = true
				}
			}
			return true
		})
		if pkg := path.Dir(name); file.Name.Name != "main" && !strings.HasSuffix(name, "_test.go") && !matchesAny(forOthers, pkg) {
			for _, exported := range exportedIn(file) {
				declared[pkg+"."+exported] = name
			}
		}
	}
	require.Greater(t, len(declared), 300)
	for exported, file := range declared {
		assert.True(t, used[exported], "%s: nothing outside of its package uses %s: begin its name with a small letter", file, exported)
	}
}

// exportedIn returns the exported functions, variables and constants of a file. It leaves out constants of a block, the values of an
// enumeration or the exit codes of a command, which are there for each other's sake; and Host, which every emulated API has.
func exportedIn(file *ast.File) (names []string) {
	add := func(name *ast.Ident) {
		if name.IsExported() && name.Name != "Host" {
			names = append(names, name.Name)
		}
	}
	for _, declaration := range file.Decls {
		switch declaration := declaration.(type) {
		case *ast.FuncDecl:
			if declaration.Recv == nil {
				add(declaration.Name)
			}
		case *ast.GenDecl:
			for _, spec := range declaration.Specs {
				if values, is := spec.(*ast.ValueSpec); is && (declaration.Tok == token.VAR || !declaration.Lparen.IsValid()) {
					for _, name := range values.Names {
						add(name)
					}
				}
			}
		}
	}
	return names
}
