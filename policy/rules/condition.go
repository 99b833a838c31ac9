package rules

import (
	"strings"

	"cel.dev/cel-go/common/ast"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

// narrowed reports whether an IAM condition limits a grant to named resources. In every alternative, resource.name has to equal a
// name or begin with one. A condition on time, or on anything else, does not narrow a grant.
func narrowed(r *crossguard.Resource) bool {
	text, set := r.String("condition.expression")
	if !set {
		return false
	}
	e, err := parseCEL(text)
	return err == nil && always(e, true, namesResources)
}

func namesResources(e ast.Expr, holds bool) bool {
	if !holds || e.Kind() != ast.CallKind {
		return false
	}
	call := e.AsCall()
	about := func(e ast.Expr) bool { return selector(e) == "resource.name" }
	switch call.FunctionName() {
	case "_==_":
		for i, arg := range call.Args() {
			other, literal := stringLiteral(call.Args()[1-i])
			if about(arg) && literal && saysResource(other) {
				return true
			}
		}
	case "startsWith":
		if call.IsMemberFunction() && about(call.Target()) && len(call.Args()) == 1 {
			prefix, literal := stringLiteral(call.Args()[0])
			return literal && saysResource(prefix)
		}
	}
	return false
}

// saysResource reports whether a resource's name, or its beginning, identifies more than a kind of resource. All secrets of a
// project begin with projects/1/secrets/, so that alone says nothing.
func saysResource(name string) bool {
	parts := strings.Split(strings.TrimSuffix(strings.TrimPrefix(name, "//"), "/"), "/")
	return len(parts) >= 4 && parts[3] != ""
}

// boundedGrants reports whether a condition limits the roles that the holder can give to others. Without such a condition, a
// projectIamAdmin can become an owner.
func boundedGrants(r *crossguard.Resource, dangerous func(role string) bool) bool {
	text, set := r.String("condition.expression")
	if !set {
		return false
	}
	e, err := parseCEL(text)
	return err == nil && always(e, true, func(e ast.Expr, holds bool) bool {
		if !holds || e.Kind() != ast.CallKind || e.AsCall().FunctionName() != "hasOnly" || !e.AsCall().IsMemberFunction() ||
			len(e.AsCall().Args()) != 1 {
			return false
		}
		target := e.AsCall().Target()
		if target.Kind() != ast.CallKind || target.AsCall().FunctionName() != "getAttribute" || len(target.AsCall().Args()) == 0 {
			return false
		}
		attribute, _ := stringLiteral(target.AsCall().Args()[0])
		list := e.AsCall().Args()[0]
		if attribute != "iam.googleapis.com/modifiedGrantsByRole" || list.Kind() != ast.ListKind {
			return false
		}
		for _, element := range list.AsList().Elements() {
			if role, literal := stringLiteral(element); !literal || dangerous(strings.ToLower(role)) {
				return false
			}
		}
		return true
	})
}
