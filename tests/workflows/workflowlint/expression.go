package workflowlint

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/rhysd/actionlint"
)

// World is what a condition can read: contexts by their dotted names, and status functions such as "cancelled()".
type World map[string]any

// nodes caches parsed conditions by their text, because a test computes the same one in thousands of worlds.
var nodes sync.Map

// Evaluate computes a condition, with or without ${{ }}. It supports strings, booleans, !, &&, ||, ==, != and format. It refuses
// everything else, and names that the world does not have, because a guess could make a test pass.
func Evaluate(condition string, w World) (any, error) {
	text := strings.TrimSpace(condition)
	text = strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(text, "${{"), "}}"))
	node, known := nodes.Load(text)
	if !known {
		parsed, problem := actionlint.NewExprParser().Parse(actionlint.NewExprLexer(text + "}}"))
		if problem != nil {
			return nil, fmt.Errorf("%s: %w", condition, problem)
		}
		node, _ = nodes.LoadOrStore(text, parsed)
	}
	value, err := w.value(node.(actionlint.ExprNode))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", condition, err)
	}
	return value, nil
}

// Truth reports whether GitHub treats a value as true.
func Truth(v any) bool { return v != nil && v != false && v != "" }

func (w World) value(node actionlint.ExprNode) (any, error) {
	switch node := node.(type) {
	case *actionlint.StringNode:
		return node.Value, nil
	case *actionlint.BoolNode:
		return node.Value, nil
	case *actionlint.NotOpNode:
		operand, err := w.value(node.Operand)
		return !Truth(operand), err
	case *actionlint.LogicalOpNode:
		left, err := w.value(node.Left)
		if err != nil || Truth(left) == (node.Kind == actionlint.LogicalOpNodeKindOr) {
			return left, err
		}
		return w.value(node.Right)
	case *actionlint.CompareOpNode:
		return w.compare(node)
	case *actionlint.FuncCallNode:
		if node.Callee == "format" {
			return w.format(node.Args)
		}
		return w.known(node.Callee + "()")
	case *actionlint.VariableNode, *actionlint.ObjectDerefNode:
		name, err := dotted(node)
		if err != nil {
			return nil, err
		}
		return w.known(name)
	}
	return nil, fmt.Errorf("a %T cannot be computed here", node)
}

// format puts values into a text at {0}, {1} and so on.
func (w World) format(args []actionlint.ExprNode) (any, error) {
	var values []string
	for _, arg := range args {
		value, err := w.value(arg)
		if err != nil {
			return nil, err
		}
		if value == nil {
			value = ""
		}
		values = append(values, fmt.Sprint(value))
	}
	if len(values) == 0 {
		return nil, errors.New("format has no text")
	}
	text := values[0]
	for i, value := range values[1:] {
		text = strings.ReplaceAll(text, fmt.Sprintf("{%d}", i), value)
	}
	return text, nil
}

func (w World) compare(node *actionlint.CompareOpNode) (any, error) {
	left, err := w.value(node.Left)
	if err != nil {
		return nil, err
	}
	right, err := w.value(node.Right)
	if err != nil {
		return nil, err
	}
	equal := fmt.Sprint(left) == fmt.Sprint(right)
	switch node.Kind {
	case actionlint.CompareOpNodeKindEq:
		return equal, nil
	case actionlint.CompareOpNodeKindNotEq:
		return !equal, nil
	}
	return nil, fmt.Errorf("the comparison %s cannot be computed here", node.Kind)
}

func (w World) known(name string) (any, error) {
	found, ok := w[name]
	if !ok {
		return nil, fmt.Errorf("nothing is said of %s: give its value", name)
	}
	return found, nil
}

func dotted(node actionlint.ExprNode) (string, error) {
	switch node := node.(type) {
	case *actionlint.VariableNode:
		return node.Name, nil
	case *actionlint.ObjectDerefNode:
		receiver, err := dotted(node.Receiver)
		return receiver + "." + node.Property, err
	}
	return "", fmt.Errorf("a %T has no name here", node)
}
