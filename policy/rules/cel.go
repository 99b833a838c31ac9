package rules

import (
	"errors"
	"slices"
	"sync"

	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/parser"
)

// The conditions of IAM and of workload identity federation are CEL expressions. CEL's own parser parses them. These functions
// decide from the parsed expression what a condition guarantees. An expression that they do not understand guarantees nothing.

// newParser makes the parser when the first condition is read, because its tables take a few milliseconds. It does not expand
// macros, so they appear as the calls that the author wrote.
var newParser = sync.OnceValues(func() (*parser.Parser, error) {
	return parser.NewParser(parser.Macros(parser.HasMacro), parser.MaxRecursionDepth(64), parser.ExpressionSizeCodePointLimit(10_000))
})

func parseCEL(text string) (ast.Expr, error) {
	p, err := newParser()
	if err != nil {
		return nil, err
	}
	parsed, problems := p.Parse(common.NewTextSource(text))
	if len(problems.GetErrors()) > 0 {
		return nil, errors.New(problems.GetErrors()[0].Message)
	}
	return parsed.Expr(), nil
}

// always reports whether expression e can have the truth value holds only if one of its parts makes a certain statement. The
// function says recognizes the statement. It is called for the parts without && and ||, with the truth value that the part then has.
func always(e ast.Expr, holds bool, says func(e ast.Expr, holds bool) bool) bool {
	if truth, is := boolLiteral(e); is && truth != holds {
		return true // e never has that value
	}
	if e.Kind() != ast.CallKind {
		return says(e, holds)
	}
	call := e.AsCall()
	args := call.Args()
	one := func(arg ast.Expr, holds bool) bool { return always(arg, holds, says) }
	switch call.FunctionName() {
	case "_&&_", "_||_":
		every := (call.FunctionName() == "_||_") == holds // any one of the parts can give this value, so each must make the statement
		if every {
			return !slices.ContainsFunc(args, func(arg ast.Expr) bool { return !one(arg, holds) })
		}
		return slices.ContainsFunc(args, func(arg ast.Expr) bool { return one(arg, holds) })
	case "!_":
		return one(args[0], !holds)
	case "_?_:_":
		return either(args, holds, one)
	case "_==_", "_!=_":
		for i, arg := range args {
			if truth, is := boolLiteral(args[1-i]); is && !isBool(arg) {
				return one(arg, truth == (holds == (call.FunctionName() == "_==_")))
			}
		}
	}
	return says(e, holds)
}

// either reports the same for c ? a : b. Each branch that can give the value must make the statement, in the condition or in the
// branch itself.
func either(args []ast.Expr, holds bool, one func(ast.Expr, bool) bool) bool {
	return (one(args[0], true) || one(args[1], holds)) && (one(args[0], false) || one(args[2], holds))
}

// method returns the two parts of TARGET.name(ARGUMENT).
func method(e ast.Expr, name string) (target, argument ast.Expr, is bool) {
	call := e.AsCall()
	if call.FunctionName() != name || !call.IsMemberFunction() || len(call.Args()) != 1 {
		return nil, nil, false
	}
	return call.Target(), call.Args()[0], true
}

// selector returns the claim or field that an expression selects, or "" for any other expression. assertion['sub'] reads as
// assertion.sub.
func selector(e ast.Expr) string {
	switch e.Kind() {
	case ast.IdentKind:
		return e.AsIdent()
	case ast.SelectKind:
		if of := selector(e.AsSelect().Operand()); of != "" && !e.AsSelect().IsTestOnly() {
			return of + "." + e.AsSelect().FieldName()
		}
	case ast.CallKind:
		if call := e.AsCall(); call.FunctionName() == "_[_]" {
			if key, literal := stringLiteral(call.Args()[1]); literal {
				if of := selector(call.Args()[0]); of != "" {
					return of + "." + key
				}
			}
		}
	}
	return ""
}

func stringLiteral(e ast.Expr) (string, bool) {
	s, is := e.AsLiteral().(types.String)
	return string(s), is
}

func boolLiteral(e ast.Expr) (truth, is bool) {
	b, is := e.AsLiteral().(types.Bool)
	return bool(b), is
}

func isBool(e ast.Expr) bool {
	_, is := boolLiteral(e)
	return is
}

// isNumberLiteral reports whether an expression is a literal whole number.
func isNumberLiteral(e ast.Expr) bool {
	switch e.AsLiteral().(type) {
	case types.Int, types.Uint:
		return true
	}
	return false
}

// claimsOf returns the claims that an expression reads, such as assertion.sub, each once. A claim that only has() asks for is not
// read. A part of a claim, such as assertion['kubernetes.io'].namespace, reads the claim.
func claimsOf(e ast.Expr) []string {
	var all []string
	ast.PreOrderVisit(e, ast.NewExprVisitor(func(e ast.Expr) {
		of := operand(e)
		if of != nil && of.Kind() == ast.IdentKind && slices.Contains([]string{"assertion", "attribute", "google"}, of.AsIdent()) &&
			selector(e) != "" && !slices.Contains(all, selector(e)) {
			all = append(all, selector(e))
		}
	}))
	return all
}

// operand returns what an expression selects a field of, or nil.
func operand(e ast.Expr) ast.Expr {
	switch {
	case e.Kind() == ast.SelectKind:
		return e.AsSelect().Operand()
	case e.Kind() == ast.CallKind && e.AsCall().FunctionName() == "_[_]":
		return e.AsCall().Args()[0]
	}
	return nil
}
