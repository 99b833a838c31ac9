package crossguard

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// exemptionsOption is the setting that every policy has besides its own.
const exemptionsOption = "exemptions"

// Exemption lets one policy pass on some resources, with a reason, until a day. It is configured with the policy:
//
//	{"run-max-instances": {"exemptions": [
//	    {"resource": "batch-*", "reason": "load test, agreed with the budget's owner", "expires": "2027-01-31"}]}}
//
// What it covers is reported as not applicable, with the reason. After its last day it covers nothing and is a violation
// itself, and so is one that covers nothing because no such resource exists or none violates the policy any more.
type Exemption struct {
	// Resource is a URN, or a resource's name, in which * stands for any characters. "*" alone is refused: lower the
	// policy's level instead, where everybody sees it. What is wrong with a stack as a whole is the stack's own resource's.
	Resource string
	// Reason is why, for the people who read reports. Required.
	Reason string
	// Expires is the last day the exemption holds, in UTC. Required.
	Expires time.Time
}

// expired reports whether the exemption's last day is over.
func (e Exemption) expired(now time.Time) bool { return !now.Before(e.Expires.AddDate(0, 0, 1)) }

func (e Exemption) matches(urn, name string) bool {
	if strings.HasPrefix(e.Resource, "urn:") {
		return Wildcard(e.Resource, urn)
	}
	return Wildcard(e.Resource, name)
}

func (e Exemption) notApplicable() string {
	return fmt.Sprintf("exempt until %s: %s", e.Expires.Format(time.DateOnly), e.Reason)
}

// Wildcard reports whether pattern matches the whole of s, with * for any characters. Exemptions use it; so may rules.
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

// namesResource reports whether a pattern of URNs says something of the name, which is the fourth and last part of a URN. One
// that leaves out parts and ends with * may have ended within another.
func namesResource(pattern string) bool {
	parts := strings.Split(pattern, "::")
	last := parts[len(parts)-1]
	return len(parts) > 1 && strings.Trim(last, "*") != "" && (len(parts) > 3 || !strings.HasSuffix(last, "*"))
}

// exemptionsSchema is the JSON schema of the setting.
func exemptionsSchema() map[string]any {
	text := func(description string) map[string]any {
		return map[string]any{"type": "string", "description": description, "minLength": 1.0}
	}
	return map[string]any{
		"type":        "array",
		"description": "Resources the policy does not hold for. One that is expired or not needed is a violation.",
		"items": map[string]any{
			"type":                 "object",
			"required":             []any{"resource", "reason", "expires"},
			"additionalProperties": false,
			"properties": map[string]any{
				"resource": text("URN or resource name; * stands for any characters"),
				"reason":   text("why, for the people who read reports"),
				"expires":  text("last day it holds, YYYY-MM-DD in UTC"),
			},
		},
	}
}

func parseExemptions(v any) ([]Exemption, error) {
	list, ok := v.([]any)
	if !ok {
		return nil, fmt.Errorf("must be a list of {resource, reason, expires}, not %v", v)
	}
	var all []Exemption
	var problems []error
	for i, element := range list {
		e, err := parseExemption(element)
		if err != nil {
			problems = append(problems, fmt.Errorf("[%d]: %w", i, err))
			continue
		}
		all = append(all, e)
	}
	return all, errors.Join(problems...)
}

func parseExemption(v any) (Exemption, error) {
	given, ok := v.(map[string]any)
	if !ok {
		return Exemption{}, fmt.Errorf("must be {resource, reason, expires}, not %v", v)
	}
	texts := map[string]string{}
	for key, val := range given {
		s, isString := val.(string)
		switch key {
		case "resource", "reason", "expires":
		default:
			return Exemption{}, fmt.Errorf("unknown key %q: use resource, reason and expires", key)
		}
		if !isString {
			return Exemption{}, fmt.Errorf("%s must be a string, not %v", key, val)
		}
		texts[key] = strings.TrimSpace(s)
	}
	e := Exemption{Resource: texts["resource"], Reason: texts["reason"]}
	switch {
	case e.Resource == "" || e.Reason == "":
		return Exemption{}, fmt.Errorf("needs a resource (URN or name pattern) and a reason")
	case strings.Trim(e.Resource, "*") == "":
		return Exemption{}, fmt.Errorf("exempts every resource: set the policy's enforcement level instead")
	case strings.HasPrefix(e.Resource, "urn:") && !namesResource(e.Resource):
		return Exemption{}, fmt.Errorf("names no resource: end the URN with ::NAME, or set the policy's enforcement level instead")
	}
	expires, err := time.Parse(time.DateOnly, texts["expires"])
	if err != nil {
		return Exemption{}, fmt.Errorf("expires %q is not a date: write YYYY-MM-DD", texts["expires"])
	}
	e.Expires = expires
	return e, nil
}
