package rules

import (
	"regexp"
	"slices"
	"strings"
)

// Conditions of workload identity federation are written in CEL. These functions understand enough of it to say what a
// condition guarantees, and take what they do not understand for no guarantee.

// conjuncts splits a condition into the parts that all have to hold. A condition whose outermost operator is another one
// (||, ?:) guarantees none of its parts, and one that split does not understand guarantees nothing.
func conjuncts(condition string) []string {
	condition = unwrapParens(condition)
	if len(split(condition, "||")) != 1 || len(split(condition, "?")) != 1 {
		return nil
	}
	parts := split(condition, "&&")
	if len(parts) == 1 {
		return []string{condition}
	}
	var all []string
	for _, part := range parts {
		all = append(all, conjuncts(part)...)
	}
	return all
}

// split cuts a condition at an operator that stands outside of brackets and literals. It is nil where these are not
// balanced, and where there is a comment: what follows it is no part of the condition.
func split(condition, operator string) []string {
	var parts []string
	depth, start := 0, 0
	for i := 0; i < len(condition); i++ {
		rest := condition[i:]
		switch c := condition[i]; {
		case c == '\'' || c == '"':
			end := quoted(condition, i)
			if end == 0 {
				return nil
			}
			i += end - 1
		case strings.HasPrefix(rest, "//"):
			return nil
		case strings.IndexByte("([{", c) >= 0:
			depth++
		case strings.IndexByte(")]}", c) >= 0:
			depth--
			if depth < 0 {
				return nil
			}
		case depth == 0 && strings.HasPrefix(rest, operator):
			parts = append(parts, condition[start:i])
			i += len(operator) - 1
			start = i + 1
		}
	}
	if depth != 0 {
		return nil
	}
	return append(parts, condition[start:])
}

// quoted is the length of the string literal that begins at a place in s. It is 0 where the literal has no end, and for raw
// strings, bytes and triple quotes, which end otherwise.
func quoted(s string, at int) int {
	mark := s[at : at+1]
	if at > 0 && strings.IndexByte("rRbB", s[at-1]) >= 0 || strings.HasPrefix(s[at:], mark+mark+mark) {
		return 0
	}
	for i := at + 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case s[at]:
			return i + 1 - at
		}
	}
	return 0
}

// unwrapParens takes off spaces and brackets around the whole of s.
func unwrapParens(s string) string {
	for s = strings.TrimSpace(s); strings.HasPrefix(s, "(") && strings.HasSuffix(s, ")"); {
		depth := 0
		for i := 0; i < len(s); i++ {
			switch s[i] {
			case '\'', '"':
				end := quoted(s, i)
				if end == 0 {
					return s
				}
				i += end - 1
			case '(':
				depth++
			case ')':
				depth--
			}
			if depth == 0 && i < len(s)-1 {
				return s
			}
		}
		s = strings.TrimSpace(s[1 : len(s)-1])
	}
	return s
}

// guarantees reports whether a condition holds only for numbers given for a claim such as assertion.repository_id:
// CLAIM == '123', either way round, or CLAIM in ['123', '456'].
func guarantees(condition, claim string) bool {
	const digits = `(?:'[0-9]+'|"[0-9]+")`
	name := regexp.QuoteMeta(claim)
	form := regexp.MustCompile(`^(?:` + name + `\s*==\s*` + digits + `|` + digits + `\s*==\s*` + name +
		`|` + name + `\s+in\s+\[\s*` + digits + `(?:\s*,\s*` + digits + `)*\s*\])$`)
	return slices.ContainsFunc(conjuncts(condition), form.MatchString)
}

var (
	claims   = regexp.MustCompile(`\b(?:assertion|attribute|google)\s*[.\[]`)
	literals = regexp.MustCompile(`'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"`)
	numbers  = regexp.MustCompile(`(?:^|[^\w.])[0-9]`)
)

// asks reports whether a condition compares a claim of the token with something in each of its alternatives. That it is not
// something, or is there at all, is true of nearly everybody.
func asks(condition string) bool {
	condition = unwrapParens(condition)
	alternatives := split(condition, "||")
	switch {
	case len(split(condition, "?")) != 1:
		return false
	case len(alternatives) > 1:
		return !slices.ContainsFunc(alternatives, func(one string) bool { return !asks(one) })
	}
	if parts := split(condition, "&&"); len(parts) > 1 {
		return slices.ContainsFunc(parts, asks)
	}
	code := literals.ReplaceAllString(condition, " ")
	if !claims.MatchString(code) || strings.Contains(code, "!") {
		return false
	}
	return numbers.MatchString(code) || slices.ContainsFunc(literals.FindAllString(condition, -1), func(literal string) bool {
		return strings.Trim(literal, `'".*+?^$()/ `) != "" // as a pattern too, it must say something
	})
}
