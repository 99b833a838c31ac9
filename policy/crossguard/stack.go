package crossguard

import (
	"fmt"
	"slices"
	"sync"
)

// Stack is the stack as a stack policy sees it: all resources with their outputs, after a preview or an update.
type Stack struct {
	// Config is the policy's configuration.
	Config Config
	// Deployment describes the stack and the operation.
	Deployment *Deployment

	all *inventory
	run *run
}

// inventory holds the resources of one AnalyzeStack request. All policies share it.
type inventory struct {
	resources []header
	byType    map[string][]int
	byURN     func() map[string]int
	blind     bool // see value.blind
}

// stackResources is the field number of AnalyzeStackRequest.resources.
const stackResources = 1

// parseInventory reads a request. It leaves out resources that are being deleted, and gives each resource the type that the
// pack's policies know.
func parseInventory(message string, pack *Pack, deleted func(header) bool) *inventory {
	inv := &inventory{byType: map[string][]int{}}
	count := 0
	for range fields(message) {
		count++
	}
	inv.resources = make([]header, 0, count)
	for f := range fields(message) {
		if f.number != stackResources || f.wire != wireBytes {
			continue
		}
		h := parseHeader(f.bytes)
		if deleted(h) {
			continue
		}
		h.typ = pack.canonical(h.typ)
		inv.byType[h.typ] = append(inv.byType[h.typ], len(inv.resources))
		inv.resources = append(inv.resources, h)
	}
	inv.byURN = sync.OnceValue(func() map[string]int {
		index := make(map[string]int, len(inv.resources))
		for i, h := range inv.resources {
			index[h.urn] = i
		}
		return index
	})
	return inv
}

// Each calls do for every resource of the given types, or for all resources if no type is given. An unknown value, or one of a
// wrong type, ends do for that resource only.
func (s *Stack) Each(types []string, do func(*Resource)) {
	if len(types) == 0 {
		for _, h := range s.all.resources {
			s.visit(h, do)
		}
		return
	}
	s.named(types)
	for _, t := range types {
		for _, i := range s.all.byType[t] {
			s.visit(s.all.resources[i], do)
		}
	}
}

func (s *Stack) visit(h header, do func(*Resource)) {
	s.run.isolate(func() { do(s.resource(h)) })
}

// Count returns the number of resources of the given types.
func (s *Stack) Count(types ...string) int {
	s.named(types)
	n := 0
	for _, t := range types {
		n += len(s.all.byType[t])
	}
	return n
}

// named tells a test which types a policy asks for.
func (s *Stack) named(types []string) {
	if s.run.watch != nil {
		for _, t := range types {
			s.run.watch(t, "")
		}
	}
}

// Lookup finds a resource by its URN.
func (s *Stack) Lookup(urn string) (*Resource, bool) {
	i, found := s.all.byURN()[urn]
	if !found {
		return nil, false
	}
	return s.resource(s.all.resources[i]), true
}

// Violation reports a violation of the stack as a whole. Report a violation that one resource causes on that resource.
func (s *Stack) Violation(format string, args ...any) {
	s.run.report(SeverityUnset, "", format, args...)
}

// ViolationOf is like Violation, with its own severity.
func (s *Stack) ViolationOf(severity Severity, format string, args ...any) {
	s.run.report(severity, "", format, args...)
}

// Undecided reports whether the policy has met an unknown value in any resource. A rule that looks for one good resource asks it
// after Each, before it reports that no resource is good: an undecided one may be.
func (s *Stack) Undecided() bool { return len(s.run.unknown) > 0 }

// NotApplicable ends the policy. It reports that the policy does not concern this stack, and why.
func (s *Stack) NotApplicable(format string, args ...any) {
	s.run.endNotApplicable(fmt.Sprintf(format, args...))
}

func (s *Stack) lookupAll(urns []string) []*Resource {
	var found []*Resource
	for _, urn := range urns {
		if r, ok := s.Lookup(urn); ok {
			found = append(found, r)
		}
	}
	return found
}

func (s *Stack) resource(h header) *Resource {
	r := newResource(h, s.run.outcome)
	r.run.watch = s.run.watch
	r.value.blind = s.all.blind
	r.Config, r.Deployment, r.stack = s.Config, s.Deployment, s
	return r
}

func newResource(h header, o *outcome) *Resource {
	return &Resource{
		Object: Object{value: h.object(), run: &run{outcome: o, urn: h.urn, typ: h.typ}},
		URN:    h.urn, Type: h.typ, Name: h.name, message: h.message,
	}
}

// hasAny reports whether the stack has a resource that the policy applies to.
func (inv *inventory) hasAny(p *Policy) bool {
	if p.Kind.Has != nil && slices.ContainsFunc(inv.types(), p.Kind.Has) {
		return true
	}
	return len(p.Types) == 0 && p.Kind.Has == nil || slices.ContainsFunc(p.Types, func(t string) bool { return len(inv.byType[t]) > 0 })
}
