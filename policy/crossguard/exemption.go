package crossguard

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
)

// exemptionsOption is a setting that every policy has in addition to its own options.
const exemptionsOption = "exemptions"

// exemption lets some resources violate one policy until a day. The package comment explains it to users.
type exemption struct {
	resource string // a URN or a name, with *
	reason   string
	expires  time.Time // last day on which it holds, in UTC; the zero time means no end
	// exception marks Pulumi's form (exception.go). A list of exceptions may serve several stacks.
	exception bool
}

// expired reports whether the exemption's last day is over.
func (e exemption) expired(now time.Time) bool {
	return !e.expires.IsZero() && !now.Before(e.expires.AddDate(0, 0, 1))
}

func (e exemption) matches(urn, name string) bool {
	if strings.HasPrefix(e.resource, "urn:") {
		return Wildcard(e.resource, urn)
	}
	return Wildcard(e.resource, name)
}

func (e exemption) notApplicable() string {
	if e.expires.IsZero() {
		return "exempt: " + e.reason
	}
	return fmt.Sprintf("exempt until %s: %s", e.expires.Format(time.DateOnly), e.reason)
}

// Wildcard reports whether pattern matches all of s; * stands for any characters. Exemptions use it, and rules may.
func Wildcard(pattern, s string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == s
	}
	first, last := parts[0], parts[len(parts)-1]
	if !strings.HasPrefix(s, first) || len(s) < len(first)+len(last) || !strings.HasSuffix(s, last) {
		return false
	}
	s = s[len(first) : len(s)-len(last)]
	for _, part := range parts[1 : len(parts)-1] {
		_, after, found := strings.Cut(s, part)
		if !found {
			return false
		}
		s = after
	}
	return true
}

// namesResource reports whether a URN pattern restricts the resource's name, which is the fourth and last part of a URN. A
// pattern with fewer parts that ends with * does not: the * may stand for the rest of the type and every name.
func namesResource(pattern string) bool {
	parts := strings.Split(pattern, "::")
	last := parts[len(parts)-1]
	return len(parts) > 1 && strings.Trim(last, "*") != "" && (len(parts) > 3 || !strings.HasSuffix(last, "*"))
}

// leastLetters is how many letters and digits in a row a pattern needs before it says anything about a name.
const leastLetters = 3

// saysEnough reports whether a pattern is specific: it must not match nearly every name. A whole name without * is always
// specific.
func saysEnough(pattern string) bool {
	name := pattern
	if strings.HasPrefix(pattern, "urn:") {
		name = pattern[strings.LastIndex(pattern, "::")+len("::"):]
	}
	if !strings.Contains(name, "*") {
		return true
	}
	return slices.ContainsFunc(strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }),
		func(word string) bool { return len(word) >= leastLetters })
}

// latest returns the last day that an exemption may name. The zero time means any day.
func (p *Pack) latest() time.Time {
	if p.LongestExemption == 0 || p.Clock == nil {
		return time.Time{}
	}
	return p.Clock().Add(p.LongestExemption)
}

// exemptionsSchema returns the JSON schema of the exemptions setting.
func exemptionsSchema() map[string]any {
	text := func(description string) map[string]any {
		return map[string]any{"type": "string", "description": description, "minLength": 1.0}
	}
	return map[string]any{
		"type":        "array",
		"description": "Resources the policy does not hold for. One that is expired or not needed is a violation.",
		"items": map[string]any{"anyOf": []any{map[string]any{
			"type":                 "object",
			"required":             []any{"resource", "reason", "expires"},
			"additionalProperties": false,
			"properties": map[string]any{
				"resource": text("URN or resource name; * stands for any characters"),
				"reason":   text("why, for the people who read reports"),
				"expires":  text("last day it holds, YYYY-MM-DD in UTC"),
			},
		}, map[string]any{
			"type": "object", "required": []any{"reason", "match"}, "description": "as Pulumi writes policy exceptions",
		}}},
	}
}

func parseExemptions(policy string, v any, latest time.Time) ([]exemption, error) {
	list, ok := v.([]any)
	if !ok {
		return nil, fmt.Errorf("must be a list of {resource, reason, expires}, not %v", v)
	}
	var all []exemption
	var problems []error
	for i, element := range list {
		if isException(element) {
			exempt, err := parseExceptionOf(policy, element, latest)
			if err != nil {
				problems = append(problems, fmt.Errorf("[%d]: %w", i, err))
			}
			all = append(all, exempt...)
			continue
		}
		e, err := parseExemption(element, latest)
		if err != nil {
			problems = append(problems, fmt.Errorf("[%d]: %w", i, err))
		}
		all = append(all, e)
	}
	return all, errors.Join(problems...)
}

func parseExemption(v any, latest time.Time) (exemption, error) {
	given, ok := v.(map[string]any)
	if !ok {
		return exemption{}, fmt.Errorf("must be {resource, reason, expires}, not %v", v)
	}
	texts := map[string]string{}
	for _, key := range sortedKeys(given) {
		s, isString := given[key].(string)
		switch key {
		case "resource", "reason", "expires":
		default:
			return exemption{}, fmt.Errorf("unknown key %q: use resource, reason and expires", key)
		}
		if !isString {
			return exemption{}, fmt.Errorf("%s must be a string, not %v", key, given[key])
		}
		texts[key] = strings.TrimSpace(s)
	}
	e := exemption{resource: texts["resource"], reason: texts["reason"]}
	switch {
	case e.resource == "" || e.reason == "":
		return exemption{}, fmt.Errorf("needs a resource (URN or name pattern) and a reason")
	case strings.Trim(e.resource, "*") == "":
		return exemption{}, fmt.Errorf("exempts every resource: set the policy's enforcement level instead")
	case strings.HasPrefix(e.resource, "urn:") && !namesResource(e.resource):
		return exemption{}, fmt.Errorf("names no resource: end the URN with ::NAME, or set the policy's enforcement level instead")
	case !saysEnough(e.resource):
		return exemption{}, fmt.Errorf("resource %q fits nearly every name: write %d letters of the name in a row, or the whole name",
			e.resource, leastLetters)
	}
	expires, err := time.Parse(time.DateOnly, texts["expires"])
	if err != nil {
		return exemption{}, fmt.Errorf("expires %q is not a date: write YYYY-MM-DD", texts["expires"])
	}
	e.expires = expires
	return e, tooFar(expires, latest)
}

// tooFar returns an error if an exemption's last day is after the latest day allowed.
func tooFar(expires, latest time.Time) error {
	if latest.IsZero() || !expires.After(latest) {
		return nil
	}
	return fmt.Errorf("expires %s is too far away: choose %s at the latest, and renew the exemption then",
		expires.Format(time.DateOnly), latest.Format(time.DateOnly))
}
