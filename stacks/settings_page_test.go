package stacks

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/internal/golden"
)

var update = flag.Bool("update", false, "write docs/settings.md again")

// TestSettingsPage compares docs/settings.md with the comments of the fields. `go test ./stacks -run SettingsPage -update` writes
// the page.
func TestSettingsPage(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("settings*.go")
	require.NoError(t, err)
	p := settingsPage{structs: map[string]*ast.StructType{}}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		require.NoError(t, err)
		for _, declaration := range file.Decls {
			p.read(declaration)
		}
	}
	p.text.WriteString("# Settings\n\nGenerated from the comments in `stacks/settings*.go` by `go test ./stacks -run SettingsPage " +
		"-update`: do not edit.\n\n" +
		"The settings are in `Pulumi.STACK.yaml`, under `config: APPLICATION:platform:`. The program refuses an unknown key, and a\n" +
		"value that cannot work, before it makes anything. `stand-in:` before a value marks a value that only the owner knows. A\n" +
		"real `up` refuses it. The [glossary](glossary.md) explains the words.\n")
	p.section("Settings", "")
	golden.Check(t, "../docs/settings.md", p.text.String(), *update)
}

type settingsPage struct {
	text    strings.Builder
	structs map[string]*ast.StructType
}

// read remembers the structs of a declaration.
func (p *settingsPage) read(declaration ast.Decl) {
	general, ok := declaration.(*ast.GenDecl)
	if !ok {
		return
	}
	for _, spec := range general.Specs {
		if named, ok := spec.(*ast.TypeSpec); ok {
			if structure, ok := named.Type.(*ast.StructType); ok {
				p.structs[named.Name.Name] = structure
			}
		}
	}
}

// section writes the table of one struct, and then those of the structs in it.
func (p *settingsPage) section(name, path string) {
	title := path
	if title == "" {
		title = "At the top"
	}
	fmt.Fprintf(&p.text, "\n## %s\n\n| key | value | meaning |\n|---|---|---|\n", title)
	type inner struct{ name, path string }
	var below []inner
	where := map[string]string{} // the section of a struct that several fields have, as both kinds of probes do
	for _, field := range p.structs[name].Fields.List {
		tag := reflect.StructTag(strings.Trim(field.Tag.Value, "`"))
		key, _, _ := strings.Cut(tag.Get("json"), ",")
		kind, structure, at := p.kind(field.Type, join(path, key))
		if first, is := where[structure]; is {
			kind = strings.Replace(kind, "#"+anchor(at), "#"+anchor(first), 1)
		} else if structure != "" {
			where[structure] = at
			below = append(below, inner{structure, at})
		}
		comment := field.Doc
		if comment == nil { // two fields under one comment: the one before has it
			comment = p.structs[name].Fields.List[0].Doc
			for _, before := range p.structs[name].Fields.List {
				if before.Doc != nil && before.Pos() < field.Pos() {
					comment = before.Doc
				}
			}
		}
		fmt.Fprintf(&p.text, "| `%s` | %s | %s |\n", key, kind, p.meaning(name, comment.Text()))
	}
	for _, one := range below {
		p.section(one.name, one.path)
	}
}

// meaning returns the comment of a struct's field as one cell of a table, with the names that the file has instead of Go's.
func (p *settingsPage) meaning(structure, comment string) string {
	text := strings.NewReplacer("\n", " ", "|", "\\|", "[StandInPrefix]", "`stand-in:`", "[PipelineAccountPrefix]", "`github-actions-`",
		"GitHub.Branch", "`github.branch`", "Settings.Secrets", "the stack's `secrets`",
		"Settings.Databases", "the stack's `databases`",
		"Settings.Buckets", "the stack's `buckets`").Replace(strings.TrimSpace(comment))
	for _, field := range p.structs[structure].Fields.List {
		key, _, _ := strings.Cut(reflect.StructTag(strings.Trim(field.Tag.Value, "`")).Get("json"), ",")
		name := field.Names[0].Name
		switch hump := strings.IndexFunc(strings.TrimLeftFunc(name, unicode.IsUpper), unicode.IsUpper); {
		case hump >= 0 || name != strings.ToUpper(name) && strings.ToLower(name) != key:
			text = regexp.MustCompile(`\b`+name+`\b`).ReplaceAllString(text, "`"+key+"`")
		default: // a word, which may also begin a sentence; or an acronym
			text = regexp.MustCompile(`^`+name+`\b`).ReplaceAllString(text, "`"+key+"`")
			if name != strings.ToUpper(name) {
				text = regexp.MustCompile(`([a-z,] )`+name+`\b`).ReplaceAllString(text, "$1`"+key+"`")
			}
		}
	}
	return text
}

// kind returns what a field contains and, if that is a struct, its name and path.
func (p *settingsPage) kind(of ast.Expr, path string) (kind, structure, at string) {
	switch of := of.(type) {
	case *ast.StarExpr:
		return p.kind(of.X, path)
	case *ast.ArrayType:
		kind, structure, at = p.kind(of.Elt, path+"[]")
		return "list of " + kind, structure, at
	case *ast.MapType:
		kind, structure, at = p.kind(of.Value, path+".KEY")
		return "map of " + kind, structure, at
	case *ast.Ident:
		if of.Name == "URLVariables" {
			return "list of text, or map of text", "", ""
		}
		if p.structs[of.Name] != nil {
			return "[" + path + "](#" + anchor(path) + ")", of.Name, path
		}
		return map[string]string{"string": "text", "bool": "true or false", "float64": "number"}[of.Name] +
			map[bool]string{true: "whole number"}[strings.HasPrefix(of.Name, "int")], "", ""
	}
	return "?", "", ""
}

// anchor returns a heading's anchor as GitHub makes it.
func anchor(title string) string {
	return strings.NewReplacer(".", "", "[]", "").Replace(strings.ToLower(title))
}
