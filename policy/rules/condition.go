package rules

import (
	"slices"
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
	about := func(e ast.Expr) bool { return selector(e) == "resource.name" }
	name := func(e ast.Expr) bool {
		text, _ := stringLiteral(e)
		return namesOne(text)
	}
	target, prefix, is := method(e, "startsWith")
	return compares(e, holds, about, name) || holds && is && about(target) && name(prefix)
}

// namesOne reports whether a resource's name, or its beginning, identifies more than a kind of resource or a place. All secrets of a
// project begin with projects/1/secrets/, and all resources of a region with projects/1/locations/us-central1/services/.
func namesOne(name string) bool {
	if rest, full := strings.CutPrefix(name, "//"); full {
		_, name, _ = strings.Cut(rest, "/")
	}
	parts := strings.Split(name, "/")
	for len(parts) >= 4 && slices.Contains([]string{"locations", "regions", "zones"}, parts[2]) {
		parts = append(parts[:2:2], parts[4:]...)
	}
	return len(parts) >= 4 && !slices.Contains(parts[:4], "")
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
		attribute, listed, is := method(e, "hasOnly")
		return holds && is && readsModifiedGrants(attribute) && listed.Kind() == ast.ListKind &&
			!slices.ContainsFunc(listed.AsList().Elements(), func(e ast.Expr) bool {
				role, literal := stringLiteral(e)
				return !literal || dangerous(strings.ToLower(role))
			})
	})
}

// readsModifiedGrants reports whether an expression is the roles that a request gives or takes, as IAM names them.
func readsModifiedGrants(e ast.Expr) bool {
	if e.AsCall().FunctionName() != "getAttribute" || len(e.AsCall().Args()) == 0 {
		return false
	}
	name, _ := stringLiteral(e.AsCall().Args()[0])
	return name == "iam.googleapis.com/modifiedGrantsByRole"
}
