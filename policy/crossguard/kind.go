package crossguard

import "slices"

// Kind is a set of resource types that are recognized by their tokens, so that nobody has to list them. An example is every IAM
// grant, including the grants of services that do not exist yet.
type Kind struct {
	// Name describes the types in the plural, for messages: "IAM grants". Required.
	Name string
	// Has reports whether a type token belongs to the kind. It is called once for each type of a stack. Required.
	Has func(typeToken string) bool
}

// appliesTo reports whether the policy looks at resources of a type.
func (p *Policy) appliesTo(resourceType string) bool {
	if len(p.Types) == 0 && p.Kind.Has == nil {
		return true
	}
	return slices.Contains(p.Types, resourceType) || p.Kind.Has != nil && p.Kind.Has(resourceType)
}

// canonical returns the token that the pack's policies use for a type.
func (p *Pack) canonical(resourceType string) string {
	if p.Canonical == nil {
		return resourceType
	}
	return p.Canonical(resourceType)
}

// EachOf calls do for every resource of a kind, as [Stack.Each] does for types.
func (s *Stack) EachOf(kind Kind, do func(*Resource)) {
	for _, t := range s.all.types() {
		if kind.Has(t) {
			s.Each([]string{t}, do)
		}
	}
}

// types returns the types of the stack's resources, in the order of their first occurrence.
func (inv *inventory) types() []string {
	var all []string
	for i, h := range inv.resources {
		if inv.byType[h.typ][0] == i {
			all = append(all, h.typ)
		}
	}
	return all
}

// mayNotDisable reports whether configuration that disables the policy is a violation.
func (p *Pack) mayNotDisable(policy *Policy) bool {
	return p.Floor != SeverityUnset && policy.Severity >= p.Floor && p.levelOf(policy) != Advisory && p.levelOf(policy) != Disabled
}

const mayNotDisable = "is switched off in the configuration: exempt the resources that need it, each with a reason and a day, or " +
	"set the level to advisory, which still reports what it finds"
