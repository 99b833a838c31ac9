package crossguard

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Pulumi has its own form of exemption since 3.274, as a preview. It is called a policy exception:
//
//	{"reason": "…", "match": [{"policies": ["run-max-instances"], "targets": ["urn:pulumi:dev::…"]}]}
//
// The pack reads exceptions as well as exemptions, so that one list serves both. An exception may stand in a policy's exemptions,
// or in the exceptions of "all" for several policies. Pulumi's form has no last day. This package accepts one in expires, or in
// expiresAt as Pulumi Cloud writes it. An exception without a last day holds and is reported every time. The engine version that
// this repository pins does not read exceptions itself.

// exceptionsOption is the setting under "all" that lists exceptions.
const exceptionsOption = "exceptions"

// exception is a parsed policy exception.
type exception struct {
	policies []string
	exempt   []exemption // one for each policy that it names
}

// isException reports whether v has Pulumi's form rather than this package's.
func isException(v any) bool {
	given, _ := v.(map[string]any)
	_, has := given["match"]
	return has
}

// parseException reads a policy exception. It returns one result for each of its matches.
func parseException(v any, latest time.Time) ([]exception, error) {
	given, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("must be {reason, match, expires}, not %v", v)
	}
	for _, key := range sortedKeys(given) {
		if !slices.Contains([]string{"reason", "match", "expires", "expiresAt"}, key) {
			return nil, fmt.Errorf("unknown key %q: use reason, match and expires", key)
		}
	}
	reason, _ := given["reason"].(string)
	if strings.TrimSpace(reason) == "" {
		return nil, fmt.Errorf("needs a reason: say in a sentence why the violation is accepted")
	}
	expires, err := lastDay(given, latest)
	if err != nil {
		return nil, err
	}
	matches, _ := given["match"].([]any)
	if len(matches) == 0 {
		return nil, fmt.Errorf("match must be a list of {policies, targets}, not %v", given["match"])
	}
	var all []exception
	for i, m := range matches {
		entry, _ := m.(map[string]any)
		policies, targets := names(entry["policies"]), names(entry["targets"])
		if len(policies) == 0 || len(targets) == 0 || len(entry) != 2 {
			return nil, fmt.Errorf("match[%d] must be {policies, targets}, each a list of names, not %v", i, m)
		}
		one := exception{policies: policies}
		for _, target := range targets {
			if !strings.HasPrefix(target, "urn:pulumi:") || strings.Contains(target, "*") {
				return nil, fmt.Errorf("match[%d]: target %q is not a URN: write the whole one, without *", i, target)
			}
			one.exempt = append(one.exempt, exemption{resource: target, reason: strings.TrimSpace(reason), expires: expires, exception: true})
		}
		all = append(all, one)
	}
	return all, nil
}

// parseExceptionOf reads a policy exception that stands in one policy's exemptions. It refuses an exception that names another
// policy.
func parseExceptionOf(policy string, v any, latest time.Time) ([]exemption, error) {
	parsed, err := parseException(v, latest)
	if err != nil {
		return nil, err
	}
	var all []exemption
	for i, one := range parsed {
		if !slices.Contains(one.policies, policy) {
			return nil, fmt.Errorf(`match[%d] is about %s: put it there, or into the %s of "all"`,
				i, strings.Join(one.policies, ", "), exceptionsOption)
		}
		all = append(all, one.exempt...)
	}
	return all, nil
}

// lastDay returns the last day of an exception, or the zero time if it has no end.
func lastDay(given map[string]any, latest time.Time) (time.Time, error) {
	key, layout := "expires", time.DateOnly
	_, has := given[key]
	if _, cloud := given["expiresAt"]; cloud && has {
		return time.Time{}, errors.New("expires and expiresAt both say the last day: remove one")
	} else if cloud {
		key, layout = "expiresAt", time.RFC3339
	} else if !has {
		return time.Time{}, nil
	}
	text, _ := given[key].(string)
	day, err := time.Parse(layout, text)
	if err != nil {
		return day, fmt.Errorf("%s %q is not as in %s", key, text, layout)
	}
	return day.UTC().Truncate(24 * time.Hour), tooFar(day, latest)
}

// names returns the strings of a list. It returns nil if v is not a list, or has an element that is not a string or is empty.
func names(v any) []string {
	list, _ := v.([]any)
	var all []string
	for _, element := range list {
		s, isString := element.(string)
		if !isString || strings.TrimSpace(s) == "" {
			return nil
		}
		all = append(all, s)
	}
	return all
}

// except adds the exceptions under "all" to the policies that they name.
func (s *session) except(pack *Pack, v any) error {
	list, ok := v.([]any)
	if !ok {
		return fmt.Errorf(`"all".%s must be a list of {reason, match}, not %v`, exceptionsOption, v)
	}
	var problems []error
	for i, element := range list {
		parsed, err := parseException(element, pack.latest())
		if err != nil {
			problems = append(problems, fmt.Errorf(`"all".%s[%d]: %w`, exceptionsOption, i, err))
		}
		for _, one := range parsed {
			for _, name := range one.policies {
				p := slices.IndexFunc(pack.Policies, func(p Policy) bool { return p.Name == name })
				if p < 0 {
					problems = append(problems, fmt.Errorf(`"all".%s[%d]: %w`, exceptionsOption, i, pack.lacks(name)))
					continue
				}
				s.settings[p].exemptions = append(s.settings[p].exemptions, one.exempt...)
			}
		}
	}
	return errors.Join(problems...)
}

// endless returns a finding for each exception of a policy that covered something and has no last day.
func (s *session) endless(policy int) []finding {
	var all []finding
	s.exemptions.mu.Lock()
	defer s.exemptions.mu.Unlock()
	for i, e := range s.settings[policy].exemptions {
		if e.expires.IsZero() && s.exemptions.needed[exemptionKey{policy, i}] {
			all = append(all, finding{text: fmt.Sprintf(
				"the exemption of %s (%s) has no last day, so that nobody looks at it again: add expires, as YYYY-MM-DD", e.resource, e.reason)})
		}
	}
	return all
}
