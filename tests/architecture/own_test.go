package architecture_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// untested are the packages without tests in their own folder, each with the reason. Mains need no reason, because nothing can call them:
// what they start has tests, and TestMainsAreThin keeps the rest out of them.
var untested = map[string]string{
	"internal/webpage/webpagetest":               "it is part of the tests of every page, which fail where it does",
	"release/registry/provenance/provenancetest": "it makes the bundles that the tests of provenance verify or refuse",
	"release/registry/registrytest":              "it serves the registry that the tests of release/registry ask",
	"sandbox/engine/enginetest":                  "it is the other side of the tests of sandbox/engine",
	"sandbox/server/servertest":                  "it starts the cloud that the tests of sandbox/server ask",
	"tests/chains/act/pty":                       "the tests of chains type into the terminal that it makes",
	"tests/linkonce":                             "it saves time in the tests that begin with it, and they pass without it",
}

// TestEveryPackageHasTests checks that each package has its own tests. If only other packages' tests reach a package,
// no test says what the package has to do. docs/adr/0045 has the alternatives.
func TestEveryPackageHasTests(t *testing.T) {
	t.Parallel()
	isTest := regexp.MustCompile(`^(Test|Example|Fuzz)`)
	file, code, tested := map[string]string{}, map[string]bool{}, map[string]bool{}
	for _, source := range sources(t) {
		// Go ignores the folders whose names begin with _.
		if source.parsed.Name.Name == "main" && !source.test || strings.Contains(source.pkg, "/_") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, source.file), nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, declaration := range parsed.Decls {
			function, is := declaration.(*ast.FuncDecl)
			switch {
			case !is:
			case !source.test:
				code[source.pkg], file[source.pkg] = true, source.file
			case isTest.MatchString(function.Name.Name) && function.Name.Name != "TestMain":
				tested[source.pkg] = true
			}
		}
	}
	require.Greater(t, len(code), 100)
	for pkg := range code {
		reason, excepted := untested[pkg]
		assert.Equal(t, !excepted, tested[pkg], "%s: give it tests in its folder, or a reason in tests/architecture/own_test.go", file[pkg])
		assert.True(t, !excepted || reason != "", pkg)
	}
	for pkg := range untested {
		assert.True(t, code[pkg], "%s has no code any more: take it out of tests/architecture/own_test.go", pkg)
	}
}
