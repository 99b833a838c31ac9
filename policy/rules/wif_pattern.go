package rules

import (
	"regexp/syntax"
	"slices"

	"cel.dev/cel-go/common/ast"
)

// matchesOnly reports whether a part is CLAIM.matches(PATTERN) with a pattern that matches only accepted texts.
func matchesOnly(e ast.Expr, asked func(ast.Expr) bool, accepted func(string) bool) bool {
	re, is := patternOf(e, asked)
	return is && beginnings(re, func(text string, whole bool) bool { return whole && accepted(text) })
}

// patternSaysWho reports whether a pattern identifies somebody in each alternative. It has to match an identifying word at the
// beginning of the text, or somebody's domain at its end. Anybody may control the rest of the text.
func patternSaysWho(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpCapture:
		return patternSaysWho(re.Sub[0])
	case syntax.OpAlternate:
		return !slices.ContainsFunc(re.Sub, func(one *syntax.Regexp) bool { return !patternSaysWho(one) })
	case syntax.OpConcat:
		last := len(re.Sub) - 1
		if re.Sub[last].Op == syntax.OpEndText && re.Sub[last-1].Op == syntax.OpLiteral && ownDomain(string(re.Sub[last-1].Rune)) {
			return true
		}
	}
	return beginnings(re, func(text string, whole bool) bool { return whole && saysWho(text) || boundedWho(text) })
}

// These bound what beginnings lists. A class such as [0-9] stands for numbers that nobody has looked at; (1|2) is parsed as [1-2].
const (
	mostInClass    = 9
	mostBeginnings = 1000
)

// beginnings reports whether a pattern matches only texts with accepted beginnings. It calls accepted for each text that its fixed
// first parts can match; whole says that the pattern matches just this text.
func beginnings(re *syntax.Regexp, accepted func(text string, whole bool) bool) bool {
	left := mostBeginnings
	var walk func(parts []*syntax.Regexp, text string, begun bool) bool
	walk = func(parts []*syntax.Regexp, text string, begun bool) bool {
		if left--; left < 0 {
			return false
		}
		if len(parts) == 0 {
			return begun && accepted(text, false)
		}
		first, rest := parts[0], parts[1:]
		with := func(more ...*syntax.Regexp) []*syntax.Regexp { return slices.Concat(more, rest) }
		switch {
		case first.Op == syntax.OpCapture || first.Op == syntax.OpConcat:
			return walk(with(first.Sub...), text, begun)
		case first.Op == syntax.OpAlternate:
			return !slices.ContainsFunc(first.Sub, func(one *syntax.Regexp) bool { return !walk(with(one), text, begun) })
		case first.Op == syntax.OpEmptyMatch:
			return walk(rest, text, begun)
		case !begun:
			return first.Op == syntax.OpBeginText && walk(rest, text, true)
		case first.Op == syntax.OpLiteral:
			return walk(rest, text+string(first.Rune), true)
		case first.Op == syntax.OpCharClass && size(first.Rune) <= mostInClass:
			for i := 0; i < len(first.Rune); i += 2 {
				for c := first.Rune[i]; c <= first.Rune[i+1]; c++ {
					if !walk(rest, text+string(c), true) {
						return false
					}
				}
			}
			return true
		}
		return accepted(text, first.Op == syntax.OpEndText)
	}
	return walk([]*syntax.Regexp{re}, "", false)
}

// size returns how many characters are in a class, which lists the first and last of each range.
func size(ranges []rune) (n int) {
	for i := 0; i < len(ranges); i += 2 {
		n += int(ranges[i+1]-ranges[i]) + 1
	}
	return n
}
