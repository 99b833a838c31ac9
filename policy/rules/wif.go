package rules

import (
	"regexp"
	"strings"
)

// Conditions of workload identity federation are written in CEL. These functions understand enough of it to say what a
// condition guarantees, and take what they do not understand for no guarantee.

// conjuncts splits a condition into the parts that all have to hold. A condition whose outermost operator is another one
// (||, ?:) guarantees none of its parts, and one with unbalanced quotes or brackets is not understood.
func conjuncts(condition string) []string {
	condition = unwrapParens(strings.TrimSpace(condition))
	var parts []string
	depth, start := 0, 0
	for i := 0; i < len(condition); i++ {
		switch c := condition[i]; c {
		case '\'', '"':
			end := quoted(condition[i:])
			if end == 0 {
				return nil
			}
			i += end - 1
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			depth--
		case '|', '?':
			if depth == 0 {
				return nil
			}
		case '&':
			if depth == 0 && strings.HasPrefix(condition[i:], "&&") {
				parts = append(parts, condition[start:i])
				i++
				start = i + 1
			}
		}
		if depth < 0 {
			return nil
		}
	}
	if depth != 0 {
		return nil
	}
	parts = append(parts, condition[start:])
	if len(parts) == 1 {
		return []string{strings.TrimSpace(condition)}
	}
	var all []string
	for _, part := range parts {
		all = append(all, conjuncts(part)...)
	}
	return all
}

// quoted is the length of the string literal that s begins with, 0 if it has no end.
func quoted(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case s[0]:
			return i + 1
		}
	}
	return 0
}

// unwrapParens takes off brackets around the whole of s.
func unwrapParens(s string) string {
	for strings.HasPrefix(s, "(") && strings.HasSuffix(s, ")") {
		depth := 0
		for i := 0; i < len(s); i++ {
			switch s[i] {
			case '\'', '"':
				if end := quoted(s[i:]); end > 0 {
					i += end - 1
				}
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

// guarantees reports whether a condition holds only for numbers given for a claim: assertion.CLAIM == '123', either way
// round, or assertion.CLAIM in ['123', '456'].
func guarantees(condition, claim string) bool {
	const digits = `(?:'[0-9]+'|"[0-9]+")`
	name := `(?:assertion|attribute)\.` + regexp.QuoteMeta(claim)
	form := regexp.MustCompile(`^(?:` + name + `\s*==\s*` + digits + `|` + digits + `\s*==\s*` + name +
		`|` + name + `\s+in\s+\[\s*` + digits + `(?:\s*,\s*` + digits + `)*\s*\])$`)
	for _, part := range conjuncts(condition) {
		if form.MatchString(part) {
			return true
		}
	}
	return false
}
