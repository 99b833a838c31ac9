package rules

import (
	"slices"
	"strings"

	"cel.dev/cel-go/common/ast"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var wifBindingNarrow = crossguard.Policy{
	Name: "wif-binding-narrow",
	Description: "A grant to identities from outside the cloud covers one environment or workflow of one repository, " +
		"not a whole pool, owner or repository.",
	Enforcement: crossguard.Mandatory,
	Severity:    crossguard.Critical,
	Framework:   own("Workload identity: bindings of repository and environment"),
	Tags:        []string{"security", "iam", "federation"},
	RemediationSteps: "Bind principalSet://.../attribute.repo_env/REPOSITORY_ID:ENVIRONMENT, or another attribute that names one " +
		"environment or workflow.",
	Options: []crossguard.Option{{
		Name: "attributes", Description: "Attributes that are narrow enough for a grant; * stands for any characters.",
		Default: []string{"*_env", "env_workflow", "event_workflow", "*workflow_ref"},
	}},
	Kind: iamKind,
	Check: func(r *crossguard.Resource) {
		grant{member: fromOutside}.each(r, func(role, member string) {
			if problem := tooWide(member, r.Config.Strings("attributes")); problem != "" {
				r.Violation("grants %s to %s", role, problem)
			}
		})
	},
	CheckStack: func(s *crossguard.Stack) {
		providers := providersOf(s)
		s.EachOf(iamKind, func(r *crossguard.Resource) {
			grant{member: fromOutside}.each(r, func(role, member string) {
				pool, attribute, value := selected(member)
				for _, p := range providers {
					if p.pool != pool {
						continue
					}
					mapping, set := p.mapping[attribute]
					if text := defaultIn(mapping, value); text != "" {
						r.Violation("grants %s to %s, and %s maps %s from %q, so that jobs without a claim get %q as well: write 'none' for them", role,
							member, p.name, attribute, mapping, text)
					}
					if set && !narrowMapping(mapping) {
						r.Violation("grants %s to %s, and %s maps %s from %q, which does not tell environments or workflows of a repository apart: "+
							"map it from repository_id and environment", role, member, p.name, attribute, mapping)
					}
				}
			})
		})
	},
}

// selected returns the pool, the attribute and the value of a principal from outside, in lower case. The attribute of a single principal is
// google.subject.
func selected(member string) (pool, attribute, value string) {
	kind, rest, _ := strings.Cut(strings.ToLower(member), "/workloadidentitypools/")
	pool, rest, _ = strings.Cut(rest, "/")
	attribute, value, _ = strings.Cut(rest, "/")
	if !strings.HasPrefix(kind, "principalset:") && attribute == "subject" {
		attribute = "google.subject"
	}
	return pool, attribute, value
}

// tooWide returns the reason why a principal from outside covers more than one environment or workflow, or "" if it does not.
func tooWide(member string, narrow []string) string {
	pool, attribute, value := selected(member)
	cluster := strings.HasSuffix(pool, ".svc.id.goog") // workloads of the project's own clusters
	switch name, isAttribute := strings.CutPrefix(attribute, "attribute."); {
	case attribute == "" || attribute == "*":
		return "the whole pool: bind one value of " + list(narrow)
	case attribute == "google.subject":
		return wideSubject(member, value)
	case isAttribute && slices.Contains(oneWorkload, name) && value != "" && !strings.Contains(value, "*"):
		return ""
	case cluster && attribute == "namespace" && value != "" && !strings.Contains(value, "*"):
		return ""
	case !isAttribute || !matchesAny(narrow, name):
		return member + ", which is wider than one environment or workflow: bind one value of " + list(narrow) +
			", or add the attribute to attributes of wif-binding-narrow in policy/STACK.json"
	case strings.Contains(value, "*"), !hasParts(value):
		return member + " without one value: write the repository's id and the environment's or workflow's name"
	}
	return ""
}

// oneWorkload lists attributes that other issuers' documentation binds, each of which is one role or one workspace.
var oneWorkload = []string{"aws_role", "terraform_workspace_id", "terraform_full_workspace"}

// hasParts reports whether a joined value has all its parts and none of them is empty.
func hasParts(value string) bool {
	parts := strings.FieldsFunc(value, func(c rune) bool { return c == ':' || c == '@' })
	return len(parts) == strings.Count(value, ":")+strings.Count(value, "@")+1 &&
		(len(parts) > 1 || strings.Contains(value, "/")) &&
		!slices.ContainsFunc(parts, func(part string) bool { return strings.Trim(part, " /-_.") == "" })
}

// wideSubject judges a single principal. Some of GitHub's subjects cover all pull requests, or all workflows of a branch.
func wideSubject(member, subject string) string {
	switch {
	case strings.Trim(subject, ": /*") == "":
		return member + " without a subject: write it"
	case strings.Contains(subject, "*"):
		return member + ", but a subject has no wildcards: write it out, or bind an attribute"
	case slices.ContainsFunc(ofGitHub, func(claim string) bool { return strings.HasPrefix(subject, claim+":") }) && !namesRun(subject):
		return member + ", which every workflow of the repository has: bind one environment or workflow"
	case strings.HasSuffix(subject, ":pull_request"):
		return member + ", which every pull request has: bind one environment or workflow"
	}
	return ""
}

// ofGitHub lists the claims with which a subject of GitHub's begins if it says whose job it is. A repository may choose others than repo.
var ofGitHub = []string{"repo", "repository", "repository_id", "repository_owner", "repository_owner_id", "repository_visibility",
	"actor", "actor_id", "enterprise", "enterprise_id"}

// namesRun reports whether a subject of GitHub's names an environment or a workflow.
func namesRun(subject string) bool {
	return slices.ContainsFunc([]string{"environment", "workflow", "workflow_ref", "job_workflow_ref"}, func(claim string) bool {
		_, value, is := strings.Cut(subject, ":"+claim+":")
		return is && value != "" && value[0] != ':'
	})
}

type mappedProvider struct {
	pool, name string
	mapping    map[string]string // by attribute
}

func providersOf(s *crossguard.Stack) []mappedProvider {
	var all []mappedProvider
	s.Each([]string{poolProvider}, func(r *crossguard.Resource) {
		p := mappedProvider{pool: strings.ToLower(r.StringOr("workloadIdentityPoolId", "")), name: r.Name, mapping: map[string]string{}}
		for key := range r.Keys("attributeMapping") {
			if path := `attributeMapping["` + key + `"]`; r.IsKnown(path) {
				p.mapping[strings.ToLower(key)] = r.StringOr(path, "")
			}
		}
		all = append(all, p)
	})
	return all
}

// narrowMapping reports whether an attribute's mapping distinguishes the environments or workflows of one repository. It needs a
// claim that names repository and environment or workflow together, or two claims for them.
func narrowMapping(mapping string) bool {
	e, err := parseCEL(mapping)
	if err != nil {
		return false
	}
	whose, what := false, false
	parts := partsOf(e)
	for i := range parts[1:] { // 12 and 3prod look like 123 and prod
		if !isText(parts[i]) && !isText(parts[i+1]) {
			return false
		}
	}
	for _, claim := range claimsOf(e) {
		_, name, _ := strings.Cut(claim, ".")
		switch {
		case slices.Contains([]string{"sub", "job_workflow_ref", "workflow_ref", "arn"}, name):
			return true
		case slices.Contains(claimsOfAnybody, name), strings.Contains(name, "workflow"), strings.Contains(name, "job"):
			what = true
		case strings.Contains(name, "owner"), strings.Contains(name, "actor"), strings.HasPrefix(name, "user_"), // people, who work anywhere
			name == "enterprise", name == "enterprise_id":
		default:
			whose = true
		}
	}
	return whose && what
}

// partsOf returns the parts that a text is joined from, by + or by a list's join. Without a separator they stand side by side.
func partsOf(e ast.Expr) []ast.Expr {
	call := e.AsCall()
	switch {
	case call.FunctionName() == "_+_":
		return append(partsOf(call.Args()[0]), partsOf(call.Args()[1])...)
	case call.FunctionName() == "join" && call.IsMemberFunction() && call.Target().Kind() == ast.ListKind:
		var parts []ast.Expr
		for i, element := range call.Target().AsList().Elements() {
			if i > 0 && len(call.Args()) == 1 && isText(call.Args()[0]) {
				parts = append(parts, call.Args()[0])
			}
			parts = append(parts, element)
		}
		return parts
	}
	return []ast.Expr{e}
}

// isText reports whether an expression is a constant text that is not empty.
func isText(e ast.Expr) bool {
	text, _ := stringLiteral(e)
	return text != ""
}

// defaultIn returns the constant that a choice in a mapping can make, if a bound value has it as a part. A job that lacks the claim then
// has the value too. The constant none is meant for such jobs.
func defaultIn(mapping, value string) (found string) {
	e, err := parseCEL(mapping)
	if err != nil {
		return ""
	}
	parts := strings.FieldsFunc(value, func(c rune) bool { return c == ':' || c == '@' })
	ast.PreOrderVisit(e, ast.NewExprVisitor(func(e ast.Expr) {
		if e.AsCall().FunctionName() != "_?_:_" {
			return
		}
		for _, branch := range e.AsCall().Args()[1:] {
			if text, is := stringLiteral(branch); is && text != "none" && slices.Contains(parts, strings.ToLower(text)) {
				found = text
			}
		}
	}))
	return found
}
