package rules

import (
	"regexp/syntax"
	"slices"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

// guarantees reports whether a condition is true only for given numbers of a claim such as assertion.repository_id. Every
// alternative has to compare the claim with numbers: by ==, in, a list's exists, or a pattern that matches only numbers. means
// returns the claim that an attribute is mapped from.
func guarantees(condition, claim string, means func(selector string) string) bool {
	e, err := parseCEL(condition)
	if err != nil {
		return false
	}
	is := func(e ast.Expr) bool { return means(selector(unconverted(e))) == claim }
	number := func(e ast.Expr) bool {
		s, _ := stringLiteral(e)
		return isDigits(s) || isNumberLiteral(e)
	}
	return always(e, true, func(e ast.Expr, holds bool) bool {
		return compares(e, holds, is, number) || holds && matchesOnly(e, is, isDigits)
	})
}

// unconverted returns the X of string(X) and int(X), which tell the same numbers apart as X does.
func unconverted(e ast.Expr) ast.Expr {
	if call := e.AsCall(); (call.FunctionName() == "string" || call.FunctionName() == "int") && len(call.Args()) == 1 {
		return call.Args()[0]
	}
	return e
}

func isDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// compares reports whether a part of a condition makes the asked claim equal to an accepted value whenever the part has the truth
// value holds. It knows CLAIM == VALUE, CLAIM in [VALUES], VALUE in [CLAIM], [VALUES].exists(v, v == CLAIM), and != if holds is false.
func compares(e ast.Expr, holds bool, asked, accepted func(ast.Expr) bool) bool {
	call := e.AsCall()
	args := call.Args()
	switch name := call.FunctionName(); {
	case name == "_==_" && holds, name == "_!=_" && !holds:
		return asked(args[0]) && accepted(args[1]) || asked(args[1]) && accepted(args[0])
	case name == "@in" && holds, name == "_in_" && holds:
		return asked(args[0]) && listOf(args[1], accepted) || accepted(args[0]) && listOf(args[1], asked)
	case (name == "exists" || name == "exists_one" || name == "existsOne") && holds && call.IsMemberFunction() && len(args) == 2 &&
		args[0].Kind() == ast.IdentKind:
		variable := func(e ast.Expr) bool { return e.Kind() == ast.IdentKind && e.AsIdent() == args[0].AsIdent() }
		if listOf(call.Target(), accepted) {
			return always(args[1], true, func(e ast.Expr, holds bool) bool { return compares(e, holds, asked, variable) })
		}
		return asked(call.Target()) && always(args[1], true, func(e ast.Expr, holds bool) bool { return compares(e, holds, variable, accepted) })
	}
	return false
}

func listOf(e ast.Expr, accepted func(ast.Expr) bool) bool {
	return e.Kind() == ast.ListKind && e.AsList().Size() > 0 &&
		!slices.ContainsFunc(e.AsList().Elements(), func(e ast.Expr) bool { return !accepted(e) })
}

// patternOf returns the pattern that a claim is matched with.
func patternOf(e ast.Expr, asked func(ast.Expr) bool) (*syntax.Regexp, bool) {
	call := e.AsCall()
	parts := call.Args()
	if call.IsMemberFunction() {
		parts = append([]ast.Expr{call.Target()}, parts...)
	}
	if call.FunctionName() != "matches" || len(parts) != 2 || !asked(parts[0]) {
		return nil, false
	}
	text, _ := stringLiteral(parts[1])
	re, err := syntax.Parse(text, syntax.Perl)
	return re, err == nil
}

// asks reports whether a condition asks who presents the token. In each alternative, a claim that identifies somebody has to
// equal, or begin with, a text that is not true of everybody. A comparison with !=, or a test that the claim exists, is true of
// nearly everybody and does not count. mapped returns the expression of an attribute such as attribute.team, or "".
func asks(condition string, mapped func(attribute string) string) bool {
	e, err := parseCEL(condition)
	return err == nil && always(e, true, askers{mapped}.asksWho)
}

// askers decides who is asked for, with the mapping of one provider.
type askers struct{ mapped func(attribute string) string }

func (a askers) asksWho(e ast.Expr, holds bool) bool {
	value := func(e ast.Expr) bool {
		s, _ := stringLiteral(e)
		return saysWho(s) || isNumberLiteral(e)
	}
	if compares(e, holds, a.identifies, value) {
		return true
	}
	if !holds {
		return false
	}
	if call := e.AsCall(); call.FunctionName() == "@in" || call.FunctionName() == "_in_" { // 'admins' in assertion.groups
		return value(call.Args()[0]) && a.identifies(call.Args()[1]) && selector(call.Args()[1]) != ""
	}
	if who, prefix, is := method(e, "startsWith"); is {
		text, _ := stringLiteral(prefix)
		return a.identifies(endOf(who, 0)) && boundedWho(text)
	}
	// An ending counts only for domains, which have an owner: anybody can choose a name with any other ending.
	if who, suffix, is := method(e, "endsWith"); is {
		domain, _ := stringLiteral(suffix)
		return a.identifies(endOf(who, 1)) && ownDomain(domain)
	}
	re, is := patternOf(e, func(e ast.Expr) bool { return a.identifies(endOf(e, 0)) && a.identifies(endOf(e, 1)) })
	return is && patternSaysWho(re)
}

// endOf returns the first or last part of a joined text: side is 0 or 1. 'acme/' + assertion.sub always begins with the same constant.
func endOf(e ast.Expr, side int) ast.Expr {
	for e.AsCall().FunctionName() == "_+_" {
		e = e.AsCall().Args()[side]
	}
	return e
}

// identifies reports whether an expression is a claim that identifies somebody, or is made of one without losing that. Most functions
// lose it: each token has some first letter, and its owner may choose a name's last part.
func (a askers) identifies(e ast.Expr) bool {
	e = unconverted(e)
	if name := selector(e); name != "" {
		root, _, _ := strings.Cut(name, ".")
		if root == "attribute" || root == "google" {
			mapping := a.mapped(name)
			to, err := parseCEL(mapping)
			// Google refuses a token for an attribute that nothing is mapped to. For AWS it has mappings of its own.
			return mapping == "" || err == nil && askers{func(string) string { return "'nobody'" }}.identifies(to)
		}
		return slices.ContainsFunc(claimsOf(e), func(claim string) bool {
			return !slices.Contains(claimsOfAnybody, strings.TrimPrefix(claim, "assertion."))
		})
	}
	call := e.AsCall()
	switch name := call.FunctionName(); {
	case name == "_+_":
		return slices.ContainsFunc(call.Args(), a.identifies)
	case name == "_?_:_":
		return a.eachBranch(call.Args()[1:])
	case name == "_[_]":
		return a.partIdentifies(call.Args()[0], call.Args()[1])
	case !call.IsMemberFunction():
		return false
	case name == "extract":
		return selector(call.Target()) == "assertion.arn" // a role of the provider's own AWS account
	}
	return slices.Contains([]string{"lowerAscii", "upperAscii", "trim"}, call.FunctionName()) && a.identifies(call.Target())
}

// eachBranch reports whether both branches of a choice identify somebody. A constant may stand for nobody, such as 'none'.
func (a askers) eachBranch(branches []ast.Expr) bool {
	nobody := func(e ast.Expr) bool {
		text, literal := stringLiteral(e)
		return literal && !saysWho(text)
	}
	return !slices.ContainsFunc(branches, func(e ast.Expr) bool { return !nobody(e) && !a.identifies(e) }) &&
		slices.ContainsFunc(branches, a.identifies)
}

// partIdentifies judges CLAIM.split(SEPARATOR)[NUMBER]. A path begins with its owner, and an address ends with it.
func (a askers) partIdentifies(e, number ast.Expr) bool {
	whole, by, is := method(e, "split")
	if !is || !a.identifies(whole) {
		return false
	}
	separator, _ := stringLiteral(by)
	first := number.AsLiteral() == types.Int(0)
	switch separator {
	case "/":
		return first
	case "@":
		return !first
	}
	return separator != "" && isNumberLiteral(number)
}

// claimsOfAnybody lists claims that every token of an issuer has, and claims that name the running code rather than its owner.
var claimsOfAnybody = []string{
	"iss", "aud", "exp", "iat", "nbf", "jti", "typ", "alg", "kid", "nonce", "at_hash", "auth_time", "acr", "amr", "email_verified", "ver",
	"ref", "ref_type", "ref_path", "ref_protected", "head_ref", "base_ref", "sha", "environment", "environment_protected",
	"deployment_tier", "environment_action",
	"workflow", "terraform_workspace_name", "terraform_project_name",
	"event_name", "runner_environment", "repository_visibility", "project_visibility", "run_id", "run_number", "run_attempt",
	"pipeline_source", "check_run_id", "user_access_level",
}

// general lists words in claims that name a kind of thing.
var general = []string{
	"", "repo", "repository", "project", "project_path", "projects", "group", "groups", "ref", "ref_type", "refs", "heads", "tags",
	"branch", "tag", "main", "master", "pull_request",
	"environment", "env", "prod", "production", "staging", "dev", "job_workflow_ref", "system", "serviceaccount", "serviceaccounts",
	"user", "users", "organization", "org", "orgs",
	"workspace", "run_phase", "apply", "plan", "pipeline", "arn", "aws", "iam", "sts", "assumed-role", "role", "spiffe", "http", "https",
	"urn", "namespace", "ns", "sa",
	"default", "true", "false", "none", "null", "anonymous", "com", "org", "net", "io", "dev", "gmail", "googlemail", "github", "gitlab",
	"refs", "id", "sub", "subject",
	"push", "workflow_dispatch", "schedule", "public", "private", "internal", "github-hosted", "self-hosted",
}

// saysWho reports whether a text contains a word that identifies somebody.
func saysWho(text string) bool {
	words := strings.FieldsFunc(strings.ToLower(text), func(c rune) bool { return strings.ContainsRune(":/@.|,; ", c) })
	return slices.ContainsFunc(words, func(word string) bool {
		return !slices.Contains(general, word) && strings.ContainsAny(word, "abcdefghijklmnopqrstuvwxyz0123456789")
	})
}

// boundedWho reports whether a prefix identifies somebody with all its continuations. acme/ does; acme is also the beginning of acme-evil.
func boundedWho(prefix string) bool {
	end := strings.LastIndexAny(prefix, ":/|,;")
	return end > 0 && saysWho(prefix[:end])
}

// ownDomain reports whether a suffix is the end of addresses in somebody's own domain.
func ownDomain(suffix string) bool { return strings.HasPrefix(suffix, "@") && saysWho(suffix) }

// meaning returns a function that maps an attribute to the claim it is copied from. attribute.x of a mapping from assertion.x
// means assertion.x.
func meaning(r *crossguard.Resource) func(selector string) string {
	return func(name string) string {
		if strings.HasPrefix(name, "assertion.") {
			return name
		}
		if !strings.HasPrefix(name, "attribute.") && !strings.HasPrefix(name, "google.") {
			return ""
		}
		e, err := parseCEL(r.StringOr(`attributeMapping["`+name+`"]`, ""))
		if err != nil || !strings.HasPrefix(selector(e), "assertion.") {
			return ""
		}
		return selector(e)
	}
}
