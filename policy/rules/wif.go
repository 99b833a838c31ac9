package rules

import (
	"regexp/syntax"
	"slices"
	"strings"

	"cel.dev/cel-go/common/ast"

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

// matchesOnly reports whether a part is CLAIM.matches(PATTERN) with a pattern that matches only accepted texts.
func matchesOnly(e ast.Expr, asked func(ast.Expr) bool, accepted func(string) bool) bool {
	re, is := patternOf(e, asked)
	return is && re.Op == syntax.OpConcat && len(re.Sub) > 2 && re.Sub[0].Op == syntax.OpBeginText &&
		re.Sub[len(re.Sub)-1].Op == syntax.OpEndText &&
		!slices.ContainsFunc(re.Sub[1:len(re.Sub)-1], func(part *syntax.Regexp) bool { return !onlyLiterals(part, accepted) })
}

// onlyLiterals reports whether a pattern matches only a list of texts that are all accepted.
func onlyLiterals(re *syntax.Regexp, accepted func(string) bool) bool {
	switch re.Op {
	case syntax.OpLiteral:
		return re.Flags&syntax.FoldCase == 0 && accepted(string(re.Rune))
	case syntax.OpCapture:
		return onlyLiterals(re.Sub[0], accepted)
	case syntax.OpAlternate:
		return !slices.ContainsFunc(re.Sub, func(one *syntax.Regexp) bool { return !onlyLiterals(one, accepted) })
	case syntax.OpCharClass: // (1|2) is parsed as [1-2]
		return !slices.ContainsFunc(re.Rune, func(c rune) bool { return !accepted(string(c)) })
	}
	return false
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
// nearly everybody and does not count.
func asks(condition string) bool {
	e, err := parseCEL(condition)
	return err == nil && always(e, true, asksWho)
}

func asksWho(e ast.Expr, holds bool) bool {
	value := func(e ast.Expr) bool {
		s, _ := stringLiteral(e)
		return saysWho(s) || isNumberLiteral(e)
	}
	if compares(e, holds, identifies, value) {
		return true
	}
	if !holds {
		return false
	}
	if call := e.AsCall(); call.FunctionName() == "@in" || call.FunctionName() == "_in_" { // 'admins' in assertion.groups
		return value(call.Args()[0]) && identifies(call.Args()[1]) && selector(call.Args()[1]) != ""
	}
	if who, prefix, is := method(e, "startsWith"); is {
		return identifies(who) && value(prefix)
	}
	// An ending counts only for domains, which have an owner: anybody can choose a name with any other ending.
	if who, suffix, is := method(e, "endsWith"); is {
		domain, _ := stringLiteral(suffix)
		return identifies(who) && ownDomain(domain)
	}
	re, is := patternOf(e, identifies)
	return is && patternSaysWho(re)
}

// identifies reports whether an expression is a claim, or is made of claims and at least one of them identifies
// somebody.
func identifies(e ast.Expr) bool {
	e = unconverted(e)
	if e.Kind() == ast.CallKind {
		// A function that counts or converts loses information, so its result does not identify anybody.
		if name := e.AsCall().FunctionName(); slices.Contains([]string{"size", "int", "uint", "double", "timestamp", "bool", "type",
			"duration"}, name) {
			return false
		}
		if e.AsCall().FunctionName() == "_?_:_" || strings.HasPrefix(e.AsCall().FunctionName(), "_=") {
			return false
		}
	}
	if e.Kind() == ast.ListKind || e.Kind() == ast.MapKind {
		return false
	}
	return slices.ContainsFunc(claimsOf(e), func(claim string) bool {
		_, name, _ := strings.Cut(claim, ".")
		return !slices.Contains(claimsOfAnybody, name)
	})
}

// claimsOfAnybody lists claims that every token of an issuer has, and claims that name the running code rather than its owner.
var claimsOfAnybody = []string{
	"iss", "aud", "exp", "iat", "nbf", "jti", "typ", "alg", "kid", "nonce", "at_hash", "auth_time", "acr", "amr", "email_verified", "ver",
	"ref", "ref_type", "ref_path", "ref_protected", "head_ref", "base_ref", "sha", "environment", "environment_protected",
	"deployment_tier", "environment_action",
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

// ownDomain reports whether a suffix is the end of addresses in somebody's own domain.
func ownDomain(suffix string) bool { return strings.HasPrefix(suffix, "@") && saysWho(suffix) }

// patternSaysWho reports whether a pattern identifies somebody in each alternative. It has to match an identifying word at the
// beginning of the text, or somebody's domain at its end. Anybody may control the rest of the text.
func patternSaysWho(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpCapture:
		return patternSaysWho(re.Sub[0])
	case syntax.OpAlternate:
		return !slices.ContainsFunc(re.Sub, func(one *syntax.Regexp) bool { return !patternSaysWho(one) })
	case syntax.OpConcat:
	default:
		return false
	}
	last := len(re.Sub) - 1
	if re.Sub[0].Op == syntax.OpBeginText && beginsWith(re.Sub[1:], saysWho) {
		return true
	}
	return re.Sub[last].Op == syntax.OpEndText && re.Sub[last-1].Op == syntax.OpLiteral && ownDomain(string(re.Sub[last-1].Rune))
}

// beginsWith reports whether the first part of a pattern is an accepted text, in each alternative.
func beginsWith(parts []*syntax.Regexp, accepted func(string) bool) bool {
	switch first := parts[0]; first.Op {
	case syntax.OpLiteral:
		return accepted(string(first.Rune))
	case syntax.OpCapture:
		return beginsWith(first.Sub, accepted)
	case syntax.OpConcat:
		return beginsWith(first.Sub, accepted)
	case syntax.OpAlternate:
		return !slices.ContainsFunc(first.Sub, func(one *syntax.Regexp) bool { return !beginsWith([]*syntax.Regexp{one}, accepted) })
	}
	return false
}

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
