package architecture_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// outputs are exported structs of components that callers do not fill in.
var outputs = map[string]bool{"identity.Record": true}

var (
	constructor = regexp.MustCompile(`(?m)^func (New\w+)\(ctx \*pulumi\.Context`)
	meansAbsent = regexp.MustCompile(`\bDefault:|\b[Rr]equired\b`)
)

// TestEveryComponentHasAnExample checks that each constructor has an example that compiles and shows what is made.
func TestEveryComponentHasAnExample(t *testing.T) {
	t.Parallel()
	code, examples := map[string]string{}, map[string]string{}
	for _, name := range files(t) {
		if pkg := path.Dir(name); path.Dir(pkg) == "components" && strings.HasSuffix(name, ".go") {
			content, err := os.ReadFile(filepath.Join(root, name))
			require.NoError(t, err)
			if path.Base(name) == "example_test.go" {
				examples[pkg] = string(content)
			}
			code[pkg] += string(content)
		}
	}
	require.Greater(t, len(code), 10)
	for pkg, content := range code {
		made := constructor.FindAllStringSubmatch(content, -1)
		assert.Regexp(t, `(?s)\nfunc Example\w+\(\) \{.*// Output:`, examples[pkg], "%s/example_test.go has no example whose output is compared",
			pkg)
		assert.NotEmpty(t, made, "%s has no constructor NewX(ctx *pulumi.Context, …)", pkg)
		for _, of := range made {
			assert.Contains(t, examples[pkg], "."+of[1]+"(", "%s/example_test.go has no example that calls %s", pkg, of[1])
		}
	}
}

// TestEveryArgumentHasADefaultOrIsRequired checks the comment of each field that a caller fills in. It has to name a default, or say
// that the field is required.
func TestEveryArgumentHasADefaultOrIsRequired(t *testing.T) {
	t.Parallel()
	fields := 0
	for _, name := range files(t) {
		if !strings.HasPrefix(name, "components/") || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		positions := token.NewFileSet()
		parsed, err := parser.ParseFile(positions, filepath.Join(root, name), nil, parser.ParseComments)
		require.NoError(t, err)
		for _, declared := range parsed.Decls {
			general, isGeneral := declared.(*ast.GenDecl)
			if !isGeneral || general.Tok != token.TYPE {
				continue
			}
			for _, spec := range general.Specs {
				typ := spec.(*ast.TypeSpec)
				structure, isStruct := typ.Type.(*ast.StructType)
				if !isStruct || !typ.Name.IsExported() || outputs[parsed.Name.Name+"."+typ.Name.Name] || isResource(structure) {
					continue
				}
				for _, field := range structure.Fields.List {
					for _, of := range field.Names {
						fields++
						assert.True(t, !of.IsExported() || meansAbsent.MatchString(field.Doc.Text()),
							"%s:%d: the comment of %s.%s has neither \"Required\" nor \"Default:\"", name, positions.Position(of.Pos()).Line,
							typ.Name.Name, of.Name)
					}
				}
			}
		}
	}
	require.Greater(t, fields, 100)
}

// isResource reports whether a constructor returns the struct: it then embeds a resource's state.
func isResource(structure *ast.StructType) bool {
	for _, field := range structure.Fields.List {
		if of, embeds := field.Type.(*ast.SelectorExpr); embeds && len(field.Names) == 0 && strings.HasSuffix(of.Sel.Name, "ResourceState") {
			return true
		}
	}
	return false
}
