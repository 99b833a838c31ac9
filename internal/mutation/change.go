package mutation

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
)

// change is one place at which the code is changed.
type change struct {
	id       int
	position token.Position
	what     string
	line     string // of the source
}

// chosenSource is added to the changed package. Its variable says which change is on.
const chosenSource = `package %s

import (
	"os"
	"strconv"
)

var mutantOfThisRun, _ = strconv.Atoi(os.Getenv("MUTANT"))
`

// mutator adds every change to a package's files, each behind a condition that is true while the change is selected.
type mutator struct {
	files   *token.FileSet
	changes []change

	source []byte
	base   int                      // of the file, in positions
	edits  []edit                   // of the file
	orders map[*ast.BinaryExpr]bool // The comparisons that sort.Slice calls.
}

// edit replaces the source from start to end. text is given a function that renders a part of that source with its inner edits.
type edit struct {
	start, end token.Pos
	text       func(inside func(start, end token.Pos) string) string
}

// file returns the source of a file with its changes.
func (m *mutator) file(name string, source []byte) (string, error) {
	file, err := parser.ParseFile(m.files, name, source, parser.SkipObjectResolution)
	if err != nil {
		return "", err
	}
	m.source, m.base, m.edits, m.orders = source, m.files.File(file.Pos()).Base(), nil, map[*ast.BinaryExpr]bool{}
	for _, declaration := range file.Decls {
		if general, is := declaration.(*ast.GenDecl); !is || general.Tok == token.VAR { // Constants and types are left alone.
			ast.Inspect(declaration, m.node)
		}
	}
	// An outer edit comes before the edits inside it.
	slices.SortStableFunc(m.edits, func(a, b edit) int {
		if a.start != b.start {
			return int(a.start - b.start)
		}
		return int(b.end - a.end)
	})
	return m.render(m.edits, token.Pos(m.base), token.Pos(m.base+len(source))), nil
}

// render returns the source from start to end with the edits applied.
func (m *mutator) render(edits []edit, start, end token.Pos) string {
	var out strings.Builder
	at := start
	for i, edit := range edits {
		if edit.start < at || edit.end > end {
			continue // The edit is inside one that is applied already, or outside the range.
		}
		out.Write(m.source[int(at)-m.base : int(edit.start)-m.base])
		out.WriteString(edit.text(func(start, end token.Pos) string { return m.render(edits[i+1:], start, end) }))
		at = edit.end
	}
	out.Write(m.source[int(at)-m.base : int(end)-m.base])
	return out.String()
}

// add records a change at a place and returns the expression that is true while the change is selected.
func (m *mutator) add(at token.Pos, what string) string {
	position := m.files.Position(at)
	line, _, _ := strings.Cut(string(m.source[position.Offset-position.Column+1:]), "\n")
	m.changes = append(m.changes, change{id: len(m.changes) + 1, position: position, what: what, line: strings.TrimSpace(line)})
	return fmt.Sprintf("(mutantOfThisRun == %d)", len(m.changes))
}

func (m *mutator) node(node ast.Node) bool {
	switch node := node.(type) {
	case *ast.GenDecl:
		return node.Tok == token.VAR
	case *ast.BlockStmt:
		m.statements(node.List)
	case *ast.CaseClause:
		m.statements(node.Body)
	case *ast.IfStmt:
		m.turned(node.Cond, "the condition is negated")
	case *ast.SwitchStmt:
		if node.Tag == nil {
			for _, clause := range node.Body.List {
				for _, condition := range clause.(*ast.CaseClause).List {
					m.turned(condition, "the case is negated")
				}
			}
		}
	case *ast.UnaryExpr:
		if node.Op == token.NOT {
			on := m.add(node.Pos(), "! is left out")
			m.replace(node, func(as string) string { return "((" + as + ") != " + on + ")" })
		}
	case *ast.CallExpr:
		m.sorting(node)
	case *ast.Ident:
		if node.Name == "true" || node.Name == "false" {
			on := m.add(node.Pos(), node.Name+" is swapped")
			m.replace(node, func(as string) string { return "(" + as + " != " + on + ")" })
		}
	case *ast.BinaryExpr:
		if other, is := swapped(node); is {
			if m.orders[node] {
				other = map[token.Token]token.Token{token.LSS: token.GTR, token.GTR: token.LSS}[node.Op]
			}
			m.operator(node, other)
		}
	}
	return true
}

// turned negates a condition. It leaves out a condition that begins with an operator that another change swaps or leaves out,
// because that change tests more.
func (m *mutator) turned(condition ast.Expr, what string) {
	if _, is := swapped(condition); is {
		return
	}
	if unary, is := condition.(*ast.UnaryExpr); is && unary.Op == token.NOT {
		return
	}
	on := m.add(condition.Pos(), what)
	m.replace(condition, func(as string) string { return "(" + as + ") != " + on })
}

// sorting marks the comparisons in a call of sort.Slice. sort.Slice promises no order among equals, so < and <= mean the same; <
// becomes >.
func (m *mutator) sorting(call *ast.CallExpr) {
	function, is := call.Fun.(*ast.SelectorExpr)
	if !is || function.Sel.Name != "Slice" || len(call.Args) != 2 {
		return
	}
	if name, is := function.X.(*ast.Ident); !is || name.Name != "sort" {
		return
	}
	ast.Inspect(call.Args[1], func(node ast.Node) bool {
		if binary, is := node.(*ast.BinaryExpr); is && (binary.Op == token.LSS || binary.Op == token.GTR) {
			m.orders[binary] = true
		}
		return true
	})
}

// replace edits a node; text gets the node's source and returns the new one.
func (m *mutator) replace(node ast.Node, text func(as string) string) {
	m.edits = append(m.edits, edit{start: node.Pos(), end: node.End(), text: func(inside func(start, end token.Pos) string) string {
		return text(inside(node.Pos(), node.End()))
	}})
}

// operator replaces an operation by one that uses the other operator while its change is on. Only one of the two is evaluated.
func (m *mutator) operator(node *ast.BinaryExpr, other token.Token) {
	on := m.add(node.OpPos, node.Op.String()+" is "+other.String())
	after := node.OpPos + token.Pos(len(node.Op.String()))
	m.edits = append(m.edits, edit{start: node.Pos(), end: node.End(), text: func(inside func(start, end token.Pos) string) string {
		left, right := inside(node.Pos(), node.OpPos), inside(after, node.End())
		return "func() bool { if " + on + " { return " + left + other.String() + right + " }; return " + left + node.Op.String() + right + " }()"
	}})
}

// statements adds the changes that leave out calls, assignments and steps out of loops.
func (m *mutator) statements(list []ast.Stmt) {
	for _, statement := range list {
		what := ""
		switch statement := statement.(type) {
		case *ast.ExprStmt:
			if call, is := statement.X.(*ast.CallExpr); is && !isPanic(call) {
				what = "the call is left out"
			}
		case *ast.BranchStmt:
			if statement.Tok == token.CONTINUE || statement.Tok == token.BREAK {
				what = statement.Tok.String() + " is left out"
			}
		case *ast.IncDecStmt:
			what = statement.Tok.String() + " is left out"
		case *ast.AssignStmt:
			if statement.Tok != token.DEFINE && !slices.ContainsFunc(statement.Lhs, isBlank) {
				what = "the assignment is left out"
			}
		}
		if what != "" {
			on := m.add(statement.Pos(), what)
			m.replace(statement, func(as string) string { return "if !" + on + " { " + as + " }" })
		}
	}
}

func isBlank(expression ast.Expr) bool {
	name, is := expression.(*ast.Ident)
	return is && name.Name == "_"
}

func isPanic(call *ast.CallExpr) bool {
	name, is := call.Fun.(*ast.Ident)
	return is && name.Name == "panic"
}

// swapped returns the operator that replaces that of a comparison or a logical operation.
func swapped(expression ast.Expr) (token.Token, bool) {
	binary, is := expression.(*ast.BinaryExpr)
	if !is {
		return 0, false
	}
	other, is := map[token.Token]token.Token{
		token.LSS: token.LEQ, token.LEQ: token.LSS, token.GTR: token.GEQ, token.GEQ: token.GTR,
		token.EQL: token.NEQ, token.NEQ: token.EQL, token.LAND: token.LOR, token.LOR: token.LAND,
	}[binary.Op]
	return other, is
}
