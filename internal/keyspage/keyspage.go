// Package keyspage writes the page of a settings file: every key with its kind and its meaning. It takes them from the structs that the
// file is decoded into and from their comments, so that a page cannot say anything else than the code. The structs' own tests compare
// the page with the recorded one.
package keyspage

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"regexp"
	"strings"
	"unicode"
)

// Page describes the page of one settings file.
type Page struct {
	// Tag is the struct tag that has the key of a field: json or yaml. Required.
	Tag string
	// Kinds says in words what fields of a type contain, by the type as Go writes it, such as time.Duration. Default: texts, numbers,
	// booleans, lists, maps and structs alone.
	Kinds map[string]string
	// Words are pairs of a text of a comment and what the page has instead. Default: none.
	Words []string

	structs map[string]*ast.StructType
	text    strings.Builder
}

// Read returns the tables for a struct and those in it, the struct's own under a heading. The structs are in these Go files.
func (p *Page) Read(heading, root string, files ...string) (string, error) {
	p.structs = map[string]*ast.StructType{}
	p.text.Reset()
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			return "", err
		}
		for _, declaration := range file.Decls {
			p.remember(declaration)
		}
	}
	if p.structs[root] == nil {
		return "", fmt.Errorf("no struct %s is in %s", root, strings.Join(files, ", "))
	}
	p.section(heading, root, "")
	return p.text.String(), nil
}

// remember keeps the structs of a declaration.
func (p *Page) remember(declaration ast.Decl) {
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
func (p *Page) section(title, name, path string) {
	fmt.Fprintf(&p.text, "\n## %s\n\n| key | value | meaning |\n|---|---|---|\n", title)
	type inner struct{ name, path string }
	var below []inner
	where := map[string]string{} // The section of a struct that several fields have, as both kinds of probes do.
	comment := ""
	for _, field := range p.structs[name].Fields.List {
		key := p.key(field)
		kind, structure, at := p.kind(field.Type, strings.TrimPrefix(path+"."+key, "."))
		if first, is := where[structure]; is {
			kind = strings.Replace(kind, "["+at+"](#"+anchor(at)+")", "["+first+"](#"+anchor(first)+")", 1)
		} else if structure != "" {
			where[structure] = at
			below = append(below, inner{structure, at})
		}
		if field.Doc != nil { // A field without a comment is under that of the field before it.
			comment = field.Doc.Text()
		}
		fmt.Fprintf(&p.text, "| `%s` | %s | %s |\n", key, kind, p.meaning(name, comment))
	}
	for _, one := range below {
		p.section(one.path, one.name, one.path)
	}
}

// key returns the name that a field has in the file.
func (p *Page) key(field *ast.Field) string {
	key, _, _ := strings.Cut(reflect.StructTag(strings.Trim(field.Tag.Value, "`")).Get(p.Tag), ",")
	return key
}

// meaning returns the comment of a struct's field as one cell of a table, with the names that the file has instead of Go's.
func (p *Page) meaning(structure, comment string) string {
	words := append([]string{"\n", " ", "|", "\\|"}, p.Words...)
	text := strings.NewReplacer(words...).Replace(strings.TrimSpace(comment))
	for _, field := range p.structs[structure].Fields.List {
		key, name := p.key(field), field.Names[0].Name
		switch hump := strings.IndexFunc(strings.TrimLeftFunc(name, unicode.IsUpper), unicode.IsUpper); {
		case hump >= 0 || name != strings.ToUpper(name) && strings.ToLower(name) != key:
			text = regexp.MustCompile(`\b`+name+`\b`).ReplaceAllString(text, "`"+key+"`")
		default: // A word, which may also begin a sentence; or an acronym.
			text = regexp.MustCompile(`^`+name+`\b`).ReplaceAllString(text, "`"+key+"`")
			if name != strings.ToUpper(name) {
				text = regexp.MustCompile(`([a-z,] )`+name+`\b`).ReplaceAllString(text, "$1`"+key+"`")
			}
		}
	}
	return text
}

// kind returns what a field contains and, if that is a struct, its name and path.
func (p *Page) kind(of ast.Expr, path string) (kind, structure, at string) {
	switch of := of.(type) {
	case *ast.StarExpr:
		return p.kind(of.X, path)
	case *ast.ArrayType:
		kind, structure, at = p.kind(of.Elt, path+"[]")
		return "list of " + kind, structure, at
	case *ast.MapType:
		kind, structure, at = p.kind(of.Value, path+".KEY")
		return "map of " + kind, structure, at
	case *ast.SelectorExpr:
		if kind := p.Kinds[fmt.Sprint(of.X)+"."+of.Sel.Name]; kind != "" {
			return kind, "", ""
		}
		return p.kind(of.Sel, path)
	case *ast.Ident:
		if kind := p.Kinds[of.Name]; kind != "" {
			return kind, "", ""
		}
		if p.structs[of.Name] != nil {
			return "[" + path + "](#" + anchor(path) + ")", of.Name, path
		}
		if strings.HasPrefix(of.Name, "int") {
			return "whole number", "", ""
		}
		return map[string]string{"string": "text", "bool": "true or false", "float64": "number"}[of.Name], "", ""
	}
	return "?", "", ""
}

// anchor returns a heading's anchor as GitHub makes it.
func anchor(title string) string {
	return strings.NewReplacer(".", "", "[]", "").Replace(strings.ToLower(title))
}
