package rules

import (
	"slices"
	"strings"

	"cel.dev/cel-go/common/ast"
)

// narrowed reports whether an IAM condition limits a grant to named resources. In every alternative, resource.name has to equal a
// name or begin with one. A condition on time, or on anything else, does not narrow a grant.
func narrowed(condition string) bool {
	e, err := parseCEL(condition)
	return err == nil && always(e, true, namesResources)
}

func namesResources(e ast.Expr, holds bool) bool {
	about := func(e ast.Expr) bool { return selector(e) == "resource.name" }
	name := func(e ast.Expr) bool {
		text, _ := stringLiteral(e)
		return namesOne(text)
	}
	if compares(e, holds, about, name) || compares(e, holds, extractsName, isText) {
		return true
	}
	if target, prefix, is := method(e, "startsWith"); holds && is {
		return about(target) && name(prefix) || extractsName(target) && isText(prefix)
	}
	target, suffix, is := method(e, "endsWith")
	return holds && is && about(target) && namesSecret(suffix)
}

// extractsName reports whether an expression is the part of resource.name that names one resource of a kind, as in
// resource.name.extract('secrets/{name}/').
func extractsName(e ast.Expr) bool {
	target, template, is := method(e, "extract")
	if !is || selector(target) != "resource.name" {
		return false
	}
	text, _ := stringLiteral(template)
	kind, _, has := strings.Cut(strings.TrimPrefix(text, "/"), "/{")
	return has && slices.Contains([]string{"secrets", "buckets", "datasets", "topics", "subscriptions", "repositories", "services"}, kind)
}

// namesSecret reports whether an ending is that of one secret's names. Other names have parts that their users choose, which may contain
// a slash.
func namesSecret(e ast.Expr) bool {
	text, _ := stringLiteral(e)
	secret, is := strings.CutPrefix(text, "/secrets/")
	return is && secret != "" && secret[0] != '/'
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
func boundedGrants(condition string, dangerous func(role string) bool) bool {
	e, err := parseCEL(condition)
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
