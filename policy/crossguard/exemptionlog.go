package crossguard

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// exemptionLog records, from Analyze to AnalyzeStack, which exemptions of an operation covered something.
type exemptionLog struct {
	mu sync.Mutex
	// needed holds each exemption that covered a violation. It also holds exemptions of policies that could not be decided.
	needed map[exemptionKey]bool
	// analyzed holds the resources that a policy with exemptions has checked.
	analyzed map[string]bool
}

type exemptionKey struct{ policy, index int }

func (l *exemptionLog) saw(urn string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.analyzed == nil {
		l.analyzed = map[string]bool{}
	}
	l.analyzed[urn] = true
}

func (l *exemptionLog) need(key exemptionKey) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.needed == nil {
		l.needed = map[exemptionKey]bool{}
	}
	l.needed[key] = true
}

// exempt takes the violations that the policy's exemptions cover out of an outcome and makes them reasons why the policy does not
// apply. A violation under an expired exemption stays, and its message says that the exemption has expired. who returns the URN
// and name of the resource that a finding is about.
func (s *session) exempt(
	policy int, o *outcome, who func(finding) (urn, name string), clock func() time.Time,
) (reasons []string) {
	exemptions := s.settings[policy].exemptions
	if len(exemptions) == 0 {
		return nil
	}
	now := clock()
	var left []finding
	for _, v := range o.violations {
		covered := false
		urn, name := who(v)
		for i, e := range exemptions {
			switch {
			case !e.matches(urn, name):
			case e.expired(now):
				v.text += fmt.Sprintf(" (was exempt until %s: %s)", e.expires.Format(time.DateOnly), e.reason)
			default:
				covered = true
				s.exemptions.need(exemptionKey{policy, i})
				if reason := e.notApplicable(); !slices.Contains(reasons, reason) {
					reasons = append(reasons, reason)
				}
			}
		}
		if !covered {
			left = append(left, v)
		}
	}
	o.violations = left
	return reasons
}

// undecided marks a resource's exemptions as needed, because the policy could not be decided for the resource.
func (s *session) undecided(policy int, urn, name string) {
	for i, e := range s.settings[policy].exemptions {
		if e.matches(urn, name) {
			s.exemptions.need(exemptionKey{policy, i})
		}
	}
}

// staleExemptions returns a violation for each exemption of a policy that has expired or that no resource needs. An exemption is
// not judged if a resource that it covers was not analyzed, as in a targeted update.
func (s *session) staleExemptions(policy int, forStack bool, inv *inventory, now time.Time) []finding {
	var stale []finding
	s.exemptions.mu.Lock()
	defer s.exemptions.mu.Unlock()
	for i, e := range s.settings[policy].exemptions {
		if e.expired(now) {
			stale = append(stale, finding{text: fmt.Sprintf(
				"the exemption of %s expired on %s (%s): bring the resource in line, or agree on a new date",
				e.resource, e.expires.Format(time.DateOnly), e.reason)})
			continue
		}
		if s.exemptions.needed[exemptionKey{policy, i}] {
			continue
		}
		matched, skipped := false, false
		for _, h := range inv.resources {
			if e.matches(h.urn, h.name) {
				matched = true
				skipped = skipped || !forStack && !s.exemptions.analyzed[h.urn]
			}
		}
		switch {
		case !matched && e.exception: // an exception may be meant for another stack
		case !matched:
			stale = append(stale, finding{text: fmt.Sprintf("the exemption of %s (%s) matches no resource: write the name that the "+
				"program gives it, or remove the exemption", e.resource, e.reason)})
		case !skipped:
			stale = append(stale, finding{text: fmt.Sprintf(
				"the exemption of %s (%s) covers no violation: remove it", e.resource, e.reason)})
		}
	}
	return stale
}
